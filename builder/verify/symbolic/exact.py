"""Turn expressions into exact quotients of polynomials, as far as that is possible without looking into functions."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache, reduce
from math import ceil, comb, factorial, floor, gcd, lcm

from .polynomials import (
    MAX_EXPONENT,
    ONE,
    Monomial,
    Ratio,
    add_ratios,
    factorize,
    is_decidable,
    list_atoms,
    make_atom,
    make_constant,
    multiply_ratios,
    raise_number,
    raise_ratio,
    read_constant,
    read_content,
    write_key,
    write_monomial,
)
from .tree import Head, NotUnderstoodError, Tree

_NAMED: Mapping[str, Ratio] = {"pi": make_atom("pi"), "e": make_atom("e:"), "i": make_atom("i")}
_HALF = Fraction(1, 2)


@lru_cache(maxsize=4096)
def make_exact(tree: Tree) -> Ratio:
    """Turn an expression into an exact quotient.

    Raises:
        NotUnderstoodError: it is no expression, or beyond the bounds.
        ZeroDivisionError: it divides by zero.
    """
    if tree.head is Head.NUMBER:
        return make_constant(tree.value)
    if tree.head is Head.SYMBOL:
        if tree.name in {"oo", "±"}:
            raise NotUnderstoodError("no number")
        return _NAMED.get(tree.name) or make_atom(f"v:{tree.name}")
    if tree.head is Head.SUM:
        return reduce(add_ratios, map(make_exact, tree.parts))
    if tree.head is Head.PRODUCT:
        return reduce(multiply_ratios, map(make_exact, tree.parts))
    if tree.head is Head.POWER:
        return _make_power(make_exact(tree.parts[0]), make_exact(tree.parts[1]))
    if tree.head is Head.CALL:
        return _make_call(tree.name, [make_exact(part) for part in tree.parts])
    raise NotUnderstoodError(f"a {tree.head.value} within an expression")


def _make_power(base: Ratio, exponent: Ratio) -> Ratio:
    number = read_constant(exponent)
    if number is not None and number.denominator == 1:
        if base == _NAMED["i"]:
            number %= 4
        if abs(number) > MAX_EXPONENT:
            raise NotUnderstoodError("an exponent out of bounds")
        return raise_ratio(base, int(number))
    value = read_constant(base)
    if number is not None:
        return _make_fractional(base, value, number)
    if value is not None and value > 0:
        return _raise_by_terms(exponent, lambda term: raise_number(value, term), f"x:{value}", value)
    if base == _NAMED["e"]:
        return _raise_by_terms(exponent, lambda term: make_atom("e:", term), "e", None)
    return make_atom(f"w:({write_key(base)})^({write_key(exponent)})")


def _make_fractional(base: Ratio, value: Fraction | None, exponent: Fraction) -> Ratio:
    """Raise to a power that is not whole."""
    if value is not None and value > 0:
        return raise_number(value, exponent)
    if value == 0 and exponent > 0:
        return make_constant(0)
    if value is not None and value < 0 and exponent.denominator == 2:
        return multiply_ratios(raise_number(-value, exponent), raise_ratio(make_atom("i"), exponent.numerator))
    single = _get_single(base)
    if single is not None and single[0] > 0 and len(single[1]) == 1:
        coefficient, ((atom, power),) = single
        if power == 1 or atom == "e:" or atom.startswith("p:"):
            return multiply_ratios(raise_number(coefficient, exponent), _raise_atom(atom, power * exponent))
    if base.den == ONE and base.num:
        content = read_content(base.num)
        rest = {monomial: term / content for monomial, term in base.num.items()}
        return multiply_ratios(raise_number(content, exponent), make_atom(f"r:{write_key(Ratio(rest))}", exponent))
    return make_atom(f"r:{write_key(base)}", exponent)


def _raise_atom(atom: str, exponent: Fraction) -> Ratio:
    return raise_number(Fraction(int(atom[2:])), exponent) if atom.startswith("p:") else make_atom(atom, exponent)


def _get_single(ratio: Ratio) -> tuple[Fraction, Monomial] | None:
    """Get the coefficient and the monomial of a quotient that has one term."""
    if ratio.den != ONE or len(ratio.num) != 1:
        return None
    ((monomial, coefficient),) = ratio.num.items()
    return coefficient, monomial


def _raise_by_terms(
    exponent: Ratio, raise_constant: Callable[[Fraction], Ratio], atom: str, value: Fraction | None
) -> Ratio:
    """Raise a number to a sum, as the product of its powers by each term."""
    if exponent.den != ONE:
        return make_atom(f"{atom}:({write_key(exponent)})")
    result = make_constant(1)
    for monomial, coefficient in exponent.num.items():
        turn = coefficient * 2
        if not monomial:
            factor = raise_constant(coefficient)
        elif value is None and monomial == (("i", Fraction(1)), ("pi", Fraction(1))) and turn.denominator == 1:
            factor = raise_ratio(make_atom("i"), int(turn) % 4)
        elif value is None and len(monomial) == 1 and monomial[0][0].startswith("l:") and monomial[0][1] == 1:
            factor = raise_number(Fraction(int(monomial[0][0][2:])), coefficient)
        elif value is not None:
            factor = _raise_primes(value, monomial, coefficient)
        else:
            factor = make_atom(f"e:{write_monomial(monomial)}", coefficient)
        result = multiply_ratios(result, factor)
    return result


def _raise_primes(value: Fraction, monomial: Monomial, coefficient: Fraction) -> Ratio:
    result = make_constant(1)
    for number, sign in ((value.numerator, 1), (value.denominator, -1)):
        for prime, count in factorize(number):
            atom = make_atom(f"x:{prime}:{write_monomial(monomial)}", sign * count * coefficient)
            result = multiply_ratios(result, atom)
    return result


def _make_call(name: str, arguments: list[Ratio]) -> Ratio:
    values = [read_constant(argument) for argument in arguments]
    known = [value for value in values if value is not None]
    if name == "root":
        return _make_root(arguments[0], values)
    if name == "ln":
        return _make_logarithm(arguments[0])
    if name in _COMPUTED and len(known) == len(values):
        return make_constant(_COMPUTED[name](*known))
    if name == "abs":
        return _make_absolute(arguments[0])
    if name in {"gcd", "lcm", "max", "min"} and len(known) != len(values):
        raise NotUnderstoodError(f"{name} of what is no number")
    return make_atom(f"f:{name}({','.join(map(write_key, arguments))})")


def _make_root(base: Ratio, values: list[Fraction | None]) -> Ratio:
    value, degree = values
    if degree is None or degree < 2 or degree.denominator != 1:
        raise NotUnderstoodError("a root of an unknown degree")
    if value is not None and value < 0 and degree % 2:
        return multiply_ratios(make_constant(-1), raise_number(-value, 1 / degree))
    return _make_power(base, make_constant(1 / degree))


def _make_logarithm(argument: Ratio) -> Ratio:
    """Make a natural logarithm: of a product of primes and powers of e, as the sum of theirs."""
    single = _get_single(argument)
    if single is None or single[0] <= 0 or any(not atom.startswith(("p:", "e:")) for atom, _ in single[1]):
        return make_atom(f"f:ln({write_key(argument)})")
    coefficient, monomial = single
    total = make_constant(0)
    terms = [(prime, Fraction(count)) for prime, count in factorize(coefficient.numerator)]
    terms += [(prime, Fraction(-count)) for prime, count in factorize(coefficient.denominator)]
    for atom, exponent in monomial:
        if atom == "e:":
            total = add_ratios(total, make_constant(exponent))
        elif atom.startswith("p:"):
            terms.append((int(atom[2:]), exponent))
        else:
            return make_atom(f"f:ln({write_key(argument)})")
    for prime, exponent in terms:
        total = add_ratios(total, multiply_ratios(make_constant(exponent), make_atom(f"l:{prime}")))
    return total


def _make_absolute(argument: Ratio) -> Ratio:
    """Make an absolute value: of a complex number, the root of the sum of two squares."""
    if argument.den == ONE and set(argument.num) <= {(), *_NAMED["i"].num} and argument.num:
        squares = sum((value**2 for value in argument.num.values()), Fraction(0))
        return raise_number(squares, _HALF)
    return make_atom(f"f:abs({write_key(_make_positive(argument))})")


def _make_positive(ratio: Ratio) -> Ratio:
    """Choose one of a quotient and its negative: their absolute values are the same."""
    first = ratio.num[min(ratio.num)] if ratio.num else Fraction(0)
    return multiply_ratios(ratio, make_constant(-1)) if first < 0 else ratio


def _compute_factorial(value: Fraction) -> int:
    if value.denominator != 1 or not 0 <= value <= MAX_EXPONENT:
        raise NotUnderstoodError("a factorial out of bounds")
    return factorial(int(value))


def _compute_binomial(above: Fraction, below: Fraction) -> int:
    if above.denominator != 1 or below.denominator != 1 or not 0 <= below <= above <= MAX_EXPONENT:
        raise NotUnderstoodError("a binomial coefficient out of bounds")
    return comb(int(above), int(below))


def _join_whole(join: Callable[..., int]) -> Callable[..., int]:
    """Make a function of whole numbers that refuses others."""

    def compute(*values: Fraction) -> int:
        if any(value.denominator != 1 for value in values):
            raise NotUnderstoodError("whole numbers are needed")
        return join(*map(int, values))

    return compute


_COMPUTED: Mapping[str, Callable[..., Fraction | int]] = {
    "abs": abs,
    "floor": floor,
    "ceil": ceil,
    "factorial": _compute_factorial,
    "binomial": _compute_binomial,
    "gcd": _join_whole(gcd),
    "lcm": _join_whole(lcm),
    "max": max,
    "min": min,
}
"""Functions of rational numbers that are computed."""


def decide_scalars(left: Tree, right: Tree) -> bool | None:
    """Whether two expressions are equal; None where exact arithmetic alone can't say."""
    one, two = make_exact(left), make_exact(right)
    difference = add_ratios(one, two, -1)
    if not difference.num:
        return True
    return False if is_decidable(list_atoms(one) | list_atoms(two)) else None
