"""Times of day and durations: 3:30 PM, 15:30, half past three, 下午3点半; 3.5 hours, 3 h 30 min, 210 minutes.

`3:30` alone may be either, before or after noon. What its readings don't agree on is undecided.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from .numbers import read_quantity
from .outcomes import Comparison, ComparisonOutcome, call_hedged, decide_equality, leave_undecided
from .plain import is_negated, to_plain_text
from .spelled import read_chinese, read_spelled

_HOUR, _HALF_DAY, _DAY = 3600, 43200, 86400

_HALVES: Mapping[str, bool] = {
    "a": False, "p": True, "上午": False, "早上": False, "早晨": False, "凌晨": False, "清晨": False, "午前": False,
    "下午": True, "晚上": True, "傍晚": True, "夜里": True, "午後": True, "中午": True, "morning": False,
    "afternoon": True, "evening": True,
}  # fmt: skip
"""What says that a time is before or after noon."""
_HAN = "〇零一二三四五六七八九十两0-9"
_MARK = r"(?P<half>[ap])\.?\s?m\b\.?"
_IN_THE = r"(?:in\sthe\s(?P<part>morning|afternoon|evening))"
_COLON = re.compile(
    rf"(?<![\w:.,])(?P<hour>\d{{1,2}})(?P<by>[:h])(?P<minute>[0-5]\d)(?:[:m](?P<second>[0-5]\d))?(?![\d:])"
    rf"(?:\s?(?:{_MARK}|{_IN_THE}|(?P<unit>h(?:ours?|rs?)?\b|uhr\b)))?",
    re.IGNORECASE,
)
_HOURS = re.compile(
    rf"(?<![\w:.,])(?P<hour>\d{{1,2}})(?:[.](?P<minute>[0-5]\d))?\s?(?:{_MARK}|o'?clock(?:\s{_IN_THE})?|in\sthe\s(?P<of_day>morning|afternoon|evening)|uhr(?:\s(?P<later>[0-5]?\d))?)",
    re.IGNORECASE,
)
_CHINESE_HALVES = "|".join(word for word in _HALVES if not word.isascii())
_CHINESE = re.compile(
    rf"(?P<half>{_CHINESE_HALVES})?\s?(?P<hour>[{_HAN}]{{1,3}})\s?[点點时時](?!间|間)"
    rf"(?:整|钟|鐘)?(?:(?P<thirty>半)|(?P<quarter>[一三])刻|(?P<minute>[{_HAN}]{{1,3}})\s?分?)?"
)
_SPOKEN = re.compile(
    r"\b(?P<shift>half|a?\s?quarter|[\w-]{1,20})\s?(?:minutes?\s)?(?P<side>past|after|to|before)\s(?P<hour>\w{1,10})\b"
    rf"(?:\s(?:{_MARK}|{_IN_THE}))?",
    re.IGNORECASE,
)
_NAMED: Mapping[str, int] = {"noon": _HALF_DAY, "midday": _HALF_DAY, "midnight": 0, "正午": _HALF_DAY, "午夜": 0}
_NAMES = re.compile(r"(?:\b12\s)?(?<![a-z])(?P<name>noon|midday|midnight|正午|午夜)(?![a-z])", re.IGNORECASE)
_DENIED = re.compile(
    r"\b(?:not|never|nor|before|after|until|by|almost|nearly|than|least|most)\b|n't\b|[不非前后後<>≤≥!]"
)
_DRESS = re.compile(
    r"^(?:the|time|answer|duration|is|it|at|takes?|took|lasts?|for|will|be|was|about|around|approximately|roughly|exactly|=|:|\s){0,10}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of a time."""

    seconds: Fraction
    """Since midnight, or the length."""
    is_clock: bool
    """Whether it is a time of day; else a duration."""


Readings = frozenset[Moment]


def read_time(text: str) -> Readings | None:
    """Read a text as one time; None where it is none, or several.

    >>> read_time("3:30 PM") == read_time("half past three in the afternoon") == read_time("下午3点半")
    True
    """
    found = find_times(text)
    return found[0] if len(found) == 1 else None


def find_times(text: str) -> list[Readings]:
    """Find the times of a text."""
    text = to_plain_text(text).strip(" .*$\n")
    duration = None if _COLON.fullmatch(text) else _read_duration(_DRESS.sub("", text))
    if duration is not None:
        return [duration]
    found: list[tuple[int, int, Readings]] = []
    for start, end, readings in _find_clocks(text):
        if readings and not any(start < last and first < end for first, last, _ in found):
            found.append((start, end, readings))
    return [readings for _, _, readings in sorted(found, key=lambda item: item[:2])]


def _read_duration(text: str) -> Readings | None:
    """Read a number with a unit of time; `3:30 hours` too."""
    quantity = read_quantity(text)
    if quantity is None or quantity.measure != "time" or quantity.bound or quantity.percent:
        return None
    return frozenset({Moment(quantity.value * quantity.factor, is_clock=False)})


