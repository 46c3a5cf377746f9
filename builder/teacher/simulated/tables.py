"""What the words of the simulated teacher are in one language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrases:
    """All words of an answer in one language. Fields are those of `phrases`."""

    openers: tuple[str, ...]
    """Beginnings of an answer."""
    first: tuple[str, ...]
    """Beginnings of the first step."""
    middle: tuple[str, ...]
    """Beginnings of a step between first and last."""
    last: tuple[str, ...]
    """Beginnings of the last step."""
    steps: Mapping[str, tuple[str, ...]]
    """Sentences for a step of each operation."""
    answers: tuple[str, ...]
    """The last sentence."""
    own_line: tuple[str, ...]
    """How those begin that stand on a line of their own."""
    closings: tuple[str, ...]
    """Endings of a text without an answer."""
    parrots: tuple[str, ...]
    """Answers that repeat the hint without any reasoning."""
    words: tuple[str, ...]
    """Alternatives of a word."""
    layouts: Mapping[str, str]
    """Layouts, each with what separates sentences."""
    number: str
    """The number before a step of a numbered layout."""
    full_stop: str
    """What ends a sentence."""
