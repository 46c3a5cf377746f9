"""The grammar of numbers: digits, fractions, powers and scales, as one pattern, and what a match of it stands for."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod

from .bounds import Bound
from .separators import read_digits
from .spelled import read_chinese
from .units import MeasureUnit

MAX_EXPONENT = 300
"""Powers of ten beyond this are not read."""

_SCALES = {
    "hundred": 10**2, "thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6, "mio": 10**6, "billion": 10**9,
    "bn": 10**9, "trillion": 10**12, "lakh": 10**5, "lac": 10**5, "crore": 10**7, "dozen": 12, "milliard": 10**9,
    "mrd": 10**9, "millones": 10**6, "millón": 10**6, "millionen": 10**6, "milliarden": 10**9, "tausend": 10**3,
    "mille": 10**3, "mil": 10**3, "m": 10**6, "b": 10**9,
}  # fmt: skip
_UNSPACED_SCALES = {"百": 100, "千": 10**3, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_SCALE_WORDS = "|".join(sorted((word for word in _SCALES if word not in {"k", "m", "b"}), key=len, reverse=True))

# Every repetition that can backtrack is bounded, so that no text takes more than linear time.
_DIGITS = (
    r"\d{1,3}(?P<by>[ '])\d{3}(?!\d)(?:(?P=by)\d{3}(?!\d)){0,60}(?:[.,]\d{1,300})?"
    r"|\d{1,400}(?:[.,]\d{1,300}){0,40}|\.\d{1,300}"
)
NUMBER = re.compile(
    rf"""
    (?=[-+.\d$€£¥₹₩负負a-cegh-jmnru])  # what a number can begin with
    (?:(?P<sign>(?<!\d)[-+]|(?<!\d\s)\b(?:minus|negative)\b|[负負])\s{{0,3}})?
    (?:(?P<currency>(?:US|CA|AU|HK|NT|[CA])\$|[$€£¥₹₩]|\bRs\.?|\b(?:USD|EUR|GBP|RMB|CNY|INR|JPY)(?=\s?\d))\s{{0,3}})?
    (?P<inner>(?<!\d)[-+])?
    (?:
        (?P<han>\d{{1,15}}(?:\.\d{{1,15}})?[百千万萬亿億]{{1,2}}(?:\d{{1,15}}[百千万萬亿億]{{1,2}}){{1,6}}(?!\d))
      | (?P<over>\d{{1,200}})\s{{0,3}}/\s{{0,3}}(?P<under>[-+]?\d{{1,200}})(?![\d.,]*\d)(?!\s?/\s?\d)
      | (?P<whole>\d{{1,200}})(?:[ -]|[ ]?(?:and|&)[ ])
        (?P<above>\d{{1,200}})\s{{0,3}}/\s{{0,3}}(?P<below>\d{{1,200}})(?!\d|\.\d)
      | (?P<before>\d{{0,100}})\.(?P<part>\d{{0,60}})\((?P<cycle>\d{{1,60}})\)
      | (?P<mantissa>{_DIGITS})
        (?:\s?[eE](?P<e>[-+]?\d{{1,9}})(?!\w)|\s?[x×*·]\s?10\s?(?:\^|\*\*)\s?\(?(?P<ten>[-+]?\d{{1,9}})\)?
          |\s?(?:\^|\*\*)\s?\(?(?P<power>-?\d{{1,9}})\)?)?
    )
    (?P<half>[ ]and[ ](?:a|one)[ -]half\b)?
    (?:
        \s{{0,2}}(?P<scale>(?:{_SCALE_WORDS})s?\.?(?:\s(?:{_SCALE_WORDS})s?)?)(?!\w)
      | (?P<letter>k|(?(currency)[mb]|(?!)))(?!\w)
      | \s?(?P<unspaced>[百千万萬亿億]{{1,2}}(?![克米瓦卡帕伏赫分]))
    )?
    (?:\s{{0,2}}(?P<percent>%|percent\b|per\ cent\b|pct\b|prozent\b|pour\ cent\b|por\ ciento\b|个百分点
      |(?P<tenths>成(?![为為本功长長立员員]))))?
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its percent sign, unit and decimals."""

    value: Fraction
    """The number; a percentage as the number before its sign."""
    percent: bool = False
    """Whether a percent sign follows it."""
    unit: MeasureUnit | None = None
    """Its unit, where it is a known one."""
    decimals: int | None = None
    """Decimals as printed; null for fractions and words."""
    other: Fraction | None = None
    """The number in another reading of its spelling, where there is one: `1.234` may be 1234."""
    bound: Bound = Bound.NONE
    """What else is said of it: `at least 5` is not 5."""
    noun: str = ""
    """What is counted, where that is no unit: `pens`."""

    @property
    def measure(self) -> str | None:
        """What its unit measures (length, time, money:usd, ...), where the unit is known."""
        return None if self.unit is None else self.unit.measure

    @property
    def factor(self) -> Fraction:
        """The size of its unit in the base unit of the measure."""
        return Fraction(1) if self.unit is None else self.unit.factor


def parse_quantity(match: re.Match[str]) -> Quantity | None:
    """Read a match of `NUMBER`; None where it divides by zero, is too large, or its separators make no number."""
    return _parse_digits(match[0]) if match["mantissa"] == match[0] else _parse_match(match)


@lru_cache(maxsize=4096)
def _parse_digits(text: str) -> Quantity | None:
    """Read a number that is digits with their separators alone, as most are."""
    digits = read_digits(text)
    return None if digits is None else Quantity(digits.value, decimals=digits.decimals, other=digits.other)


def _parse_match(match: re.Match[str]) -> Quantity | None:
    parsed = _parse_value(match)
    if parsed is None:
        return None
    value, decimals, other = parsed
    factor = _find_scale(match) * (10 if match["tenths"] else 1)
    is_plain = factor == 1 and not match["half"]
    if match["half"]:
        value += Fraction(1, 2)
    value *= factor
    if (match["scale"] or "").lower().rstrip("s") == "dozen":
        other = value / factor  # the question may ask for dozens
    elif not is_plain:
        other = None if other is None else other * factor
    if match["inner"] == "-" or (match["sign"] or "+") != "+":
        value, other = -value, None if other is None else -other
    return Quantity(value, bool(match["percent"]), None, decimals if is_plain else None, other)


def _find_scale(match: re.Match[str]) -> int:
    """Find what a number is multiplied with: million, k, 万."""
    words = (match["scale"] or match["letter"] or "").lower().replace(".", "").split()
    found = [_SCALES[word] if word in _SCALES else _SCALES[word.removesuffix("s")] for word in words]
    return prod(found) * prod(_UNSPACED_SCALES[character] for character in match["unspaced"] or "")


def _parse_value(match: re.Match[str]) -> tuple[Fraction, int | None, Fraction | None] | None:
    """Parse a number without its sign and scale: value, decimals, the other reading; None where it is none."""
    if match["han"]:
        value = read_chinese(match["han"])
        return None if value is None else (value, None, None)
    if match["under"]:
        return (Fraction(int(match["over"]), int(match["under"])), None, None) if int(match["under"]) else None
    if match["below"]:
        below = int(match["below"])
        return (int(match["whole"]) + Fraction(int(match["above"]), below), None, None) if below else None
    if match["cycle"]:
        return _parse_cycle(match["before"], match["part"], match["cycle"]), None, None
    digits = read_digits(match["mantissa"])
    if digits is None:
        return None
    if not (match["e"] or match["ten"] or match["power"]):
        return digits.value, digits.decimals, digits.other
    exponent, power = int(match["e"] or match["ten"] or 0), int(match["power"] or 1)
    size = len(match["mantissa"])
    if abs(exponent) > MAX_EXPONENT or abs(power) > MAX_EXPONENT or abs(power) * size > MAX_EXPONENT * 2:
        return None
    if power < 0 and not digits.value:
        return None
    return Fraction(digits.value**power) * Fraction(10) ** exponent, None, None


def _parse_cycle(before: str, part: str, cycle: str) -> Fraction:
    """Parse a repeating decimal: 0.1(6) is 1/6."""
    whole = Fraction(int(before or 0)) + Fraction(int(part or 0), 10 ** len(part))
    return whole + Fraction(int(cycle), (10 ** len(cycle) - 1) * 10 ** len(part))
