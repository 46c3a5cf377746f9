"""Whether two numbers with their units are the same: exact, by the policy of docs/answers.md."""

from fractions import Fraction

from ....schemas.recipe import Tolerance
from .bounds import Bound
from .numbers import Quantity, read_quantity
from .outcomes import ComparisonOutcome
from .units import MeasureUnit, list_sizes

MIN_DECIMALS = 6
"""The fewest digits, behind the separator and in all, at which a decimal stands for a fraction (0.333333 for 1/3)."""

_EQUAL, _DIFFERENT, _UNDECIDED = ComparisonOutcome.EQUAL, ComparisonOutcome.DIFFERENT, ComparisonOutcome.UNDECIDED
_STRICT = frozenset({Bound.MORE, Bound.LESS})
_UNKNOWN = frozenset({Bound.NEARLY, Bound.FACTORIAL})
_YEAR, _MONTH = "calendar", Fraction(30436875, 1000000) * 86400
"""Months are no fixed number of days; this is their mean length in seconds."""
_SHORTEST, _LONGEST = Fraction(9, 10), Fraction(11, 10)


def is_same_quantity(gold: Quantity, answer: Quantity) -> bool:
    """Whether two numbers are known to be equal."""
    return compare_quantities(gold, answer) is _EQUAL


def compare_quantities(gold: Quantity, answer: Quantity) -> ComparisonOutcome:
    """Compare two numbers with what is said of them: equal, different or undecided."""
    outcome = _compare_measured_quantities(gold, answer)
    if gold.bound is answer.bound:
        return outcome
    bounds = {gold.bound, answer.bound}
    if bounds & _UNKNOWN or Bound.NEGATED in bounds:
        return _DIFFERENT if Bound.NEGATED in bounds and outcome is _EQUAL else _UNDECIDED
    is_strict = bool(bounds & _STRICT) and len(bounds - _STRICT) == 1 and Bound.NONE in bounds
    return _UNDECIDED if outcome is not _DIFFERENT and not is_strict else _DIFFERENT


def _compare_measured_quantities(gold: Quantity, answer: Quantity) -> ComparisonOutcome:
    if gold.unit is not None and answer.unit is not None:
        return _compare_units(gold, gold.unit, answer, answer.unit)
    if gold.unit is not None or answer.unit is not None:
        return _compare_label(gold, answer)
    outcome = compare_values(gold, answer)
    if outcome is _EQUAL and gold.noun and answer.noun and not _is_same_noun(gold.noun, answer.noun):
        return _UNDECIDED
    return outcome


def _is_same_noun(left: str, right: str) -> bool:
    return left[:4] == right[:4] or left in right or right in left


def _compare_units(gold: Quantity, gold_unit: MeasureUnit, answer: Quantity, unit: MeasureUnit) -> ComparisonOutcome:
    """Compare numbers that both have a unit, in every meaning that the names of the units share."""
    if gold_unit == unit:
        return compare_values(gold, answer)
    found = {
        _compare_measured(gold, left, answer, right)
        for left in gold_unit.meanings
        for right in unit.meanings
        if left.measure == right.measure
    }
    if not found:
        return _compare_apart(gold, gold_unit, answer, unit)
    return found.pop() if len(found) == 1 else _UNDECIDED


def _compare_measured(gold: Quantity, gold_unit: MeasureUnit, answer: Quantity, unit: MeasureUnit) -> ComparisonOutcome:
    if (gold_unit.factor, gold_unit.shift) == (unit.factor, unit.shift):
        return compare_values(gold, answer)
    if _scale(gold.value, gold_unit) == _scale(answer.value, unit):
        return _EQUAL
    others = [_scale(value, unit) for value in (answer.value, answer.other) if value is not None]
    golds = [_scale(value, gold_unit) for value in (gold.value, gold.other) if value is not None]
    return _UNDECIDED if set(others) & set(golds) else _DIFFERENT


def _scale(value: Fraction, unit: MeasureUnit) -> Fraction:
    return (value + unit.shift) * unit.factor


