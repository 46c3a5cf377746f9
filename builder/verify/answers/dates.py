"""Dates: 12/25/1937, December 25, 1937, 1937-12-25, 25.12.1937, 1937年12月25日.

Where day and month may change places, 01/02/2020, a date has two readings, and only what both agree on is decided.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .outcomes import Comparison, ComparisonOutcome, call_hedged, decide_equality, leave_undecided
from .plain import is_negated, to_plain_text
from .spelled import read_chinese

_MONTHS: Mapping[str, int] = {
    name: month
    for month, names in enumerate(
        (
            "january jan januar jänner janvier enero",
            "february feb februar février fevrier febrero",
            "march mar märz mars marzo",
            "april apr avril abril",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug août aout agosto",
            "september sep sept septembre septiembre",
            "october oct oktober okt octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember dez décembre decembre diciembre",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.|er|º)?"
_YEAR = r"(?P<year>\d{4})(?![\d/])"
_HAN = "〇零一二三四五六七八九十0-9"
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\w){_DAY}(?:\s|-|,)(?:of\s|de\s|the\s)?{_MONTH}(?:,?\s|-|\s?de\s|,){{1,2}}(?:of\s|de\s|del\s)?{_YEAR}",
        rf"(?<!\w){_MONTH}[\s-](?:the\s)?{_DAY}(?:,\s?|\s|-)(?:of\s)?{_YEAR}",
        rf"(?<!\w){_DAY}\s(?:of\s|de\s)?{_MONTH}(?!\w)",
        rf"(?<!\w){_MONTH},?\s(?:of\s|de\s)?{_YEAR}",
        rf"(?<!\w){_MONTH}\s(?:the\s)?{_DAY}(?!\w)",
        rf"(?P<year>[{_HAN}]{{2,4}})\s?年\s?(?P<month>[{_HAN}]{{1,3}})\s?月\s?(?P<day>[{_HAN}]{{1,3}})\s?[日号號]?",
        rf"(?P<year>[{_HAN}]{{2,4}})\s?年\s?(?P<month>[{_HAN}]{{1,3}})\s?月",
        rf"(?P<month>[{_HAN}]{{1,3}})\s?月\s?(?P<day>[{_HAN}]{{1,3}})\s?[日号號]",
        r"(?<![\w./-])(?P<year>\d{4})(?P<by>[-/.])(?P<month>\d{1,2})(?P=by)(?P<day>\d{1,2})(?![\d/.-]*\d)",
        r"(?<![\w./-])(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d{2})(?!\d)",
    )
)
"""Dates that can be read in one way. The first that matches at a place counts."""
_NUMERIC = re.compile(r"(?<![\w./-])(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/-]*\d)")
_YEAR_ALONE = re.compile(r"(?:in|the year|year)?\s?(\d{4})\s?(?:年|a\.?d\.?|c\.?e\.?)?\.?", re.IGNORECASE)
_DENIED = re.compile(
    r"\b(?:not|never|nor|except|before|after|until|since|by|nicht|pas|vor|nach)\b|n't\b|[不非前后後]", re.IGNORECASE
)

_Part = int | None


@dataclass(frozen=True, slots=True)
class Day:
    """A date, or a part of one."""

    year: _Part
    """The year, where it is stated."""
    month: _Part
    """The month."""
    day: _Part
    """The day of the month."""

    @property
    def is_possible(self) -> bool:
        """Whether there is such a day."""
        try:
            date(self.year or 2000, 1 if self.month is None else self.month, 1 if self.day is None else self.day)
        except ValueError:
            return False
        return True


Readings = tuple[Day, ...]
"""What one date may be: where there are two, month first and day first."""


def find_dates(text: str) -> list[Readings]:
    """Find the dates of a text, each with its readings.

    >>> find_dates("Friday, December 25, 1937") == find_dates("1937-12-25"), len(find_dates("01/02/2020")[0])
    (True, 2)
    """
    text = to_plain_text(text)
    found: list[tuple[int, int, Readings]] = []
    for start, end, readings in (*_find_numeric(text), *_find_named(text)):
        if readings and not any(start < last and first < end for first, last, _ in found):
            found.append((start, end, readings))
    alone = _YEAR_ALONE.fullmatch(text.strip(" .*")) if not found else None
    return [(Day(int(alone[1]), None, None),)] if alone else [readings for _, _, readings in sorted(found)]


def _find_numeric(text: str) -> Iterator[tuple[int, int, Readings]]:
    for match in _NUMERIC.finditer(text):
        first, second, year = int(match[1]), int(match[3]), match[4]
        years = [int(year)] if len(year) == 4 else [1900 + int(year), 2000 + int(year)]
        orders = ((first, second), (second, first)) if first != second else ((first, second),)
        yield *match.span(), _keep_possible(Day(full, *order) for full in years for order in orders)


def _keep_possible(days: Iterator[Day]) -> Readings:
    return tuple(day for day in days if day.is_possible)


def _find_named(text: str) -> Iterator[tuple[int, int, Readings]]:
    for pattern in _NAMED:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = _read_month(parts["month"])
            day, year = _read_part(parts.get("day")), _read_part(parts.get("year"))
            if month is None or (parts.get("day") and day is None):
                continue
            years = [year] if year is None or year > 99 else [1900 + year, 2000 + year]
            yield *match.span(), _keep_possible(Day(full, month, day) for full in years)


def _read_month(word: str) -> _Part:
    return _MONTHS.get(word.casefold()) or _read_part(word)


def _read_part(text: str | None) -> _Part:
    if not text or text.isdecimal():
        return int(text) if text else None
    value = read_chinese(text)
    return None if value is None or value.denominator != 1 else int(value)


def compare_dates(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two dates."""
    golds, answers = find_dates(gold), find_dates(answer)
    if len(golds) != 1:
        return leave_undecided(f"the gold answer is not one date: {gold[:80]}")
    if not answers:
        return leave_undecided(f"no date could be read from: {answer[:80]}")
    outcomes = {_compare_readings(golds[0], readings) for readings in answers}
    if len(outcomes) > 1:
        return call_hedged(answer)
    outcome = outcomes.pop()
    is_denied = (_DENIED.search(answer) and not _DENIED.search(gold)) or is_negated(gold) is not is_negated(answer)
    if outcome is ComparisonOutcome.UNDECIDED or is_denied:
        return leave_undecided(f"a date that may be another: {answer[:80]}")
    return decide_equality(outcome is ComparisonOutcome.EQUAL)


def _compare_readings(golds: Sequence[Day], answers: Sequence[Day]) -> ComparisonOutcome:
    """Compare the readings of two dates. Where both have two, they are in the same order."""
    pairs = [(gold, answer) for gold in golds for answer in answers]
    if len(golds) == len(answers) == 2:
        pairs = list(zip(golds, answers, strict=True))
    found = {_compare_days(*pair) for pair in pairs}
    return found.pop() if len(found) == 1 else ComparisonOutcome.UNDECIDED


def _compare_days(gold: Day, answer: Day) -> ComparisonOutcome:
    parts = list(zip((gold.year, gold.month, gold.day), (answer.year, answer.month, answer.day), strict=True))
    if any(left is not None and right is not None and left != right for left, right in parts):
        return ComparisonOutcome.DIFFERENT
    return ComparisonOutcome.EQUAL if gold == answer else ComparisonOutcome.UNDECIDED
