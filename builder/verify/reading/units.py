"""The unit behind a number, where it is one that the comparison knows."""

import re
from functools import lru_cache

from ...languages import has_unspaced
from ..answers.units import match_unit

_WORD = re.compile(
    r"\s{0,3}((?:(?:square|cubic|sq\.?|cu\.?) )?[^\W\d_]{1,20}|[°µ][A-Za-z]{1,3})(?:(?:\s?\^\s?)?[23²³](?!\d))?"
)
_PER = re.compile(r"\s?/\s?([^\W\d_]{1,12})|\s(?:per|an?)\s([^\W\d_]{1,12})(?!\w)")
_SIGN = re.compile(r"\s?[€£¥￥$](?!\d)")
_LONGEST_UNSPACED = 4
_MONEY = frozenset({"money", "euro", "sterling", "yuan", "yen"})


def find_unit_end(text: str, end: int) -> int:
    """Find where a known unit behind a number ends; where there is none, the number's own end.

    >>> ["5 km"[:find_unit_end("5 km", 1)], "7 pens"[:find_unit_end("7 pens", 1)]]
    ['5 km', '7']
    """
    sign = _SIGN.match(text, end)
    if sign is not None:
        return sign.end()
    word = _WORD.match(text, end)
    if word is None:
        return end
    if has_unspaced(word[1]):
        return _find_unspaced_end(word)
    measure = _find_measure(word[1])
    if measure is None:
        return end
    return word.end() if measure in _MONEY else _find_rate_end(text, word.end())


def _find_unspaced_end(word: re.Match[str]) -> int:
    """Find the end of a unit that touches what follows it: 元 of 元钱."""
    for size in range(min(len(word[1]), _LONGEST_UNSPACED), 0, -1):
        if _find_measure(word[1][:size]) is not None:
            return word.start(1) + size
    return word.start()


def _find_rate_end(text: str, end: int) -> int:
    """Find the end of a rate: km/h, miles per hour."""
    rate = _PER.match(text, end)
    return end if rate is None or _find_measure(rate[1] or rate[2]) is None else rate.end()


@lru_cache(maxsize=4096)
def _find_measure(word: str) -> str | None:
    """Find what a unit measures; None where the word is no unit, or more than one."""
    found = match_unit(word)
    return found[0].measure if found is not None and found[1] == len(word) else None
