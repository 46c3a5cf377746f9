"""Read English numbers in words: cardinals, ordinals, fractions, dozens."""

from collections.abc import Sequence
from fractions import Fraction

SMALL = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split(),
        range(20),
        strict=True,
    )
)
TENS = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True), fourty=40
)
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "lakh": 10**5, "crore": 10**7}
_ORDINALS = {
    **dict(zip("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(),
               "one two three four five six seven eight nine ten eleven twelve".split(), strict=True)),
    **{f"{word}th": word for word in list(SMALL)[13:]},
    **{f"{word.removesuffix('y')}ieth": word for word in TENS},
    "hundredth": "hundred", "thousandth": "thousand", "millionth": "million",
}  # fmt: skip
_PARTS = {
    "half": 2, "halves": 2, "quarter": 4, "quarters": 4,
    **{
        word + end: value
        for value, word in enumerate("third fourth fifth sixth seventh eighth ninth tenth".split(), 3)
        for end in ("", "s")
    },
    "twelfths": 12, "twelfth": 12, "fifteenths": 15, "sixteenth": 16, "sixteenths": 16, "twentieths": 20,
    "hundredths": 100, "hundredth": 100, "thousandths": 1000, "thousandth": 1000,
}  # fmt: skip
"""What a whole is parted into."""
_MULTIPLIERS = {"dozen": 12, "dozens": 12, "hundred": 100, **SCALES}
_MOST_WORDS = 30


def read_english(words: Sequence[str]) -> Fraction | None:
    """Read words as one number; None where they make none.

    >>> [str(read_english(text.split())) for text in ("forty two", "two thirds", "half a dozen", "two and a half")]
    ['42', '2/3', '6', '5/2']
    """
    if not 0 < len(words) <= _MOST_WORDS:
        return None
    if words[0] in {"minus", "negative"}:
        value = read_english(words[1:])
        return None if value is None else -value
    if "point" in words:
        return _read_decimal(words)
    whole = _read_cardinal(words)
    if whole is not None:
        return Fraction(whole)
    if words[-1] in _MULTIPLIERS and len(words) > 1:
        value = _read_parts(words[:-1])
        return None if value is None else value * _MULTIPLIERS[words[-1]]
    value = _read_parts(words)
    return value if value is not None else _read_ordinal(words)


def _read_decimal(words: Sequence[str]) -> Fraction | None:
    """Read `three point one four`."""
    place = list(words).index("point")
    whole = _read_cardinal(words[:place]) if place else 0
    digits = [SMALL.get(word, 10) for word in words[place + 1 :]]
    if whole is None or not digits or max(digits) > 9:
        return None
    return Fraction(f"{whole}.{''.join(map(str, digits))}")


def _read_parts(words: Sequence[str]) -> Fraction | None:
    """Read what has a fraction in it: `half a`, `two thirds`, `two and a half`."""
    if list(words[:2]) == ["half", "a"] and len(words) == 2:
        return Fraction(1, 2)
    if "and" in words:
        place = len(words) - 1 - list(words)[::-1].index("and")
        whole, part = _read_cardinal(words[:place]), _read_part(words[place + 1 :])
        return None if whole is None or part is None else whole + part
    return _read_part(words)


def _read_part(words: Sequence[str]) -> Fraction | None:
    below = _PARTS.get(words[-1]) if words else None
    if below is None:
        return None
    if len(words) == 1:
        return Fraction(1, 2) if words[0] == "half" else None
    above = 1 if words[0] == "a" and len(words) == 2 else _read_cardinal(words[:-1])
    is_plural = words[-1].endswith("s") or words[-1] == "halves"
    return None if above is None or (above > 1 and not is_plural) else Fraction(above, below)


def _read_ordinal(words: Sequence[str]) -> Fraction | None:
    last = _ORDINALS.get(words[-1])
    words = words[1:] if words[0] == "the" else words
    if last is None:
        return None
    value = _read_cardinal([*words[:-1], last]) or (_read_cardinal(["a", last]) if len(words) == 1 else None)
    return None if value is None else Fraction(value)


def _read_cardinal(words: Sequence[str]) -> int | None:
    """Read a whole number, each of whose words may stand where it does: not `five five`."""
    total, current, last = 0, 0, 10**15
    if not words or words[0] == "and" or words[-1] == "and" or (words[0] in {"zero", "a"} and len(words) == 1):
        return 0 if list(words) == ["zero"] else None
    for place, word in enumerate(words):
        value = SMALL.get(word) or TENS.get(word)
        if value is not None:
            if not _may_follow(current, value):
                return None
            current += value
        elif word == "a" and place == 0 and words[1] in _MULTIPLIERS:
            current = 1
        elif word in {"hundred", "dozen", "dozens"} and 0 < current < 100:
            current *= 100 if word == "hundred" else 12
        elif word in SCALES and current > 0 and SCALES[word] < last:
            total, current, last = total + current * SCALES[word], 0, SCALES[word]
        elif word != "and" or not total + current:
            return None
    return total + current


def _may_follow(current: int, value: int) -> bool:
    """Whether a number below a hundred may stand behind what was read: 300 and 5, 20 and 5."""
    if current % 100 == 0:
        return True
    return value < 10 and current % 10 == 0 and current % 100 >= 20
