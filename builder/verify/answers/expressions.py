"""Expressions of mathematics, in LaTeX or plain characters: read and compared."""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from ..symbolic import Likeness, match_symbolic
from .numbers import read_quantity
from .outcomes import Comparison, ComparisonOutcome

_OUTCOMES: Mapping[Likeness, ComparisonOutcome] = {
    Likeness.SAME: ComparisonOutcome.EQUAL,
    Likeness.OTHER: ComparisonOutcome.DIFFERENT,
    Likeness.UNKNOWN: ComparisonOutcome.UNDECIDED,
    Likeness.BROKEN: ComparisonOutcome.FAILED,
}


_WORD = re.compile(r"[^\W\d_]{1,30}(?:/[^\W\d_]{1,30})?")


def compare_expressions(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    r"""Compare two expressions.

    >>> compare_expressions(r"\frac{\sqrt3}{2}", "√3/2").outcome
    <ComparisonOutcome.EQUAL: 'equal'>
    """
    if gold.split() and gold.split() == answer.split():
        return Comparison(outcome=ComparisonOutcome.EQUAL)
    finding = match_symbolic(gold, answer, measure_unit)
    return Comparison(outcome=_OUTCOMES[finding.likeness], detail=finding.detail or None)


@lru_cache(maxsize=512)
def measure_unit(word: str) -> tuple[str, Fraction] | None:
    """Say what a unit measures, and how large it is in the base unit of that; None where it is no unit.

    Temperatures are left out: their scales begin at different points.
    """
    quantity = read_quantity(f"1 {word}") if _WORD.fullmatch(word) else None
    if quantity is None or not quantity.measure or quantity.measure == "temperature":
        return None
    return quantity.measure, quantity.value * quantity.factor
