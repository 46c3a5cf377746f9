"""A process that proves with math-verify and sympy that two expressions are equal, and tries them at random points.

It reads requests from stdin, one JSON object a line, and answers each. What it is sent is no text of a model but a tree
of ours, and LaTeX that was written from it. Its memory is limited, and the system ends it where a proof does not end.
"""

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from latex2sympy2_extended import latex2sympy
from math_verify import verify
from mpmath import mp

from ....line_process import serve_lines
from ..tree import Head, NotUnderstoodError, Tree, list_symbols, list_variables
from .numeric import NumberLibrary, compute_value

MEMORY = 200 << 20
"""Bytes that proofs may take beyond what the libraries take."""

DIGITS = 60
"""Digits of the values at random points."""

_SAME, _OTHER = Fraction(1, 10**40), Fraction(1, 10**20)
"""Below the first difference, relative to the values, they agree; above the second they don't."""

_RANGES = (*((0.1, 1.4),) * 4, *((1.6, 9.7),) * 4, *((-6.3, 6.3),) * 4)
"""Where variables are tried. What holds for positive numbers alone is left undecided."""

_POSITIVE = 8
"""So many of the ranges are positive."""

_ERRORS = (NotUnderstoodError, ArithmeticError, ValueError, TypeError, AttributeError, LookupError, RuntimeError)


def main() -> None:
    """Answer requests until stdin ends."""
    mp.dps = DIGITS
    serve_lines(_decide_pair, MEMORY)


def _decide_pair(request: Mapping[str, Any]) -> dict[str, str]:
    """Say whether the values agree, and if so whether the expressions are proved to be equal."""
    try:
        values = compare_values(*(read_tree(tree) for tree in request["trees"]))
        is_proved = values == "agree" and any(prove_equality(*latex) for latex in request["latex"])
    except MemoryError:
        return {"error": "it takes too much memory"}
    except RecursionError:
        return {"error": "it is nested too deep"}
    return {"values": values, "proof": "proved" if is_proved else "none"}


def prove_equality(left: str, right: str) -> bool:
    """Whether math-verify finds two expressions equal."""
    is_real = None if "I" in left + right else True
    try:
        one, two = (latex2sympy(text, is_real=is_real, normalization_config=None) for text in (left, right))
        return bool(verify([one], [two], timeout_seconds=None))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever a library raises, nothing is proved
        return False


def read_tree(data: Sequence[Any]) -> Tree:
    """Read a tree out of JSON."""
    head, name, value, parts = data
    return Tree(Head(head), tuple(map(read_tree, parts)), name, Fraction(value))


# Values at random points


def compare_values(left: Tree, right: Tree) -> str:
    """Compare two expressions at random points: they agree, differ, or that is unclear."""
    names = sorted(list_variables(left) | list_variables(right))
    is_complex = "i" in list_symbols(left) | list_symbols(right)
    chance = random.Random(repr((left, right)))  # noqa: S311 - the same points for the same pair
    if not names:
        found = _compare_point(left, right, {}, is_complex=is_complex)
        return found or (_compare_point(left, right, {}, is_complex=True) or "unclear")
    results = []
    for low, high in _RANGES:
        values = {name: mp.mpf(chance.uniform(low, high)) for name in names}
        results.append(_compare_point(left, right, values, is_complex=is_complex))
    positive = [result for result in results[:_POSITIVE] if result]
    others = [result for result in results[_POSITIVE:] if result]
    if len(positive) >= 3 and {*positive, *others} == {"agree"}:
        return "agree"
    return "differ" if positive.count("differ") >= 2 else "unclear"


def _compare_point(left: Tree, right: Tree, values: Mapping[str, Any], *, is_complex: bool) -> str | None:
    """Compare two expressions at one point; None where one has no value there."""
    library = _COMPLEX if is_complex else _REAL
    try:
        one, two = (compute_value(tree, values, library) for tree in (left, right))
    except _ERRORS:
        return None
    scale = max(mp.mpf(1), abs(one), abs(two))
    if not mp.isfinite(scale):
        return None
    difference = abs(one - two) / scale
    if difference <= _convert(_SAME):
        return "agree"
    return "differ" if difference >= _convert(_OTHER) else "unclear"


def _convert(value: Fraction) -> Any:
    return mp.mpf(value.numerator) / value.denominator


def _refuse_complex(function: Any) -> Any:
    """Make a function that has real values only."""

    def compute(*values: Any) -> Any:
        result = function(*values)
        if isinstance(result, mp.mpc):
            raise NotUnderstoodError("no real value")
        return result

    return compute


_NAMES = {
    "sqrt": "sqrt", "ln": "log", "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccot": "acot", "sinh": "sinh", "cosh": "cosh",
    "tanh": "tanh", "factorial": "factorial", "binomial": "binomial", "abs": "fabs", "floor": "floor", "ceil": "ceil",
}  # fmt: skip
_CONSTANTS = {"pi": mp.pi, "e": mp.e}
_COMPLEX = NumberLibrary(_convert, {name: getattr(mp, own) for name, own in _NAMES.items()}, _CONSTANTS | {"i": mp.j})
_REAL = NumberLibrary(
    _convert,
    {name: _refuse_complex(getattr(mp, own)) for name, own in _NAMES.items()},
    _CONSTANTS,
    _refuse_complex(pow),
)


if __name__ == "__main__":
    main()
