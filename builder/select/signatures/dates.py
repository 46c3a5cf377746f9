"""Dates of a text, written one way: `December 24, 1937`, `24 Dec 1937`, `12/24/1937` and `1937-12-24` are one date."""

import re
from collections.abc import Callable

_LAST_DAY = 31
_MONTHS = {
    name: number
    for number, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct"
        "|november nov|december dec".split("|"),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?P<{0}>[12]\d{{3}})(?!\d)"
_DATE = re.compile(
    rf"""
    \b(?P<month>{_MONTH})\.?[ ](?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[ ]{_YEAR.format("year")}
    | (?<![\d/])(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?:[ ]of)?[ ](?P<month2>{_MONTH})\.?,?[ ]{_YEAR.format("year2")}
    | (?<![\d/-])(?P<first>\d{{1,2}})/(?P<second>\d{{1,2}})/{_YEAR.format("year3")}(?!/)
    | (?<![\d/-])(?P<year4>[12]\d{{3}})-(?P<month4>\d{{2}})-(?P<day4>\d{{2}})(?![\d-])
    | (?P<year5>[12]\d{{3}})年(?P<month5>\d{{1,2}})月(?P<day5>\d{{1,2}})[日号]
    """,
    re.VERBOSE | re.IGNORECASE,
)


def replace_dates(text: str, write: Callable[[str], str]) -> str:
    """Replace the dates of a text. Of two numbers before a year, the first is the month unless it is above 12.

    Args:
        text: the text.
        write: writes a date of the form 1937-12-24.

    >>> replace_dates("on Dec. 24, 1937 and 12/25/1937", "[{}]".format)
    'on [1937-12-24] and [1937-12-25]'
    """
    return _DATE.sub(lambda match: _read_date(match, write), text)


def _read_date(match: re.Match[str], write: Callable[[str], str]) -> str:
    found = match.groupdict()
    year = next(found[name] for name in ("year", "year2", "year3", "year4", "year5") if found[name])
    if found["first"]:
        first, second = int(found["first"]), int(found["second"])
        month, day = (first, second) if first <= _MONTHS["december"] else (second, first)
    else:
        name = found["month"] or found["month2"]
        month = _MONTHS[name.lower()] if name else int(found["month4"] or found["month5"])
        day = int(found["day"] or found["day2"] or found["day4"] or found["day5"])
    is_date = 1 <= month <= _MONTHS["december"] and 1 <= day <= _LAST_DAY
    return write(f"{year}-{month:02}-{day:02}") if is_date else match[0]
