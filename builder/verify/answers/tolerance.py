"""Numbers that are near enough, where a recipe says how near: exact fractions, units converted first.

A tolerance is about plain numbers. Bounds (`at least 5`), denials, factorials, a percentage beside a number, two things
that are counted, and units of other measures are left to the exact comparison.
"""

from fractions import Fraction

from ....schemas.recipe import Tolerance
from .bounds import Bound
from .equality import is_same_noun
from .grammar import Quantity
from .numbers import read_quantity
from .units import MeasureUnit


def is_within(gold: str, answer: str, tolerance: Tolerance) -> bool:
    """Whether two numbers are read, are of one kind, and differ by no more than a tolerance.

    >>> is_within("3.14", "22/7", Tolerance(relative=0.01)), is_within("3.14", "3.2", Tolerance(relative=0.01))
    (True, False)
    """
    left, right = read_quantity(gold), read_quantity(answer)
    if left is None or right is None or not _is_comparable(left, right):
        return False
    found = {_is_near(left.value, value, tolerance) for value in _convert(left, right)}
    return found == {True}


def _is_comparable(gold: Quantity, answer: Quantity) -> bool:
    is_plain = gold.bound is answer.bound is Bound.NONE and gold.percent is answer.percent
    is_labelled = (gold.unit is None) is not (answer.unit is None) and bool(gold.noun or answer.noun)
    is_same = not (gold.noun and answer.noun) or is_same_noun(gold.noun, answer.noun)
    return is_plain and is_same and not is_labelled


def _convert(gold: Quantity, answer: Quantity) -> list[Fraction]:
    """Convert an answer to the unit of the gold answer, in every meaning that the names of the units share."""
    if gold.unit is None or answer.unit is None:
        return [answer.value]
    return [
        _convert_value(answer.value, right, left)
        for left in gold.unit.meanings
        for right in answer.unit.meanings
        if left.measure == right.measure
    ]


def _convert_value(value: Fraction, unit: MeasureUnit, wanted: MeasureUnit) -> Fraction:
    return (value + unit.shift) * unit.factor / wanted.factor - wanted.shift


def _is_near(gold: Fraction, answer: Fraction, tolerance: Tolerance) -> bool:
    """Whether a number is near enough. A decimal of the recipe is what it says: 0.01 is one hundredth."""
    if tolerance.absolute is not None:
        return abs(gold - answer) <= Fraction(str(tolerance.absolute))
    return abs(gold - answer) <= Fraction(str(tolerance.relative)) * abs(gold)
