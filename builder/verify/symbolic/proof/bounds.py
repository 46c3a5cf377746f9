"""What an expression may be before anybody computes with it: nothing here grows beyond what the bounds say."""

from fractions import Fraction
from math import prod

from ..tree import Head, NotUnderstoodError, Tree

MAX_NODES = 200
"""The most nodes of an expression."""

MAX_DIGITS = 300
"""The most digits of a number, written or to the power of another."""

MAX_EXPANSION = 100
"""The largest whole exponent of a sum that is expanded by a library."""


def check_bounds(tree: Tree) -> None:
    """Check that an expression can be computed with.

    Raises:
        NotUnderstoodError: it has too many nodes, a tower of powers, or numbers, exponents or factorials out of bounds.
    """
    if count_nodes(tree) > MAX_NODES:
        raise NotUnderstoodError(f"more than {MAX_NODES} nodes")
    _check_node(tree)


def count_nodes(tree: Tree) -> int:
    """Count the nodes of a tree."""
    return 1 + sum(map(count_nodes, tree.parts))


def _check_node(tree: Tree) -> None:
    if tree.head is Head.NUMBER and max(abs(tree.value.numerator), tree.value.denominator) >= 10**MAX_DIGITS:
        raise NotUnderstoodError("a number out of bounds")
    if tree.head is Head.POWER:
        _check_power(*tree.parts)
    if tree.head is Head.CALL and tree.name in {"factorial", "binomial"}:
        _check_factorial(tree)
    for part in tree.parts:
        _check_node(part)


def _check_power(base: Tree, exponent: Tree) -> None:
    if _has_power(exponent):
        raise NotUnderstoodError("a tower of powers")
    size = _bound_size(exponent)
    if base.head is Head.NUMBER and base.value not in {-1, 0, 1}:
        digits = len(str(max(abs(base.value.numerator), base.value.denominator)))
        if size * digits > MAX_DIGITS:
            raise NotUnderstoodError("a power out of bounds")
    elif size > (MAX_EXPANSION if base.head is Head.SUM else MAX_DIGITS):
        raise NotUnderstoodError("an exponent out of bounds")


def _has_power(tree: Tree) -> bool:
    """Whether an exponent holds a power that grows: not one that is a root or a quotient."""
    is_growing = (tree.head is Head.POWER and tree.parts[1].head is Head.NUMBER and tree.parts[1].value > 3) or (
        tree.head is Head.POWER and tree.parts[1].head is not Head.NUMBER
    )
    return is_growing or any(map(_has_power, tree.parts))


def _bound_size(tree: Tree) -> Fraction:
    """Find a number that the absolute value of an exponent stays below, its variables taken as one."""
    if tree.head is Head.NUMBER:
        return abs(tree.value)
    parts = [_bound_size(part) for part in tree.parts]
    if tree.head is Head.SUM:
        return sum(parts, Fraction(0))
    if tree.head is Head.PRODUCT:
        return min(prod((max(part, Fraction(1)) for part in parts), start=Fraction(1)), Fraction(10**9))
    if tree.head is Head.POWER:
        return min(max(parts[0], Fraction(1)) ** 3, Fraction(10**9))
    is_growing = tree.head is Head.CALL and tree.name in {"factorial", "binomial", "sinh", "cosh"}
    return Fraction(10**9) if is_growing else max([Fraction(1), *parts])


def _check_factorial(tree: Tree) -> None:
    inner = tree.parts[0]
    if inner.head is Head.NUMBER and inner.value > 100:
        raise NotUnderstoodError("a factorial out of bounds")
    if _has_call(inner, "factorial") or _has_power(inner):
        raise NotUnderstoodError("a factorial of what grows")


def _has_call(tree: Tree, name: str) -> bool:
    return (tree.head is Head.CALL and tree.name == name) or any(_has_call(part, name) for part in tree.parts)
