"""Compute the value of an expression with the functions of a library: Python's own floats, or one of many digits."""

import cmath
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..tree import Head, NotUnderstoodError, Tree

MAX_POWER = 2000
"""The largest absolute exponent."""


@dataclass(frozen=True, slots=True)
class NumberLibrary:
    """What computes: how a fraction becomes a number, and the functions by their names."""

    convert: Callable[[Fraction], Any]
    """Turns a fraction into a number."""
    functions: Mapping[str, Callable[..., Any]]
    """Functions by name: sqrt, exp, ln, sin and the others."""
    constants: Mapping[str, Any]
    """The values of pi, e and i."""
    raise_number: Callable[[Any, Any], Any] = pow
    """Raises a number to a power that is not whole."""


def compute_value(tree: Tree, variables: Mapping[str, Any], library: NumberLibrary) -> Any:
    """Compute the value of an expression.

    Args:
        tree: the expression.
        variables: the value of each variable.
        library: what computes.

    Raises:
        NotUnderstoodError: it has no value, or goes beyond the bounds.
        ArithmeticError: the library found none.
    """
    if tree.head is Head.NUMBER:
        return library.convert(tree.value)
    if tree.head is Head.SYMBOL:
        value = variables.get(tree.name, library.constants.get(tree.name))
        if value is None:
            raise NotUnderstoodError(f"{tree.name} has no value")
        return value
    parts = [compute_value(part, variables, library) for part in tree.parts]
    if tree.head is Head.SUM:
        return sum(parts[1:], parts[0])
    if tree.head is Head.PRODUCT:
        return math.prod(parts[1:], start=parts[0])
    if tree.head is Head.POWER:
        return _raise_number(tree, parts[0], parts[1], library)
    if tree.head is Head.CALL:
        return _call_function(tree, parts, library)
    raise NotUnderstoodError(f"a {tree.head.value} has no value")


def _raise_number(tree: Tree, base: Any, exponent: Any, library: NumberLibrary) -> Any:
    if abs(exponent) > MAX_POWER:
        raise NotUnderstoodError("an exponent out of bounds")
    if base == 0 and (exponent.real <= 0 or exponent.imag):
        raise NotUnderstoodError("a power of zero")
    power = tree.parts[1]
    if power.head is Head.NUMBER and power.value.denominator == 1:
        return base ** int(power.value)
    return library.raise_number(base, exponent)


def _call_function(tree: Tree, parts: list[Any], library: NumberLibrary) -> Any:
    if tree.name == "root":
        return _take_root(parts[0], parts[1], library)
    function = library.functions.get(tree.name)
    if function is None:
        raise NotUnderstoodError(f"the function {tree.name}")
    return function(*parts)


def _take_root(base: Any, degree: Any, library: NumberLibrary) -> Any:
    """Take a root; of a negative number and an odd degree, the real one."""
    if degree == 2:
        return library.functions["sqrt"](base)
    if base == 0:
        return base
    if degree.imag or degree.real < 2:
        raise NotUnderstoodError("a root of an unknown degree")
    one = library.convert(Fraction(1))
    is_negative = not base.imag and base.real < 0 and degree.real % 2 == 1
    root = library.raise_number(-base if is_negative else base, one / degree)
    return -root if is_negative else root


def _read_real(function: Callable[[float], float]) -> Callable[[complex], complex]:
    def compute(value: complex) -> complex:
        if value.imag:
            raise NotUnderstoodError("a complex number has no such value")
        return complex(function(value.real))

    return compute


FLOATS = NumberLibrary(
    convert=lambda value: complex(value.numerator / value.denominator),
    functions={
        "sqrt": cmath.sqrt, "ln": cmath.log, "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan,
        "cot": lambda value: 1 / cmath.tan(value), "sec": lambda value: 1 / cmath.cos(value),
        "csc": lambda value: 1 / cmath.sin(value), "arcsin": cmath.asin, "arccos": cmath.acos, "arctan": cmath.atan,
        "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "abs": lambda value: complex(abs(value)),
        "floor": _read_real(math.floor), "ceil": _read_real(math.ceil),
    },
    constants={"pi": complex(math.pi), "e": complex(math.e), "i": 1j},
)  # fmt: skip
"""Numbers of sixteen digits."""


def estimate_value(tree: Tree) -> float | None:
    """Estimate the value of an expression without variables; None where it has no real one, or one that is infinite."""
    try:
        value = complex(compute_value(tree, {}, FLOATS))
    except (NotUnderstoodError, ArithmeticError, ValueError):
        return None
    is_real = abs(value.imag) <= 1e-12 * max(1.0, abs(value.real))
    return value.real if is_real and math.isfinite(value.real) else None
