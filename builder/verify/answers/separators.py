"""Read digits with the separators of every locale: `1,234.5`, `1.234,5`, `1 234,5`, `1'234'567`, `12,34,567`.

Where one notation has two readings, `1.234`, the English one is the value, and the other one is kept beside it.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

MAX_DIGITS = 400
"""Longer numbers are not read."""

_GROUPED = re.compile(r"\d{1,3}(?P<by>[ '])\d{3}(?:(?P=by)\d{3}){0,60}(?:[.,](?P<part>\d{1,300}))?")
_COMMAS = re.compile(r"\d{1,3}(?:,\d{3}){1,60}|\d{1,2}(?:,\d{2}){1,40},\d{3}|\d{1,4}(?:,\d{4}){2,40}")
_STOPS = re.compile(r"\d{1,3}(?:\.\d{3}){1,60}")
_SINGLE = re.compile(r"(?P<whole>\d*)(?P<by>[.,])(?P<part>\d+)")


@dataclass(frozen=True, slots=True)
class Digits:
    """What digits with separators stand for."""

    value: Fraction
    """The number."""
    decimals: int = 0
    """How many digits stand behind the decimal separator."""
    other: Fraction | None = None
    """The number in the other reading, where there are two: `1.234` may be 1234."""


def read_digits(text: str) -> Digits | None:
    """Read digits with their separators; None where they make no number.

    >>> [str(read_digits(text).value) for text in ("1'234'567", "1.234,5", "12,34,567", "3,5")]
    ['1234567', '2469/2', '1234567', '7/2']
    >>> read_digits("1.234").other, read_digits("1,2,3")
    (Fraction(1234, 1), None)
    """
    if len(text) > MAX_DIGITS:
        return None
    if text.isdecimal():
        return Digits(Fraction(int(text)))
    grouped = _GROUPED.fullmatch(text)
    if grouped is not None:
        whole = text[: grouped.start("part") - 1] if grouped["part"] else text
        return _make_digits(whole.replace(grouped["by"], ""), grouped["part"] or "")
    if "," in text and "." in text:
        return _read_both(text)
    single = _SINGLE.fullmatch(text)
    if single is not None:
        return _read_single(single["whole"], single["by"], single["part"])
    pattern = _COMMAS if "," in text else _STOPS
    return _make_digits(re.sub("[,.]", "", text), "") if pattern.fullmatch(text) else None


def _make_digits(whole: str, part: str) -> Digits:
    return Digits(Fraction(int(whole + part), 10 ** len(part)), len(part))


def _read_both(text: str) -> Digits | None:
    """Read digits with commas and full stops: the last of the two parts the decimals, once."""
    by = "." if text.rfind(".") > text.rfind(",") else ","
    whole, _, part = text.rpartition(by)
    groups = _COMMAS if by == "." else _STOPS
    return _make_digits(re.sub("[,.]", "", whole), part) if part.isdecimal() and groups.fullmatch(whole) else None


def _read_single(whole: str, by: str, part: str) -> Digits | None:
    """Read digits with one separator. Before three digits it may part thousands or decimals."""
    decimal = _make_digits(whole, part)
    if not (len(part) == 3 and 0 < len(whole) <= 3 and whole[0] != "0"):
        return decimal if whole or by == "." else None
    thousands = Fraction(int(whole + part))
    if by == ".":
        return Digits(decimal.value, decimal.decimals, thousands)
    return Digits(thousands, 0, None if part == "000" else decimal.value)  # nobody writes 3,000 for 3
