"""Read numbers as people write them: $1,200.50, 3/4, 2½, 12.5 %, 1.2×10⁵, 3 dozen, 5 km, forty-two, 三百二十.

Values are exact fractions, so 12345678901234567891 is not 12345678901234567890, and 1e-7 is not 2e-7.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache

from ...languages import has_unspaced
from .bounds import Bound, find_bound, match_suffix
from .grammar import NUMBER, Quantity, parse_quantity
from .plain import to_plain_text
from .separators import read_digits
from .spelled import read_spelled
from .units import MeasureUnit, match_rate, match_unit

__all__ = ["Quantity", "find_bare_quantities", "find_quantities", "is_plain_number", "read_quantity", "to_plain_text"]

_IN_BASE = re.compile(r"([0-9a-z]{1,200})_\{?([2-9]|[12]\d|3[0-6])\}?", re.IGNORECASE)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_REST = re.compile(r"(?:\s?/)?(?:[ -]{0,2}[^\W\d_](?:[^\W\d_]|['-]){0,40}+[.,]?+){0,5}+[\s.,;:!*_)。，！]{0,6}")
"""A noun with its words. Nothing is given back, so that a long word takes no longer than its length."""
_REST_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['-])*")
_UNSPACED_OTHERS = frozenset("或不没沒非至到")
_OTHER_WORDS = frozenset(
    "or and to but not no nor if unless maybe plus minus times by over half x than years-old year-old more less fewer "
    "und oder ou et y o bis minutes-to point squared cubed pi factorial mod modulo "
    "dozen dozens hundred thousand million billion least most minimum maximum almost nearly wrong".split()
)
"""Words behind a number that make more of it than a number with its noun."""
_NO_NOUNS = frozenset(
    "in total altogether all left remaining overall of each every per more the a an is are was were for long tall wide "
    "deep away old high heavy ago later apart faster slower only exactly extra additional 的 了".split()
)
_ELLIPSIS = re.compile(r"\s?(?:\.\.|…|\\[lc]?dots)")
_SUBSCRIPT = re.compile(r"_\{?\d")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
_BEHIND = re.compile(r"\s?[:/]\s?\d|\.\d|,\d|-[^\W\d]|[点點][零〇一二三四五六七八九0-9]")
"""What makes a number a part of something else: a ratio, a date, `12-year-old`."""
_COMMON = re.compile(r"(?:(?P<dollar>\$)(?!.*%))?(?P<digits>[0-9]{1,12}(?:[,.][0-9]{1,12}){0,4})(?P<percent>%)?")
_PERCENT = re.compile(r"\s?(?:%|percent\b|per cent\b|(?P<tenths>成(?![为為本功长長立员員])))")
_HALF_AN = re.compile(r"(?:\s(?:of\s)?an?(?=\s))?")
_MINUTES = re.compile(r"\s?([0-5]?\d)\s?m?(?![\w.])")
"""What follows `1h`."""
_OPERATOR = re.compile(r"\s?[-+*/×÷^=)}$|]")
_PARTS_JOINED = re.compile(r"\s{0,2}(?:,|\band\b|\bund\b|\bet\b|\by\b|又|零)?\s{0,2}")
_EMPTY_WORDS = "起般样樣定些直共切致向旦边邊面者角"
"""What makes a word of 一 and its like: 一起 is no number."""


def find_quantities(text: str) -> Iterator[tuple[Quantity, int, int]]:
    """Find the numbers of a plain text, each with its first and one past its last character.

    A unit belongs to its number, and so does what makes another number of it: `at least 5 km`, `5!`, `7 or more`.
    """
    for match, found, last in _find_numbers(text):
        quantity, start, end = found, match.start(), last
        if quantity.bound is Bound.FACTORIAL and not _OPERATOR.match(text, end):  # 18! ends many an answer
            quantity, end = replace(quantity, bound=Bound.NONE), end - 1
        bound, first = find_bound(text, start)
        if bound is not Bound.NONE:
            quantity, start = replace(quantity, bound=bound), first
        yield quantity, start, end


def find_bare_quantities(text: str, begin: int = 0) -> Iterator[tuple[Quantity, int, int]]:
    """Find the numbers of a plain text as `find_quantities` does, without their units and what stands around them.

    Args:
        text: the text.
        begin: numbers are looked for from here on; none may stand across it.
    """
    for match, quantity, _ in _find_numbers(text, begin):
        ordinal = _ORDINAL.match(text, match.end())
        bare = quantity if quantity.bound is Bound.NONE else replace(quantity, bound=Bound.NONE)
        yield bare, match.start(), ordinal.end() if ordinal else match.end()


def _find_numbers(text: str, begin: int = 0) -> Iterator[tuple[re.Match[str], Quantity, int]]:
    """Find numbers that are no part of anything else, each with its quantity and one past the end of its unit."""
    has_money = text.count("$") % 2 == 1
    end = 0
    for match in NUMBER.finditer(text, begin):
        start = match.start()
        before = text[start - 1 : start] if start else ""
        is_word = before.isalnum() and not has_unspaced(before)  # 共18: the number is a word of its own
        is_part = is_word or (before and before in "_:./^\\") or start < end or _SUBSCRIPT.match(text, match.end())
        found = None if is_part else _complete(text, match, has_money=has_money)
        if found is not None:
            quantity, end = found
            yield match, quantity, end


def is_plain_number(text: str) -> bool:
    """Whether a text is digits alone, with a decimal point and a minus sign at most."""
    return _PLAIN.fullmatch(text) is not None and len(text) <= 200


def read_quantity(text: str) -> Quantity | None:
    """Read a text as one number with its unit; None where it is anything else.

    >>> [str(read_quantity(text).value) for text in ("$1,200.50", "2½", "forty-two", "3 dozen", "-5.")]
    ['2401/2', '5/2', '42', '36', '-5']
    >>> read_quantity("12-year-old") is None
    True
    """
    if is_plain_number(text):
        return _read_plain(text)
    common = _COMMON.fullmatch(text)
    if common is not None:
        return _read_common(common)
    text = _strip_dress(to_plain_text(text))
    based = _IN_BASE.fullmatch(text)
    if based:
        return _parse_in_base(based[1], int(based[2]))
    if not text or len(text) > 2000:
        return None
    start = _find_start(text)
    match = NUMBER.match(text, start)
    found = _read_spelled(text, start) if match is None else _complete(text, match, has_money=text.count("$") % 2 == 1)
    if found is None:
        return None
    quantity, end = _add_parts(text, *found)
    bound, first = find_bound(text, start)
    if first > 0:
        return None
    quantity = replace(quantity, bound=bound) if bound is not Bound.NONE else quantity
    return _add_noun(quantity, text, end)


def _read_plain(text: str) -> Quantity | None:
    """Read digits with a decimal point and a minus sign at most."""
    digits = read_digits(text.removeprefix("-"))
    if digits is None or text[0] != "-":
        return None if digits is None else Quantity(digits.value, decimals=digits.decimals, other=digits.other)
    other = None if digits.other is None else -digits.other
    return Quantity(-digits.value, decimals=digits.decimals, other=other)


def _read_common(match: re.Match[str]) -> Quantity | None:
    """Read what most numbers look like that are not digits alone."""
    digits = read_digits(match["digits"])
    if digits is None:
        return None
    unit = _find_dollar() if match["dollar"] else None
    return Quantity(digits.value, bool(match["percent"]), unit, digits.decimals, digits.other)


@cache
def _find_dollar() -> MeasureUnit | None:
    found = match_unit("$")
    return None if found is None else found[0]


def _strip_dress(text: str) -> str:
    """Strip emphasis, mathematics' dollars and the stop at the end."""
    text = text.strip().strip("$ *`_" if text.count("$") > 1 else " *`_").strip()
    if text[:1] == "(" and text[-1:] == ")" and text.count("(") == 1:
        text = text[1:-1]
    return text if text.endswith("..") else text.rstrip(".,;:。 ")