def _find_clocks(text: str) -> Iterator[tuple[int, int, Readings]]:
    for match in _COLON.finditer(text):
        yield *match.span(), _read_colon(match)
    for match in _HOURS.finditer(text):
        half = match["half"] or match["part"] or match["of_day"] or ""
        minute = int(match["minute"] or match["later"] or 0)
        yield *match.span(), _make_clock(int(match["hour"]), minute, half=half, is_full="uhr" in match[0].casefold())
    for match in _SPOKEN.finditer(text):
        yield *match.span(), _read_spoken(match)
    for match in _NAMES.finditer(text):
        yield *match.span(), frozenset({Moment(Fraction(_NAMED[match["name"].casefold()]), is_clock=True)})
    for match in _CHINESE.finditer(text):
        yield *match.span(), _read_characters(match)


def _read_colon(match: re.Match[str]) -> Readings:
    """Read `3:30`: hours and minutes of a day or a duration, minutes and seconds; with a mark, one of these."""
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if match["half"] or match["part"]:
        return _make_clock(hour, minute, second, half=match["half"] or match["part"])
    length = Moment(Fraction(hour * _HOUR + minute * 60 + second), is_clock=False)
    unit = (match["unit"] or "").casefold()
    if unit.startswith("h"):
        return frozenset({length})
    clocks = _make_clock(
        hour, minute, second, is_full=bool(unit) or match["hour"].startswith("0") or match["by"] == "h"
    )
    if unit:
        return clocks
    short = {Moment(Fraction(hour * 60 + minute), is_clock=False)} if not match["second"] else set()
    return clocks | {length} | short


def _make_clock(hour: int, minute: int, second: int = 0, *, half: str = "", is_full: bool = False) -> Readings:
    """Make a time of day; without a mark, an hour up to twelve has two readings."""
    if hour > 24 or minute > 59:
        return frozenset()
    seconds = Fraction(hour * _HOUR + minute * 60 + second)
    if half:
        is_late = _HALVES[half.casefold()]
        hours = hour if hour > 12 else hour % 12 + (12 if is_late else 0)
        return frozenset({Moment(Fraction(hours * _HOUR + minute * 60 + second) % _DAY, is_clock=True)})
    if is_full or hour > 12 or hour == 0:
        return frozenset({Moment(seconds % _DAY, is_clock=True)})
    return frozenset(Moment(seconds % _HALF_DAY + shift, is_clock=True) for shift in (0, _HALF_DAY))


def _read_spoken(match: re.Match[str]) -> Readings:
    """Read `half past three`, `ten to four`."""
    hour, shift = _read_word(match["hour"]), match["shift"].casefold()
    minutes = 30 if shift == "half" else 15 if shift.endswith("quarter") else _read_word(shift)
    if hour is None or minutes is None or hour > 12 or minutes > 59:
        return frozenset()
    shift_seconds = (1 if match["side"].casefold() in {"past", "after"} else -1) * minutes * 60
    clock = _make_clock(hour, 0, half=match["half"] or match["part"] or "")
    return frozenset(Moment((moment.seconds + shift_seconds) % _DAY, is_clock=True) for moment in clock)


def _read_word(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    spelled = read_spelled(text.casefold())
    is_whole = spelled is not None and spelled.end == len(text) and spelled.value.denominator == 1
    return int(spelled.value) if spelled is not None and is_whole else None


def _read_characters(match: re.Match[str]) -> Readings:
    hour = _read_number(match["hour"])
    quarter = {"一": 15, "三": 45}.get(match["quarter"] or "", 0)
    minute = 30 if match["thirty"] else quarter or _read_number(match["minute"] or "0")
    if hour is None or minute is None:
        return frozenset()
    return _make_clock(hour, minute, half=match["half"] or "")


def _read_number(text: str) -> int | None:
    value = Fraction(text) if text.isdecimal() else read_chinese(text)
    return int(value) if value is not None and value.denominator == 1 else None


def compare_times(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two times."""
    wanted, found = read_time(gold), find_times(answer)
    if wanted is None:
        return leave_undecided(f"the gold answer is not one time: {gold[:80]}")
    if not found:
        return leave_undecided(f"no time could be read from: {answer[:80]}")
    outcomes = {_compare_readings(wanted, readings) for readings in found}
    if len(outcomes) > 1:
        return call_hedged(answer)
    outcome = outcomes.pop()
    is_denied = (_DENIED.search(answer) and not _DENIED.search(gold)) or is_negated(gold) is not is_negated(answer)
    if outcome is ComparisonOutcome.UNDECIDED or is_denied:
        return leave_undecided(f"a time that may be another: {answer[:80]}")
    return decide_equality(outcome is ComparisonOutcome.EQUAL)


def _compare_readings(gold: Readings, answer: Readings) -> ComparisonOutcome:
    """Compare two times by what they may be: of one that may be both, only the kind of the other counts."""
    if gold == answer:
        return ComparisonOutcome.EQUAL
    for is_clock in (True, False):
        left, right = ({moment for moment in side if moment.is_clock is is_clock} for side in (gold, answer))
        if (left == gold or right == answer) and (left and right):
            return _compare_kind(left, right, is_clock=is_clock)
    return ComparisonOutcome.UNDECIDED if gold & answer else ComparisonOutcome.DIFFERENT


def _compare_kind(gold: set[Moment], answer: set[Moment], *, is_clock: bool) -> ComparisonOutcome:
    if not gold & answer:
        return ComparisonOutcome.DIFFERENT
    is_same = gold == answer or not is_clock
    return ComparisonOutcome.EQUAL if is_same else ComparisonOutcome.UNDECIDED
