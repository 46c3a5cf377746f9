"""Values with units: the same measure in other units, percent, degrees, and values whose unit was left out."""

import re
from collections.abc import Callable
from fractions import Fraction

from .exact import make_exact
from .findings import OTHER, Likeness, Likening, leave_unknown
from .polynomials import ONE
from .tree import (
    DEGREE,
    RADIANS,
    Head,
    NotUnderstoodError,
    Tree,
    list_symbols,
    list_variables,
    make_number,
    make_product,
    replace_symbol,
)

UnitReader = Callable[[str], tuple[str, Fraction] | None]
Match = Callable[[Tree, Tree], Likening]

_POWERS = re.compile(r"^(square|sq\.?|cubic|cu\.?) (\S+)$")
_DROPPED = re.compile(r"\s*([/^])\s*")
_DEGREES = "degree"
_COUNTED = frozenset(
    "unit unit^2 unit^3 way people person student solution point integer pair value triangle %".split()
) | {_DEGREES, "dollar"}
"""What may stand behind a number that has nothing behind it in the other answer, besides units that measure."""

_PERCENT = frozenset({"%", "percent"})


def match_quantities(gold: Tree, answer: Tree, measure_unit: UnitReader, match: Match) -> Likening:
    """Compare two values of which at least one has a unit."""
    units = [_read_unit(tree) for tree in (gold, answer)]
    values = [tree.parts[0] if tree.head is Head.QUANTITY else tree for tree in (gold, answer)]
    if units[0] == units[1]:
        return match(*values)
    if not all(units):
        unit = units[0] or units[1]
        is_known = unit in _COUNTED or unit.startswith("base ") or _measure(unit, measure_unit) is not None
        return _match_bare(values, units, match, is_known=is_known)
    measures = [_measure(unit, measure_unit) for unit in units]
    found = match(*values)
    if None in measures:
        return found if found.likeness is Likeness.OTHER else leave_unknown("units that are not known")
    (kind, factor), (other, size) = [measure for measure in measures if measure is not None]
    if kind != other:
        return OTHER
    return match(make_product(make_number(factor), values[0]), make_product(make_number(size), values[1]))


def _read_unit(tree: Tree) -> str:
    """Read the unit of a value in one spelling."""
    if tree.head is not Head.QUANTITY:
        return ""
    unit = _DROPPED.sub(r"\1", tree.name.strip(" ."))
    power = _POWERS.match(unit)
    if power:
        unit = f"{power[2]}^{2 if power[1].startswith('s') else 3}"
    stem, caret, exponent = unit.partition("^")
    if len(stem) > 3 and stem.endswith("s"):
        stem = stem.removesuffix("s").lower()
    return "%" if stem in _PERCENT else f"{stem}{caret}{exponent}"


def _measure(unit: str, measure_unit: UnitReader) -> tuple[str, Fraction] | None:
    stem, _, exponent = unit.partition("^")
    found = measure_unit(stem)
    if found is None or (exponent and exponent not in {"2", "3"}):
        return None
    power = int(exponent or 1)
    return f"{found[0]}^{power}", found[1] ** power


def _match_bare(values: list[Tree], units: list[str], match: Match, *, is_known: bool) -> Likening:
    """Compare two values of which one has no unit."""
    unit = units[0] or units[1]
    if bool(list_variables(values[0])) is not bool(list_variables(values[1])):
        return leave_unknown("a value with a unit and one with a variable")
    found = match(*values)
    if unit == "%":
        return _match_percent(values, found, match, is_gold=bool(units[0]))
    if unit.startswith("base "):
        is_left_out = units[0] and found.likeness is Likeness.SAME
        return found if is_left_out else leave_unknown("a number in another base")
    if unit == _DEGREES and found.likeness is Likeness.OTHER:
        radians = [make_product(value, RADIANS) if own else value for value, own in zip(values, units, strict=True)]
        return match(*radians)
    return found if is_known or found.likeness is not Likeness.SAME else leave_unknown(f"the words {unit}")


def _match_percent(values: list[Tree], found: Likening, match: Match, *, is_gold: bool) -> Likening:
    """Compare a percentage with a number: a gold one may lose its sign, and a gold number may be written as one."""
    share = [make_product(value, make_number(Fraction(1, 100))) for value in values]
    shared = match(share[0], values[1]) if is_gold else match(values[0], share[1])
    if not is_gold and shared.likeness is Likeness.SAME:
        return shared
    if is_gold and found.likeness is Likeness.SAME and values[0].head is Head.NUMBER and values[0].value > 1:
        return found
    is_same = Likeness.SAME in {found.likeness, shared.likeness}
    return leave_unknown("a percentage and a number") if is_same else found


def read_degrees(tree: Tree) -> Tree:
    """Read a value in degrees as one with a unit; within an expression, as a number."""
    if DEGREE.name not in list_symbols(tree):
        return tree
    if tree.parts and tree.head not in {Head.SUM, Head.PRODUCT, Head.POWER, Head.CALL}:
        parts = tuple(map(read_degrees, tree.parts))
        return Tree(tree.head, parts, tree.name, tree.value, tree.decimals)
    one, two = (replace_symbol(tree, DEGREE.name, make_number(number)) for number in (1, 2))
    try:
        is_multiple = make_exact(tree).den == ONE and make_exact(make_product(make_number(2), one)) == make_exact(two)
    except (NotUnderstoodError, ZeroDivisionError):
        is_multiple = False
    return Tree(Head.QUANTITY, (one,), _DEGREES) if is_multiple else replace_symbol(tree, DEGREE.name, RADIANS)