def _find_start(text: str) -> int:
    """Find where the number begins, behind words like `at least` and `about`: at the first digit or number word."""
    first = re.search(
        r"(?:[-+负負]\s?|\b(?:minus|negative)\s|\b(?:Minus|Negative)\s)?(?:[A-Z]{2,3}\s?)?(?:[$€£¥₹₩]\s?)?[-+]?\.?\d",
        text[:60],
    )
    if first is not None and (first.start() == 0 or find_bound(text, first.start())[1] == 0):
        return first.start()
    for place in (0, *(match.end() for match in re.finditer(r"\s+", text[:40]))):
        if find_bound(text, place)[1] == 0 and read_spelled(text[place : place + 200]) is not None:
            return place
    return 0


def _parse_in_base(digits: str, base: int) -> Quantity | None:
    try:
        return Quantity(Fraction(int(digits, base)))
    except ValueError:
        return None


def _read_spelled(text: str, start: int) -> tuple[Quantity, int] | None:
    """Read a number in words, with its unit."""
    spelled = read_spelled(text[start : start + 600])
    if spelled is None:
        return None
    end = start + spelled.end
    if spelled.end == 1 and text[end : end + 1] and text[end] in _EMPTY_WORDS:
        return None
    percent = _PERCENT.match(text, end)
    value = spelled.value * 10 if percent is not None and percent["tenths"] else spelled.value
    quantity = Quantity(value, spelled.percent or percent is not None)
    if percent is not None:
        end = percent.end()
    elif spelled.value < 1:
        joined = _HALF_AN.match(text, end)
        end = joined.end() if joined else end
    return _add_unit(quantity, text, end, None)


