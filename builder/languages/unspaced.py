"""Scripts without blanks between words: Chinese, Japanese, Thai, Lao, Burmese, Khmer. Characters stand for words."""

import re

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Their letters, for a class of a regular expression."""

_LETTER = re.compile(f"[{UNSPACED}]")


def has_unspaced(text: str) -> bool:
    """Whether a text has a letter of these scripts."""
    return not text.isascii() and _LETTER.search(text) is not None


def part_unspaced(text: str) -> tuple[str, list[str]]:
    """Part a text into what is spaced, with blanks in the places of the rest, and the letters that are not.

    >>> part_unspaced("Tom有3个 apples")
    ('Tom 3  apples', ['有', '个'])
    """
    return _LETTER.sub(" ", text), _LETTER.findall(text)
