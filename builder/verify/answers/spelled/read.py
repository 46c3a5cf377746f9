"""Read a number in words at the beginning of a text, whatever its language."""

import re
from dataclasses import dataclass
from fractions import Fraction

from ....languages import has_unspaced
from .chinese import CHARACTERS, read_chinese
from .english import read_english
from .european import list_numbers

_WORDS = re.compile(r"[^\W\d_]{1,40}(?:[ -]{1,2}[^\W\d_]{1,40}){0,30}")
_CHARACTERS = re.compile(rf"[负負第]?(?:百分之)?[{CHARACTERS}半点點分之又0-9.]{{1,40}}(?:[个個]半)?")
_DIGITS_FIRST = re.compile(r"[第负負]\d")
_PERCENT = "百分之"
_PREFIXED_UNITS = frozenset("克米瓦卡帕伏赫焦")
_MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Spelled:
    """A number in words at the beginning of a text."""

    value: Fraction
    """The number."""
    end: int
    """One past its last character."""
    percent: bool = False
    """Whether it is a percentage: 百分之五十."""


def read_spelled(text: str) -> Spelled | None:
    """Read the longest number in words that a text begins with; None where it begins with none.

    >>> read_spelled("forty-two pens").end, read_spelled("三百二十元").value, read_spelled("pens")
    (9, Fraction(320, 1), None)
    """
    return _read_characters(text) if has_unspaced(text[:1]) else _read_words(text)


def _read_characters(text: str) -> Spelled | None:
    match = _CHARACTERS.match(text)
    if match is None or _DIGITS_FIRST.match(text):
        return None
    longest = match.end()
    if text[longest - 1] in "千兆" and text[longest : longest + 1] in _PREFIXED_UNITS:
        longest -= 1  # 三千克 is three kilograms
    for end in range(longest, 0, -1):
        part = text[:end]
        is_percent = part.startswith(_PERCENT)
        value = _read_share(part.removeprefix(_PERCENT)) if is_percent else read_chinese(part)
        if value is not None:
            return Spelled(value, end, is_percent)
    return None


def _read_share(text: str) -> Fraction | None:
    return Fraction(text) if re.fullmatch(r"\d{1,15}(?:\.\d{1,15})?", text) else read_chinese(text)


def _read_words(text: str) -> Spelled | None:
    match = _WORDS.match(text)
    if match is None:
        return None
    words = list(re.finditer(r"[^\W\d_]+", match[0][:400]))
    folded = [word[0].casefold() for word in words[:_MOST_WORDS]]
    for count in range(len(folded), 0, -1):
        value = _read_folded(folded[:count])
        if value is not None:
            return Spelled(value, words[count - 1].end())
    return None


def _read_folded(words: list[str]) -> Fraction | None:
    value = read_english(words)
    if value is not None:
        return value
    other = list_numbers().get(" ".join(words))
    return None if other is None else Fraction(other)
