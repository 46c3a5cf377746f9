"""Read numbers as people write them: $1,200.50, 3/4, 2½, 12.5 %, 1.2×10⁵, 3 dozen, 5 km, forty-two.

Values are exact fractions, so 12345678901234567891 is not 12345678901234567890, and 1e-7 is not 2e-7.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from ...languages import has_unspaced

MAX_EXPONENT = 300
"""Powers of ten beyond this are not read."""

_VULGAR = {
    chr(code): Fraction(unicodedata.numeric(chr(code))).limit_denominator(100)
    for code in [*range(0xBC, 0xBF), *range(0x2150, 0x215F)]
}
_MAX_WORDS = 100
"""The longest number in words. The time of multiplying grows with the digits."""
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000\t]")

_SMALL = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split(),
        range(20),
        strict=True,
    )
)
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "k": 10**3, "million": 10**6, "billion": 10**9}
_UNSPACED_SCALES = {"百": 100, "千": 10**3, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}

_UNITS: Mapping[str, tuple[str, Fraction]] = {
    word: (measure, factor)
    for measure, words in {
        "length": {
            "mm": Fraction(1, 1000), "cm": Fraction(1, 100), "m": Fraction(1), "meter": Fraction(1),
            "metre": Fraction(1), "km": Fraction(1000), "kilometer": Fraction(1000), "inch": Fraction(254, 10000),
            "foot": Fraction(3048, 10000), "feet": Fraction(3048, 10000), "yard": Fraction(9144, 10000),
            "mile": Fraction(1609344, 1000),
        },
        "time": {
            "second": Fraction(1), "minute": Fraction(60), "hour": Fraction(3600), "day": Fraction(86400),
            "week": Fraction(604800),
        },
        "mass": {"mg": Fraction(1, 1000), "g": Fraction(1), "gram": Fraction(1), "kg": Fraction(1000)},
        "volume": {"ml": Fraction(1, 1000), "l": Fraction(1), "liter": Fraction(1), "litre": Fraction(1)},
        "money": {"$": Fraction(1), "dollar": Fraction(1), "usd": Fraction(1), "cent": Fraction(1, 100)},
        "euro": {"€": Fraction(1), "euro": Fraction(1), "eur": Fraction(1)},
        "sterling": {"£": Fraction(1), "gbp": Fraction(1)},
    }.items()
    for word, factor in words.items()
}  # fmt: skip
"""The measure of each unit, and its size in the base unit of that measure."""

# Every repetition that can backtrack is bounded, so that no text takes more than linear time.
_DIGITS = r"(?:\d{1,3}(?:[ ,]\d{2,3}){0,40}[ ,]\d{3}|\d{1,3}(?:\.\d{3}){2,}|\d+)(?:\.\d+)?\.?|\.\d+"
_NUMBER = re.compile(
    rf"""
    (?:(?:approximately|approx\.?|about|around|roughly|exactly|only|≈|~|=)\s{{0,3}}){{0,4}}
    (?:(?P<sign>(?<!\d)[-+])\s{{0,3}})?(?:(?P<currency>[$€£])\s{{0,3}})?(?P<inner>(?<!\d)[-+])?
    (?:
        (?P<over>\d+)\s*/\s*(?P<under>\d+)
      | (?P<whole>\d+)[ -](?P<above>\d+)\s*/\s*(?P<below>\d+)
      | (?P<mantissa>{_DIGITS})
        (?:\s*[eE](?P<e>[-+]?\d+)|\s*[x×*]\s*10\s*\^\s*\(?(?P<ten>[-+]?\d+)\)?|\s*\^\s*(?P<power>\d+))?
    )
    (?:
        \s*(?P<scale>dozen|hundred|thousand|million|billion|k)\b
      | \s?(?P<unspaced>[百千万萬亿億]{{1,2}}(?![克米瓦卡帕伏赫分]))
    )?
    \s*(?P<percent>%|percent\b|per\ cent\b)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_IN_BASE = re.compile(r"([0-9a-z]+)_\{?([2-9]|[12]\d|3[0-6])\}?", re.IGNORECASE)
