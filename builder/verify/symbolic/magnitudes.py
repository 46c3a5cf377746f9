"""How large a number is that is too large to be computed: by its logarithm, or beyond even that."""

from collections.abc import Callable, Mapping, Sequence
from math import inf, lgamma, log, log10
from typing import NamedTuple

from .tree import INFINITY, Head, Tree, list_symbols, list_variables

_SLACK = 1e-6
"""Logarithms that are nearer than this share of them may be of the same number."""

_MAX_LOG = 300.0
"""The largest logarithm whose number is a float."""


class Bounds(NamedTuple):
    """What a number lies between."""

    low: float
    """At least this."""
    high: float
    """At most this."""


class NoMagnitudeError(ValueError):
    """A node is no positive number whose size is known."""


def has_other_size(gold: Tree, answer: Tree) -> bool:
    """Whether two numbers are so different in size that they can't be equal. No number is computed for it."""
    trees = (gold, answer)
    if any(list_variables(tree) or INFINITY.name in list_symbols(tree) for tree in trees):
        return False
    try:
        one, two = map(_find_logarithm, trees)
    except (NoMagnitudeError, ArithmeticError, ValueError):
        return False
    return _is_below(one, two) or _is_below(two, one)


def _is_below(one: Bounds, two: Bounds) -> bool:
    return one.high + _SLACK * (1 + abs(one.high)) < two.low


def _find_logarithm(tree: Tree) -> Bounds:
    """Find bounds of the logarithm of a positive number to base 10; infinity where that is no float."""
    find = _FIND.get(tree.name if tree.head is Head.CALL else tree.head)
    if find is None:
        raise NoMagnitudeError
    return find(tree)


def _find_number(tree: Tree) -> Bounds:
    if tree.value <= 0:
        raise NoMagnitudeError
    logarithm = log10(tree.value.numerator) - log10(tree.value.denominator)
    return Bounds(logarithm, logarithm)


def _find_sum(tree: Tree) -> Bounds:
    """Find that of a sum of positive terms: at least the largest, and at most so many times it."""
    terms = [_find_logarithm(part) for part in tree.parts]
    return Bounds(max(term.low for term in terms), max(term.high for term in terms) + log10(len(terms)))


def _find_product(tree: Tree) -> Bounds:
    factors = [_find_logarithm(part) for part in tree.parts]
    return _make_bounds([sum(factor.low for factor in factors), sum(factor.high for factor in factors)])


def _find_power(tree: Tree) -> Bounds:
    base, exponent = tree.parts
    if exponent.head is Head.NUMBER:
        exponents = [float(exponent.value)]
    else:
        bounds = _find_logarithm(exponent)
        exponents = [_raise_ten(bounds.low) * (1 - _SLACK), _raise_ten(bounds.high) * (1 + _SLACK)]
    return _make_bounds([logarithm * times for logarithm in _find_logarithm(base) for times in exponents])


def _find_factorial(tree: Tree) -> Bounds:
    inner = _find_logarithm(tree.parts[0])
    return _make_bounds([lgamma(_raise_ten(end) + 1) / log(10) if end <= _MAX_LOG else inf for end in inner])


def _raise_ten(logarithm: float) -> float:
    return inf if logarithm > _MAX_LOG else 10.0**logarithm


def _make_bounds(ends: Sequence[float]) -> Bounds:
    if any(end != end or end == -inf for end in ends):  # noqa: PLR0124 - not a number
        raise NoMagnitudeError
    return Bounds(min(ends), max(ends))


_FIND: Mapping[str, Callable[[Tree], Bounds]] = {
    Head.NUMBER: _find_number,
    Head.SUM: _find_sum,
    Head.PRODUCT: _find_product,
    Head.POWER: _find_power,
    "factorial": _find_factorial,
}
"""How the size of each kind of node is found."""
