"""Compare two expressions: exactly where that decides, else by the prover."""

from fractions import Fraction
from functools import lru_cache
from math import trunc

from .exact import decide_scalars, make_exact
from .findings import OTHER, SAME, Likeness, Likening, decide, leave_unknown
from .magnitudes import has_other_size
from .polynomials import read_constant
from .proof import estimate_value, prove_pair
from .tree import (
    INFINITY,
    LOG_FACTOR,
    Head,
    NotUnderstoodError,
    Tree,
    list_symbols,
    list_variables,
    make_call,
    make_number,
    make_quotient,
    replace_symbol,
)

SCALARS = frozenset({Head.NUMBER, Head.SYMBOL, Head.SUM, Head.PRODUCT, Head.POWER, Head.CALL})
"""The kinds of nodes that have one value."""

MIN_DIGITS = 6
"""The fewest digits of a decimal that stands for an exact fraction which it rounds."""

_FEW_DIGITS = 3
"""From so many decimals on, a decimal may be meant as the rounded value of a root or the like."""

_LOG_FACTORS = (make_number(1), make_quotient(make_number(1), make_call("ln", make_number(10))))
"""What `log` without a base may mean: the natural logarithm, or the one to base 10."""


@lru_cache(maxsize=8192)
def match_scalars(gold: Tree, answer: Tree) -> Likening:
    """Compare two expressions."""
    if gold == answer:
        return SAME
    symbols = list_symbols(gold) | list_symbols(answer)
    if INFINITY.name in symbols:
        return _match_infinities(gold, answer)
    if LOG_FACTOR.name in symbols:
        return _match_logarithms(gold, answer)
    try:
        is_same = decide_scalars(gold, answer)
    except NotUnderstoodError:
        is_same = None
    except ZeroDivisionError:
        return leave_unknown("a division by zero")
    if is_same:
        return SAME
    rounded = _match_rounded(gold, answer)
    if rounded is not None:
        return rounded
    if is_same is False and (_is_grouped(gold, answer) or _is_grouped(answer, gold)):
        return leave_unknown("a point that may stand between thousands")
    if is_same is None:
        return OTHER if has_other_size(gold, answer) else prove_pair(gold, answer)
    return _leave_case(gold, answer)


def _is_grouped(one: Tree, two: Tree) -> bool:
    """Whether a decimal is the other number where its point stands between thousands: `1.234` for 1234."""
    return one.head is two.head is Head.NUMBER and one.decimals == 3 and one.value * 1000 == two.value


def _leave_case(gold: Tree, answer: Tree) -> Likening:
    """Leave open whether `X` is `x`."""
    names = sorted(list_variables(gold)), sorted(list_variables(answer))
    folded = [sorted(map(str.casefold, side)) for side in names]
    is_case = names[0] != names[1] and folded[0] == folded[1]
    return leave_unknown("the variables differ in case") if is_case else OTHER


def _match_infinities(gold: Tree, answer: Tree) -> Likening:
    signs = [_read_infinity(tree) for tree in (gold, answer)]
    for tree, sign in zip((gold, answer), signs, strict=True):
        if sign == 0 and INFINITY.name in list_symbols(tree):
            return leave_unknown("an expression with infinity")
    return decide(signs[0] == signs[1])


def _read_infinity(tree: Tree) -> int:
    """Read infinity as 1, its negative as -1, and anything else as 0."""
    if tree == INFINITY:
        return 1
    if tree.head is Head.PRODUCT and tree.parts[-1] == INFINITY and len(tree.parts) == 2:
        first = tree.parts[0]
        return 0 if first.head is not Head.NUMBER else (first.value > 0) - (first.value < 0)
    return 0


def _match_logarithms(gold: Tree, answer: Tree) -> Likening:
    """Compare for each base that `log` may have."""
    findings = [
        match_scalars(*(replace_symbol(tree, LOG_FACTOR.name, factor) for tree in (gold, answer)))
        for factor in _LOG_FACTORS
    ]
    if len({finding.likeness for finding in findings}) == 1:
        return findings[0]
    broken = next((finding for finding in findings if finding.likeness is Likeness.BROKEN), None)
    return broken or leave_unknown("log is written without its base")


def _match_rounded(gold: Tree, answer: Tree) -> Likening | None:
    """Compare where one of two expressions that are not the same is a decimal that rounds the other; None elsewhere."""
    for decimal, other in ((gold, answer), (answer, gold)):
        if decimal.head is not Head.NUMBER or not decimal.decimals or list_variables(other):
            continue
        exact = _read_rational(other)
        value = _estimate_fraction(other) if exact is None else exact
        if value is None or not _is_rounded(value, decimal):
            continue
        digits = len(str(abs(decimal.value.numerator * 10**decimal.decimals // decimal.value.denominator)))
        is_enough = min(decimal.decimals, digits) >= MIN_DIGITS
        if exact is None and decimal.decimals >= _FEW_DIGITS:
            return leave_unknown("a rounded value")
        if exact is not None and is_enough and not (other.head is Head.NUMBER and other.decimals):
            return SAME if _is_repeating(exact) else None
    return None


def _read_rational(tree: Tree) -> Fraction | None:
    try:
        return read_constant(make_exact(tree))
    except (NotUnderstoodError, ZeroDivisionError):
        return None


def _is_rounded(value: Fraction, decimal: Tree) -> bool:
    """Whether a decimal is a value that was cut or rounded at its last digit."""
    scaled = value * 10**decimal.decimals
    return decimal.value * 10**decimal.decimals in {trunc(scaled), round(scaled)}


def _estimate_fraction(tree: Tree) -> Fraction | None:
    value = estimate_value(tree)
    return None if value is None else Fraction(value)


def _is_repeating(value: Fraction) -> bool:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest != 1
