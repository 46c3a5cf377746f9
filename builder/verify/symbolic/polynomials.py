"""Exact sums of products: polynomials over the rational numbers in atoms with rational exponents.

An atom is a variable, a prime, the imaginary unit, pi, e, or something that is not looked into, such as a sine. The
exponent of a prime stays below 1: the square root of 2 is `p:2` to the power 1/2. Roots of primes are linearly
independent over the rational numbers, so that without atoms of the last kind a polynomial is zero only where it has no
terms.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import floor, gcd, lcm
from typing import NamedTuple

from .tree import NotUnderstoodError

MAX_TERMS = 200
"""The most terms of a polynomial."""

MAX_BITS = 4000
"""The longest whole number, in bits."""

MAX_KEY = 1500
"""The longest name of an atom."""

MAX_EXPONENT = 300
"""The largest exponent of a number or of a sum."""

_MAX_TRIAL = 10_000
"""The largest divisor that is tried."""

Monomial = tuple[tuple[str, Fraction], ...]
Poly = Mapping[Monomial, Fraction]

ONE: Poly = {(): Fraction(1)}
ZERO: Poly = {}


class Ratio(NamedTuple):
    """A quotient of two polynomials."""

    num: Poly
    """Above the line."""
    den: Poly = ONE
    """Below it; never zero."""


def make_constant(value: Fraction | int) -> Ratio:
    """Make a number."""
    return Ratio({(): Fraction(value)} if value else ZERO)


def make_atom(atom: str, exponent: Fraction | int = 1) -> Ratio:
    """Make an atom with an exponent."""
    if len(atom) > MAX_KEY:
        raise NotUnderstoodError("too large")
    return Ratio({((atom, Fraction(exponent)),): Fraction(1)} if exponent else ONE)


def _check_size(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise NotUnderstoodError("a number out of bounds")
    return value


def add_polys(left: Poly, right: Poly, factor: int = 1) -> Poly:
    """Add a polynomial, or subtract it with the factor -1."""
    total = dict(left)
    for monomial, coefficient in right.items():
        value = total.get(monomial, Fraction(0)) + factor * coefficient
        if value:
            total[monomial] = _check_size(value)
        else:
            total.pop(monomial, None)
    if len(total) > MAX_TERMS:
        raise NotUnderstoodError("too many terms")
    return total


def multiply_polys(left: Poly, right: Poly) -> Poly:
    """Multiply two polynomials."""
    if len(left) * len(right) > MAX_TERMS * 4:
        raise NotUnderstoodError("too many terms")
    total: dict[Monomial, Fraction] = {}
    for one, first in left.items():
        for two, second in right.items():
            monomial, factor = _multiply_monomials(one, two)
            total[monomial] = _check_size(total.get(monomial, Fraction(0)) + first * second * factor)
    found = {monomial: value for monomial, value in total.items() if value}
    if len(found) > MAX_TERMS:
        raise NotUnderstoodError("too many terms")
    return found


def _multiply_monomials(left: Monomial, right: Monomial) -> tuple[Monomial, Fraction]:
    """Multiply two monomials. Whole powers of primes and of the imaginary unit become a factor."""
    if not left or not right:
        return left or right, Fraction(1)
    exponents = dict(left)
    for atom, exponent in right:
        exponents[atom] = exponents.get(atom, Fraction(0)) + exponent
    return _reduce_exponents(exponents)


def _reduce_exponents(exponents: dict[str, Fraction]) -> tuple[Monomial, Fraction]:
    factor = Fraction(1)
    for atom, exponent in exponents.items():
        if atom == "i" and exponent.denominator == 1:
            factor *= -1 if exponent % 4 >= 2 else 1
            exponents[atom] = exponent % 2
        elif atom.startswith("p:"):
            whole = floor(exponent)
            if abs(whole) > MAX_EXPONENT:
                raise NotUnderstoodError("an exponent out of bounds")
            factor *= Fraction(int(atom[2:])) ** whole
            exponents[atom] = exponent - whole
    return tuple(sorted((atom, exponent) for atom, exponent in exponents.items() if exponent)), _check_size(factor)


def make_ratio(num: Poly, den: Poly) -> Ratio:
    """Make a quotient. A denominator of one term is divided out.

    Raises:
        ZeroDivisionError: the denominator is zero.
    """
    if not den:
        raise ZeroDivisionError("a division by zero")
    if len(den) > 1:
        return Ratio(num, den)
    ((monomial, coefficient),) = den.items()
    inverse, factor = _reduce_exponents({atom: -exponent for atom, exponent in monomial})
    return Ratio(multiply_polys(num, {inverse: factor / coefficient}))


def add_ratios(left: Ratio, right: Ratio, factor: int = 1) -> Ratio:
    """Add a quotient, or subtract it with the factor -1."""
    if left.den == right.den:
        return Ratio(add_polys(left.num, right.num, factor), left.den)
    num = add_polys(multiply_polys(left.num, right.den), multiply_polys(right.num, left.den), factor)
    return make_ratio(num, multiply_polys(left.den, right.den))


def multiply_ratios(left: Ratio, right: Ratio) -> Ratio:
    """Multiply two quotients."""
    return make_ratio(multiply_polys(left.num, right.num), multiply_polys(left.den, right.den))


def invert_ratio(ratio: Ratio) -> Ratio:
    """Divide one by a quotient."""
    return make_ratio(ratio.den, ratio.num)


def raise_ratio(base: Ratio, exponent: int) -> Ratio:
    """Raise a quotient to a whole power."""
    if abs(exponent) > MAX_EXPONENT:
        raise NotUnderstoodError("an exponent out of bounds")
    if exponent < 0:
        return raise_ratio(invert_ratio(base), -exponent)
    result, square = make_constant(1), base
    while exponent:
        if exponent % 2:
            result = multiply_ratios(result, square)
        exponent //= 2
        square = multiply_ratios(square, square) if exponent else square
    return result


def read_constant(ratio: Ratio) -> Fraction | None:
    """Read a quotient that is a rational number; None where it is another."""
    if not ratio.num:
        return Fraction(0)
    if ratio.den != ONE or len(ratio.num) != 1:
        return None
    return ratio.num.get(())


def raise_number(base: Fraction, exponent: Fraction) -> Ratio:
    """Raise a positive number to a rational power, exactly."""
    if abs(exponent) > MAX_EXPONENT or exponent.denominator > 60:
        raise NotUnderstoodError("an exponent out of bounds")
    if exponent.denominator == 1:
        size = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent.numerator)
        if size > MAX_BITS:
            raise NotUnderstoodError("a number out of bounds")
        return make_constant(base**exponent.numerator)
    exponents: dict[str, Fraction] = {}
    for number, sign in ((base.numerator, 1), (base.denominator, -1)):
        for prime, count in factorize(number):
            exponents[f"p:{prime}"] = exponents.get(f"p:{prime}", Fraction(0)) + sign * count * exponent
    monomial, factor = _reduce_exponents(exponents)
    return Ratio({monomial: factor})


@lru_cache(maxsize=1024)
def factorize(number: int) -> tuple[tuple[int, int], ...]:
    """Factorize a positive number.

    Raises:
        NotUnderstoodError: what is left after small primes may not be prime.
    """
    found, divisor = [], 2
    while divisor * divisor <= number and divisor <= _MAX_TRIAL:
        count = 0
        while number % divisor == 0:
            number, count = number // divisor, count + 1
        found += [(divisor, count)] if count else []
        divisor += 1 if divisor == 2 else 2
    if number > _MAX_TRIAL**2:
        raise NotUnderstoodError("a number with large factors")
    return (*found, (number, 1)) if number > 1 else tuple(found)


def write_key(ratio: Ratio) -> str:
    """Write a quotient as the name of an atom: equal names are equal quotients."""
    num, den = ratio
    if den != ONE:
        unit = den[min(den)]
        num, den = ({key: value / unit for key, value in poly.items()} for poly in (num, den))
    text = "/".join(_write_poly(poly) for poly in (num, den) if poly != ONE or poly is num)
    if len(text) > MAX_KEY:
        raise NotUnderstoodError("too large")
    return text


def _write_poly(poly: Poly) -> str:
    terms = sorted(poly.items())
    return "+".join(f"{value}{write_monomial(monomial)}" for monomial, value in terms) or "0"


def write_monomial(monomial: Monomial) -> str:
    """Write a monomial as a part of a name."""
    return "".join(f"<{atom}^{exponent}>" for atom, exponent in monomial)


def read_content(poly: Poly) -> Fraction:
    """Read the largest positive number that divides all coefficients."""
    above = gcd(*(value.numerator for value in poly.values()))
    below = lcm(*(value.denominator for value in poly.values()))
    return Fraction(above, below)


def list_atoms(ratio: Ratio) -> set[str]:
    """List the atoms of a quotient."""
    return {atom for poly in ratio for monomial in poly for atom, _ in monomial}


def is_decidable(atoms: set[str]) -> bool:
    """Whether a polynomial in these atoms is zero only where it has no terms.

    Whether pi and e together fulfil an equation is not known.
    """
    odd = {atom for atom in atoms if not atom.startswith(("v:", "p:")) and atom != "i"}
    return odd in (set(), {"pi"}, {"e:"})
