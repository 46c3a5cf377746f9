"""Compare equations and conditions that are not solved.

They are the same up to a factor. They differ where a point is found that fulfils only one of them.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from math import e, pi, sqrt

from .exact import make_exact
from .findings import OTHER, SAME, Likening, leave_unknown
from .polynomials import Monomial, Poly, Ratio, add_ratios, is_decidable, list_atoms, multiply_polys
from .tree import NotUnderstoodError, Tree

_TRIED = (0, 1, 2, -1, 3)
"""Values of the other variables where a point of an equation is searched for."""

_UNLIKE = 1e-6
"""A sum beyond this share of its terms is not zero, whatever was rounded."""


def match_equations(gold: Tree, answer: Tree) -> Likening:
    """Compare two equations: those with the same solutions are the same."""
    try:
        return _match_sides(*(_take_difference(tree) for tree in (gold, answer)))
    except (NotUnderstoodError, ArithmeticError) as error:
        return leave_unknown(str(error))


def _match_sides(one: Ratio, two: Ratio) -> Likening:
    if _find_factor(one.num, two.num):
        return SAME if one.den == two.den else leave_unknown("the same but for what they divide by")
    if not is_decidable(list_atoms(one) | list_atoms(two)):
        return leave_unknown("equations with functions")
    is_other = _is_linear(one) and _is_linear(two) and bool(one.num) and bool(two.num)
    if is_other or _has_other_point(one.num, two.num) or _has_other_point(two.num, one.num):
        return OTHER
    return leave_unknown("equations that may have the same solutions")


def match_conditions(gold: Tree, answer: Tree) -> Likening:
    """Compare two inequalities."""
    try:
        one, two = (_take_difference(tree) for tree in (gold, answer))
        factor = _find_factor(one.num, two.num)
    except (NotUnderstoodError, ArithmeticError) as error:
        return leave_unknown(str(error))
    names = [gold.name, answer.name]
    if factor and one.den == two.den:
        if "!=" in names:
            return SAME if names[0] == names[1] else OTHER
        is_turned = (names[0][0] == names[1][0]) is (factor < 0)
        return OTHER if is_turned or names[0][1:] != names[1][1:] else SAME
    is_plain = _is_linear(one) and _is_linear(two) and is_decidable(list_atoms(one) | list_atoms(two))
    return OTHER if is_plain else leave_unknown("conditions that may mean the same")


def _take_difference(tree: Tree) -> Ratio:
    left, right = tree.parts[0], tree.parts[-1]
    return add_ratios(make_exact(left), make_exact(right), -1)


def _find_factor(one: Poly, two: Poly) -> float | None:
    """Find about the number that one polynomial is a multiple of another by; None where it is none."""
    left, right = _group_terms(one), _group_terms(two)
    if not left or set(left) != set(right):
        return None
    first = min(left)
    for key in left:
        if multiply_polys(left[key], right[first]) != multiply_polys(left[first], right[key]):
            return None
    above, below = (sum(_compute_terms(side[first], {})) for side in (left, right))
    return above / below if above and below else None


def _group_terms(poly: Poly) -> dict[Monomial, dict[Monomial, Fraction]]:
    """Group terms by what is no number in them."""
    groups: dict[Monomial, dict[Monomial, Fraction]] = {}
    for monomial, coefficient in poly.items():
        key = tuple(item for item in monomial if not _is_number(item[0]))
        groups.setdefault(key, {})[tuple(item for item in monomial if _is_number(item[0]))] = coefficient
    return groups


def _is_number(atom: str) -> bool:
    return atom.startswith("p:") or atom in {"pi", "e:"}


def _is_linear(ratio: Ratio) -> bool:
    """Whether no term has more than one variable, and none a power of it."""
    return len(ratio.den) == 1 and all(
        sum((exponent if atom.startswith("v:") else Fraction(0) for atom, exponent in monomial), Fraction(0)) in (0, 1)
        and all(exponent >= 0 for atom, exponent in monomial if atom.startswith("v:"))
        for monomial in ratio.num
    )


def _has_other_point(one: Poly, two: Poly) -> bool:
    """Whether a point is found where the first polynomial is zero and the second is not."""
    names = sorted({atom for poly in (one, two) for monomial in poly for atom, _ in monomial if atom.startswith("v:")})
    if not 1 <= len(names) <= 3:
        return False
    for point in _list_points(one, names):
        terms = _compute_terms(two, point)
        if terms and abs(sum(terms)) > _UNLIKE * sum(map(abs, terms)):
            return True
    return False


def _list_points(poly: Poly, names: list[str]) -> Iterator[dict[str, float]]:
    """List points where a polynomial is zero: values for all variables but one, and that one solved for."""
    for name in names:
        others = [other for other in names if other != name]
        for values in product(_TRIED, repeat=len(others)):
            point = dict(zip(others, map(float, values), strict=True))
            for root in _solve_quadratic(poly, name, point):
                yield {**point, name: root}


def _solve_quadratic(poly: Poly, name: str, point: Mapping[str, float]) -> list[float]:
    sums = [0.0, 0.0, 0.0]
    for monomial, coefficient in poly.items():
        exponent = dict(monomial).get(name, Fraction(0))
        if exponent not in {0, 1, 2}:
            return []
        rest = tuple(item for item in monomial if item[0] != name)
        (term,) = _compute_terms({rest: coefficient}, point) or [float("nan")]
        sums[int(exponent)] += term
    constant, linear, square = sums
    if square == 0:
        return [-constant / linear] if linear else []
    inner = linear * linear - 4 * square * constant
    if not inner >= 0:
        return []
    return [(-linear + sign * sqrt(inner)) / (2 * square) for sign in (1, -1)]


def _compute_terms(poly: Poly, point: Mapping[str, float]) -> list[float]:
    """Compute each term at a point; nothing where one has no real value there."""
    terms = []
    for monomial, coefficient in poly.items():
        term = float(coefficient)
        for atom, exponent in monomial:
            value = point.get(atom, {"pi": pi, "e:": e}.get(atom, float(atom[2:]) if atom.startswith("p:") else None))
            if value is None or (value <= 0 and exponent.denominator != 1) or (value == 0 and exponent < 0):
                return []
            term *= value ** (int(exponent) if exponent.denominator == 1 else float(exponent))
        terms.append(term)
    return terms
