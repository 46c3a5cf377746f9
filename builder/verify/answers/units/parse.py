"""Find the unit behind a number, and bring it to the base unit of what it measures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache

from ....languages import has_unspaced
from .names import (
    AMBIGUOUS,
    CASED,
    COMPOUNDS,
    CUBED,
    CUBIC,
    NAMES,
    POWERS,
    SINGLE,
    SQUARE,
    SQUARED,
    TEMPERATURES,
)

LONGEST = 60
"""The most characters of a unit with all its parts."""

_WORD = re.compile(r"°\s?[CF](?![^\W\d_])|[$€£¥₹₩₽¢°]|[A-Za-z]{1,3}\$|[^\W\d_]{1,24}")
_POWER = re.compile(r"\s?\^\s?\(?([23])\)?(?!\d)|([23])(?!\d)")
_BLANK = re.compile(r"\s{0,3}(?:[*_]{1,2}(?=[^\W\d_]))?")
_PER = re.compile(r"\s?/\s?(?=[^\W\d_])|\s(?:per|an?|each|every|pro|par|por)\s(?=[^\W\d_])|/?每")
_FOLDED_CASED = frozenset(word.casefold() for word in CASED)
_MOST_CHARACTERS = 5
"""The most characters of the name of a unit in a script without blanks."""
_UNSPACED_POWERS = {"平方": 2, "立方": 3}


@dataclass(frozen=True, slots=True)
class MeasureUnit:
    """A unit of measure."""

    measure: str
    """What it measures, in base units: `length^2`, `length/time`, `money:usd`."""
    factor: Fraction
    """Its size in the base unit."""
    shift: Fraction = Fraction(0)
    """What is added to a number before it is multiplied, as for degrees Celsius."""
    twins: tuple["MeasureUnit", ...] = ()
    """Other meanings of the same name: a pound is a weight and a sum of money."""

    @property
    def meanings(self) -> tuple["MeasureUnit", ...]:
        """All meanings of the name."""
        return self, *self.twins


def match_unit(text: str, start: int = 0) -> tuple[MeasureUnit, int] | None:
    """Find the unit at a place of a plain text, blanks before it aside.

    Returns:
        The unit, and one past its last character; None where no known unit stands there.

    >>> match_unit("5 km/h, as said", 1)[0].measure, match_unit("5 pens", 1)
    ('length/time', None)
    """
    blank = _BLANK.match(text, start)
    start = blank.end() if blank else start
    if start >= len(text):
        return None
    found = _match_power(text, start)
    if found is None:
        return None
    return match_rate(text, *found)


def match_rate(text: str, unit: MeasureUnit, end: int) -> tuple[MeasureUnit, int]:
    """Divide a unit by those that follow it: `/h`, `per hour`."""
    for _ in range(2):
        below = _match_denominator(text, end)
        if below is None:
            break
        unit, end = _divide(unit, below[0]), below[1]
    return unit, end


def _match_denominator(text: str, start: int) -> tuple[MeasureUnit, int] | None:
    per = _PER.match(text, start, start + LONGEST)
    return None if per is None else _match_power(text, per.end())


def _match_power(text: str, start: int) -> tuple[MeasureUnit, int] | None:
    """Match a unit with its power: `square feet`, `m^2`, `平方米`."""
    if has_unspaced(text[start : start + 1]):
        return _match_unspaced(text, start)
    first = _WORD.match(text, start)
    if first is None:
        return None
    power = 2 if first[0].casefold() in SQUARE else 3 if first[0].casefold() in CUBIC else 1
    if power > 1:
        point = text[first.end() : first.end() + 1] == "."
        found = _match_name(text, _skip_blank(text, first.end() + point))
        return None if found is None else (_raise_unit(found[0], power), found[1])
    found = _match_name(text, start)
    return None if found is None else _add_power(text, *found)


def _skip_blank(text: str, start: int) -> int:
    return start + (text[start : start + 1] == " ")


def _add_power(text: str, unit: MeasureUnit, end: int) -> tuple[MeasureUnit, int]:
    """Add the power behind a unit: `m^2`, `m2`, `feet squared`."""
    power = _POWER.match(text, end)
    if power is not None:
        return _raise_unit(unit, int(power[1] or power[2])), power.end()
    word = _WORD.match(text, _skip_blank(text, end))
    folded = word[0].casefold() if word else ""
    if word is not None and folded in SQUARED | CUBED:
        return _raise_unit(unit, 2 if folded in SQUARED else 3), word.end()
    return unit, end


def _match_name(text: str, start: int) -> tuple[MeasureUnit, int] | None:
    """Match a name of one word or two."""
    first = _WORD.match(text, start)
    if first is None:
        return None
    second = _WORD.match(text, first.end() + 1) if text[first.end() : first.end() + 1] == " " else None
    if second is not None:
        both = _find_unit(f"{first[0]} {second[0]}")
        if both is not None:
            return both, second.end()
    if first[0].casefold() == "in" and re.match(r"\s?[^\W\d_]", text[first.end() : first.end() + 2]):
        return None  # 5 in total
    unit = _find_unit(first[0])
    return None if unit is None else (unit, first.end())


def _match_unspaced(text: str, start: int) -> tuple[MeasureUnit, int] | None:
    """Match a unit in a script without blanks: the longest name that begins here."""
    power = _UNSPACED_POWERS.get(text[start : start + 2], 1)
    start += 2 if power > 1 else 0
    for size in range(_MOST_CHARACTERS, 0, -1):
        unit = _find_unit(text[start : start + size]) if start + size <= len(text) else None
        if unit is not None:
            return _raise_unit(unit, power), start + size
    return None


@cache
def _list_units() -> dict[str, MeasureUnit]:
    """List the units by their names."""
    units = dict(_list_names())
    for name, (size, shift) in TEMPERATURES.items():
        units[name] = MeasureUnit("temperature", Fraction(size), Fraction(shift))
    units["degrees celsius"] = units["degree celsius"] = units["degrees c"] = units["celsius"]
    units["degrees fahrenheit"] = units["degree fahrenheit"] = units["degrees f"] = units["fahrenheit"]
    for name, (above, below) in COMPOUNDS.items():
        units[name] = _divide(units[above], units[below])
    ambiguous = {
        name: tuple(units[meaning.replace("_", " ")] for meaning in meanings) for name, meanings in AMBIGUOUS.items()
    }
    for name, (first, *others) in ambiguous.items():
        units[name] = replace(first, twins=tuple(others))
    return units


def _list_names() -> Iterator[tuple[str, MeasureUnit]]:
    for measure, sizes in NAMES.items():
        power = POWERS.get(measure)
        base = measure if power is None else _write_measure({"length": power})
        for size, names in sizes.items():
            factor = Fraction(size)
            for name in names.split():
                yield name.replace("_", " ").casefold() if len(name) > 1 else name, MeasureUnit(base, factor)


@lru_cache(maxsize=4096)
def _find_unit(word: str) -> MeasureUnit | None:
    """Find the unit of this name, in its singular or plural."""
    units = _list_units()
    if len(word) == 1:
        return units.get(word) if word in SINGLE or not word.isascii() else None
    folded = word.casefold().replace("  ", " ")
    if folded in _FOLDED_CASED and word not in CASED:
        return None
    forms = (folded, *(folded.removesuffix(end) for end in ("s", "es", "n", "en") if len(folded) - len(end) > 2))
    return next((units[form] for form in forms if form in units), None)


def _parse_measure(measure: str) -> dict[str, int]:
    """Take a measure apart: its bases with their powers."""
    bases: dict[str, int] = {}
    above, *below = measure.split("/")
    for sign, part in [(1, above), *((-1, item) for item in below)]:
        for base in filter(None, part.split("*")):
            name, _, power = base.partition("^")
            bases[name] = bases.get(name, 0) + sign * int(power or 1)
    return bases


def _write_measure(bases: dict[str, int]) -> str:
    names = sorted(base for base in bases if bases[base])
    above = [name if bases[name] == 1 else f"{name}^{bases[name]}" for name in names if bases[name] > 0]
    below = [name if bases[name] == -1 else f"{name}^{-bases[name]}" for name in names if bases[name] < 0]
    return "/".join(["*".join(above), *below])


def _raise_unit(unit: MeasureUnit, power: int) -> MeasureUnit:
    if power == 1:
        return unit
    bases = {base: count * power for base, count in _parse_measure(unit.measure).items()}
    return MeasureUnit(_write_measure(bases), unit.factor**power)


def _divide(unit: MeasureUnit, below: MeasureUnit) -> MeasureUnit:
    bases = _parse_measure(unit.measure)
    for base, count in _parse_measure(below.measure).items():
        bases[base] = bases.get(base, 0) - count
    twins = tuple(_divide(twin, below) for twin in unit.twins)
    return MeasureUnit(_write_measure(bases), unit.factor / below.factor, twins=twins)


def list_sizes(measure: str) -> frozenset[Fraction]:
    """List the sizes of all units of a measure."""
    return _collect_sizes().get(measure, frozenset())


@cache
def _collect_sizes() -> dict[str, frozenset[Fraction]]:
    sizes: dict[str, set[Fraction]] = {}
    for unit in _list_units().values():
        sizes.setdefault(unit.measure, set()).add(unit.factor)
    return {measure: frozenset(found) for measure, found in sizes.items()}