def _complete(text: str, match: re.Match[str], *, has_money: bool) -> tuple[Quantity, int] | None:
    """Read a match with what belongs to it; None where it is a part of something else."""
    quantity, end = parse_quantity(match), match.end()
    if quantity is None:
        return None
    ordinal = _ORDINAL.match(text, end)
    end = ordinal.end() if ordinal else end
    is_open = quantity.decimals and _ELLIPSIS.match(text, end)  # 0.333... is another number
    if is_open or _BEHIND.match(text, end):
        return None
    currency = match["currency"]
    is_money = currency and (currency != "$" or has_money)
    found = _add_unit(quantity, text, end, currency.strip() if is_money else None)
    behind = text[found[1] : found[1] + 1]
    is_bare = found[0].unit is None or is_money
    is_cut = behind.isalnum() and not has_unspaced(behind) and is_bare and found[1] == match.end()
    return None if is_cut else found


def _add_unit(quantity: Quantity, text: str, end: int, currency: str | None) -> tuple[Quantity, int]:
    """Add the unit of a number, and a bound behind it."""
    if currency is not None:
        money = match_unit(currency)
        unit, end = (None, end) if money is None else match_rate(text, money[0], end)
    else:
        found = match_unit(text, end) if end < len(text) else None
        unit, end = found or (None, end)
    if unit is not None:
        quantity = replace(quantity, unit=unit)
    if end == len(text):
        return quantity, end
    bound, end = match_suffix(text, end)
    return (quantity if bound is Bound.NONE else replace(quantity, bound=bound)), end


def _add_parts(text: str, quantity: Quantity, end: int) -> tuple[Quantity, int]:
    """Add smaller parts of the same measure: `2 hours 30 minutes`, `5 feet 3 inches`."""
    if quantity.unit == _find_hour() and text[end - 1 : end] == "h":
        minutes = _MINUTES.match(text, end)
        if minutes is not None:
            return replace(quantity, value=quantity.value + Fraction(int(minutes[1]), 60), decimals=None), minutes.end()
    for _ in range(3):
        joined = _PARTS_JOINED.match(text, end)
        match = NUMBER.match(text, joined.end() if joined else end) if quantity.unit and end < len(text) else None
        found = None if match is None or match["sign"] else _complete(text, match, has_money=True)
        if found is None or quantity.unit is None:
            break
        part, unit = found[0], found[0].unit
        if unit is None or unit.measure != quantity.unit.measure or unit.factor >= quantity.unit.factor or unit.shift:
            break
        total = quantity.value + part.value * unit.factor / quantity.unit.factor
        quantity, end = Quantity(total, unit=quantity.unit), found[1]
    return quantity, end


@cache
def _find_hour() -> MeasureUnit | None:
    found = match_unit("h")
    return None if found is None else found[0]


def _add_noun(quantity: Quantity, text: str, end: int) -> Quantity | None:
    """Add what is counted; None where more than a noun with its words follows."""
    if end == len(text):
        return quantity
    if _REST.fullmatch(text, end) is None:
        return None
    words = [word.casefold().strip(".") for word in _REST_WORD.findall(text[end:])]
    if not _UNSPACED_OTHERS.isdisjoint(text[end:]):
        return None
    is_number = any(word.partition("-")[0] in _OTHER_WORDS or read_spelled(word) is not None for word in words)
    if is_number or (words and len(words[0]) == 1 and words[0].isascii() and words[0] != "a"):
        return None
    if quantity.bound is Bound.NONE and words:
        bound, after = match_suffix(text, text.find(words[0], end) + len(words[0])) if words[0] in text else (None, 0)
        quantity = replace(quantity, bound=bound) if bound and after == len(text) else quantity
    noun = words[0] if words and words[0] not in _NO_NOUNS else ""
    return replace(quantity, noun=noun) if noun and quantity.unit is None else quantity