def _compare_apart(gold: Quantity, gold_unit: MeasureUnit, answer: Quantity, unit: MeasureUnit) -> ComparisonOutcome:
    """Compare units of different measures: months and days may be the same span, $5 and $5 per hour the same number."""
    if {gold_unit.measure, unit.measure} == {"calendar", "time"}:
        seconds = [
            each.value * each.factor * (_MONTH if each.measure == _YEAR else 1) for each in (gold, answer)
        ]  # fmt: skip
        return _UNDECIDED if _SHORTEST * seconds[0] <= seconds[1] <= _LONGEST * seconds[0] else _DIFFERENT
    is_rate = gold_unit.measure.partition("/")[0] == unit.measure.partition("/")[0]
    return _UNDECIDED if is_rate and compare_values(gold, answer) is not _DIFFERENT else _DIFFERENT


def _compare_label(gold: Quantity, answer: Quantity) -> ComparisonOutcome:
    """Compare where one number has a unit and the other has none: it is read in that unit, or counts cents of 0.5."""
    measured, bare = (gold, answer) if gold.unit is not None else (answer, gold)
    outcome = compare_values(gold, answer)
    if outcome is not _DIFFERENT:
        return _UNDECIDED if bare.noun and outcome is _EQUAL else outcome
    if bare.noun or bare.percent or measured.percent or measured.unit is None:
        return _DIFFERENT
    if _is_in_cents(measured) and measured.value * measured.factor == bare.value:
        return _EQUAL if bare is gold else _UNDECIDED
    sizes = {size for meaning in measured.unit.meanings for size in list_sizes(meaning.measure)}
    is_other = bare is gold and any(measured.value * measured.factor == bare.value * size for size in sizes)
    return _UNDECIDED if is_other else _DIFFERENT


def _is_in_cents(quantity: Quantity) -> bool:
    measure = quantity.measure or ""
    return measure.startswith("money") and "/" not in measure and quantity.factor < 1


def compare_values(gold: Quantity, answer: Quantity) -> ComparisonOutcome:
    """Compare two numbers without their units."""
    if gold.percent is not answer.percent:
        return _compare_percent(*((gold, answer) if gold.percent else (answer, gold)))
    if gold.value == answer.value:
        return _EQUAL
    rounded = max(_measure_rounding(gold, answer), _measure_rounding(answer, gold))
    if rounded >= MIN_DECIMALS:
        return _EQUAL
    if rounded or gold.other == answer.value or answer.other == gold.value:
        return _UNDECIDED
    return _DIFFERENT


def _compare_percent(percentage: Quantity, bare: Quantity) -> ComparisonOutcome:
    """Compare a percentage with a number: up to 1 the number is a share, above it counts hundredths."""
    share = percentage.value / 100
    decimals = None if percentage.decimals is None else percentage.decimals + 2
    as_share = compare_values(Quantity(share, decimals=decimals), bare)
    as_count = compare_values(Quantity(percentage.value, decimals=percentage.decimals), bare)
    if as_share is as_count:
        return as_share
    expected = as_share if abs(bare.value) < 1 else as_count if abs(bare.value) > 1 else _UNDECIDED
    return expected if expected is _EQUAL else _UNDECIDED


def _measure_rounding(exact: Quantity, decimal: Quantity) -> int:
    """Measure to how many digits a decimal rounds a fraction; 0 where it does not, 1 where the digits are too few."""
    places = decimal.decimals
    if places is None or exact.decimals is not None or places < MIN_DECIMALS - 2 or not _is_repeating(exact.value):
        return 0
    scaled, printed = abs(exact.value) * 10**places, abs(decimal.value) * 10**places
    is_same_sign = (exact.value < 0) is (decimal.value < 0)
    if not is_same_sign or printed not in {scaled.__floor__(), (scaled + Fraction(1, 2)).__floor__()}:
        return 0
    digits = len(str(int(printed)))
    if places >= MIN_DECIMALS and digits >= MIN_DECIMALS:
        return min(places, digits)
    return 1 if max(places, digits) >= MIN_DECIMALS else 0


def _is_repeating(value: Fraction) -> bool:
    factor = value.denominator
    for prime in (2, 5):
        while factor % prime == 0:
            factor //= prime
    return factor != 1


# Near enough


def is_within(gold: str, answer: str, tolerance: Tolerance) -> bool:
    """Whether two numbers are read, are of one kind, and differ by no more than a tolerance, units converted first.

    A tolerance is about plain numbers. Bounds (`at least 5`), denials, factorials, a percentage beside a number, two
    things that are counted, and units of other measures are left to the exact comparison.

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
    is_same = not (gold.noun and answer.noun) or _is_same_noun(gold.noun, answer.noun)
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