_UNIT = re.compile(
    r"\s*(?P<unit>[$€£]|[^\W\d_]+)?(?:\s*(?:\^\s*)?(?P<square>[23]))?(?P<rest>(?:[ ]+[^\W\d_][\w'’-]*){0,5})"
)
_SUBSCRIPT = re.compile(r"_\{?\d")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its percent sign, unit and decimals."""

    value: Fraction
    """The number; a percentage as the number before its sign."""
    percent: bool = False
    """Whether a percent sign follows it."""
    measure: str | None = None
    """What its unit measures (length, time, money, ...), where the unit is known."""
    factor: Fraction = Fraction(1)
    """The size of its unit in the base unit of the measure."""
    decimals: int | None = None
    """Decimals as printed; null for fractions and words."""


def to_plain_text(text: str) -> str:
    """Write numbers, signs and LaTeX in plain characters. Digits are never joined: 10² is 10^2, 2½ is 2 1/2."""
    if text.isascii() and "\\" not in text and "{" not in text:
        return text
    text = _SPACES.sub(" ", _INVISIBLE.sub("", text))
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)
    text = "".join(_replace_character(character) for character in text)
    return _replace_latex(text)


def _replace_character(character: str) -> str:
    if character in _VULGAR:
        return f" {_VULGAR[character].numerator}/{_VULGAR[character].denominator}"
    if character in "−–—":
        return "-"
    if character.isdigit() and not character.isascii():
        return str(unicodedata.digit(character))
    return unicodedata.normalize("NFKC", character) if "！" <= character <= "～" else character


def _replace_latex(text: str) -> str:
    for pattern, replacement in (
        (r"\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}", r" \1/\2"),
        (r"\\(?:text|mathrm|mbox|textbf|mathbf)\s*\{([^{}]*)\}", r" \1 "),
        (r"\\boxed\s*\{([^{}]*)\}", r" \1 "),
        (r"\\times|\\cdot", "×"),
        (r"\^\s*(?:\{\s*)?\\circ\s*\}?|°|\\degree", " "),
        (r"\^\s*\{\s*([-+]?\d+)\s*\}", r"^\1"),
        (r"\\approx", "≈"),
        (r"\\([$%])", r"\1"),
        (r"\\[,!;: ]|\\left|\\right|\\\(|\\\)|\\\[|\\\]|\{,\}", ""),
    ):
        text = re.sub(pattern, replacement, text)
    return text


def find_quantities(text: str) -> Iterator[tuple[Quantity, int, int]]:
    """Find the numbers of a plain text, each with its first and one past its last character."""
    for match in _NUMBER.finditer(text):
        start = match.end() - len(match[0].lstrip(" \n=~≈"))
        before = text[start - 1 : start] if start else ""
        is_word = before.isalnum() and not has_unspaced(before)  # 共18: the number is a word of its own
        is_part = is_word or before == "_" or _SUBSCRIPT.match(text, match.end())
        quantity = None if is_part else _parse_quantity(match)
        if quantity is not None:
            yield quantity, start, match.end()


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
        value = Fraction(text) if "." in text else Fraction(int(text))
        return Quantity(value, decimals=len(text.partition(".")[2]))
    text = to_plain_text(text).strip().strip("$ *" if text.count("$") > 1 else " *").strip()
    text = text.rstrip(".!,;: ") if not text.endswith("..") else text
    based = _IN_BASE.fullmatch(text)
    if based:
        return _parse_in_base(based[1], int(based[2]))
    match = _NUMBER.match(text)
    if match is None:
        return _parse_words(text)
    quantity = _parse_quantity(match)
    return None if quantity is None else _add_unit(quantity, match, text[match.end() :])


def _parse_in_base(digits: str, base: int) -> Quantity | None:
    try:
        return Quantity(Fraction(int(digits, base)))
    except ValueError:
        return None


def _add_unit(quantity: Quantity, match: re.Match[str], rest: str) -> Quantity | None:
    """Add the unit behind a number; None where more than a unit follows."""
    unit = _UNIT.fullmatch(rest)
    if unit is None or (unit["unit"] or "").lower() in {"or", "and", "to", "year-old"}:
        return None
    word = (match["currency"] or unit["unit"] or "").lower()
    forms = (word, word.removesuffix("s"), word.removesuffix("es"))
    known = next((_UNITS[form] for form in forms if form in _UNITS), None)
    if known is None:
        return quantity
    measure, factor = known
    power = int(unit["square"] or 1)
    return Quantity(
        quantity.value,
        quantity.percent,
        measure if power == 1 else f"{measure}^{power}",
        factor**power,
        quantity.decimals,
    )


def _parse_quantity(match: re.Match[str]) -> Quantity | None:
    value = _parse_value(match)
    if value is None:
        return None
    value *= _SCALES[match["scale"].lower()] if match["scale"] else 1
    value *= prod(_UNSPACED_SCALES[character] for character in match["unspaced"] or "")
    if "-" in (match["sign"], match["inner"]):
        value = -value
    digits = match["mantissa"]
    plain_decimal = digits is not None and not (
        match["e"] or match["ten"] or match["power"] or match["scale"] or match["unspaced"]
    )
    decimals = len(digits.rstrip(".").partition(".")[2]) if plain_decimal and digits.count(".") < 2 else None
    return Quantity(value, bool(match["percent"]), decimals=decimals)


def _parse_value(match: re.Match[str]) -> Fraction | None:
    """Parse a number without its sign and scale; None where it divides by zero or is too large."""
    if len(match[0]) > 400:
        return None
    if match["under"]:
        return Fraction(int(match["over"]), int(match["under"])) if int(match["under"]) else None
    if match["below"]:
        below = int(match["below"])
        return int(match["whole"]) + Fraction(int(match["above"]), below) if below else None
    digits = match["mantissa"].rstrip(".").replace(",", "").replace(" ", "")
    base = Fraction(digits.replace(".", "") if digits.count(".") > 1 else digits)
    exponent = int(match["e"] or match["ten"] or 0)
    power = int(match["power"] or 1)
    if abs(exponent) > MAX_EXPONENT or power > MAX_EXPONENT or power * len(digits) > MAX_EXPONENT:
        return None
    return Fraction(base**power) * Fraction(10) ** exponent


def _parse_words(text: str) -> Quantity | None:
    """Parse a number in words: forty-two, three hundred and five, minus ten."""
    words = re.findall(r"[a-z]+", text.lower())
    if not 0 < len(words) <= _MAX_WORDS or " ".join(words) != re.sub(r"[\s-]+", " ", text.lower()).strip():
        return None
    negative = words[0] in {"minus", "negative"}
    total = current = 0
    for word in words[negative:]:
        if word in _SMALL or word in _TENS:
            current += _SMALL.get(word, _TENS.get(word, 0))
        elif word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            total, current = (total, current) if _SCALES[word] <= 100 else (total + current, 0)
        elif word != "and":
            return None
    if not any(word in _SMALL or word in _TENS or word in _SCALES for word in words):
        return None
    return Quantity(Fraction(-(total + current) if negative else total + current))
