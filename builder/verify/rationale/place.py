"""Where a fault stands in a text, and the words of a text."""

import re
from dataclasses import dataclass

from ...languages import UNSPACED

_WORD = re.compile(rf"[{UNSPACED}]|[^\W\d_{UNSPACED}]+|\d+(?:[.,]\d+)*")
_COMMAND = re.compile(r"\\[A-Za-z]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultPlace:
    """A fault of a text."""

    start: int
    """First character."""
    end: int
    """One past the last."""
    detail: str
    """What was found, for a person to read."""


def list_words(text: str) -> list[str]:
    r"""List the words of a text in small letters; where words are not spaced (Chinese, Japanese), its characters.

    >>> list_words("The sum is \\boxed{18}."), list_words("共3个")
    (['the', 'sum', 'is', '18'], ['共', '3', '个'])
    """
    return _WORD.findall((_COMMAND.sub(" ", text) if "\\" in text else text).casefold())
