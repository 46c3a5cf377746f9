"""Compare an answer with the gold answer: equal, different, undecided or failed; never a guess.

`compare` takes answers, not texts: `read_answer` finds the answer in a text.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

from ....schemas.problem import AnswerType
from ...languages import list_readings
from ...text.options import LETTERS
from .choices import DEFAULT_LETTERS, find_option
from .dates import compare_dates
from .expressions import compare_expressions
from .lists import compare_lists, compare_sets
from .numbers import Quantity, find_quantities, is_plain_number, read_quantity, to_plain_text
from .outcomes import Comparison, ComparisonOutcome, decide_equality, leave_undecided
from .ratios import compare_ratios
from .times import compare_times
from .words import find_boolean, match_text

MIN_DECIMALS = 4
"""The fewest decimals at which a decimal counts as a rounded repeating fraction (0.3333 for 1/3)."""

_CORRECTIONS = (
    "no wait", "no, wait", "correction", "actually", "i mean",
    *(words for reading in list_readings() for words in reading.corrections),
)  # fmt: skip
_INFINITIES = {"inf": "inf", "infinity": "inf", "∞": "inf", "-inf": "-inf", "-infinity": "-inf", "-∞": "-inf"}


def compare(gold: str, answer: str, answer_type: AnswerType, choices: tuple[str, ...] | None = None) -> Comparison:
    """Compare two answers.

    Args:
        gold: the gold answer.
        answer: the answer to compare with it.
        answer_type: the type of both.
        choices: the options of a multiple-choice question.

    >>> compare("18", "$18.00", AnswerType.NUMBER).outcome
    <ComparisonOutcome.EQUAL: 'equal'>
    """
    return _COMPARE[answer_type](gold, answer, choices or ())


def compare_safely(gold: str, answer: str, answer_type: AnswerType, choices: tuple[str, ...] | None) -> Comparison:
    """Compare two answers as `compare` does; where that raises, the check has failed (law 2)."""
    try:
        return compare(gold, answer, answer_type, choices)
    except Exception as error:  # noqa: BLE001 - law 2: a check that raises is check_failed, never correct or wrong
        return Comparison(outcome=ComparisonOutcome.FAILED, detail=f"{type(error).__name__}: {error}")


def _compare_numbers(gold: str, answer: str, _choices: tuple[str, ...]) -> Comparison:
    if gold == answer and is_plain_number(gold):
        return Comparison(outcome=ComparisonOutcome.EQUAL)
    if _read_infinity(gold) and _read_infinity(gold) == _read_infinity(answer):
        return Comparison(outcome=ComparisonOutcome.EQUAL)
    gold_quantity = read_quantity(gold)
    if gold_quantity is None:
        return leave_undecided(f"the gold answer is not a number: {gold}")
    quantity = read_quantity(answer)
    if quantity is None:
        return _compare_with_several(gold_quantity, answer)
    return decide_equality(is_same_quantity(gold_quantity, quantity))


def _read_infinity(text: str) -> str | None:
    return _INFINITIES.get(text.strip().lower())


def _compare_with_several(gold: Quantity, answer: str) -> Comparison:
    """Compare a gold number with an answer that is more than one number and its unit."""
    quantities = [quantity for quantity, _, _ in find_quantities(to_plain_text(answer))]
    if not quantities:
        return leave_undecided(f"no number could be read from: {answer[:80]}")
    if not any(is_same_quantity(gold, quantity) for quantity in quantities):
        return Comparison(outcome=ComparisonOutcome.DIFFERENT)
    if len(quantities) == 1 or all(is_same_quantity(gold, quantity) for quantity in quantities):
        return Comparison(outcome=ComparisonOutcome.EQUAL)
    corrected = any(word in answer.lower() for word in _CORRECTIONS)
    if corrected and is_same_quantity(gold, quantities[-1]):
        return Comparison(outcome=ComparisonOutcome.EQUAL, detail="the answer corrects itself")
    if "=" in answer and not is_same_quantity(gold, quantities[-1]):
        return Comparison(outcome=ComparisonOutcome.DIFFERENT, detail="the answer ends on another number")
    if "=" in answer:
        return Comparison(outcome=ComparisonOutcome.EQUAL, detail="the answer ends on this number")
    return leave_undecided(f"the answer contains several numbers: {answer[:80]}")


def is_same_quantity(gold: Quantity, answer: Quantity) -> bool:
    """Whether two numbers with their units are equal. A unit that only one of them has is ignored."""
    if gold.measure and answer.measure and gold.measure != answer.measure:
        return False
    if gold.measure and answer.measure:
        return gold.value * gold.factor == answer.value * answer.factor
    if answer.measure == "money" and answer.factor != 1:  # gold 0.5, answer 50 cents
        return gold.value in (answer.value, answer.value * answer.factor)
    return any(
        _is_same_value(left, gold, right, answer) for left in _list_values(gold) for right in _list_values(answer)
    )


def _list_values(quantity: Quantity) -> tuple[Fraction, ...]:
    """List the readings of a number: a percentage can mean the number as written or a share of one."""
    return (quantity.value, quantity.value / 100) if quantity.percent else (quantity.value,)


def _is_same_value(left: Fraction, gold: Quantity, right: Fraction, answer: Quantity) -> bool:
    if gold.percent and answer.percent:
        return gold.value == answer.value
    return left == right or _is_rounded(left, right, answer.decimals) or _is_rounded(right, left, gold.decimals)


def _is_rounded(exact: Fraction, decimal: Fraction, decimals: int | None) -> bool:
    """Whether a decimal is a repeating fraction, cut or rounded at its last decimal."""
    if decimals is None or decimals < MIN_DECIMALS or not _is_repeating(exact):
        return False
    return abs(exact - decimal) < Fraction(1, 10**decimals)


def _is_repeating(value: Fraction) -> bool:
    factor = value.denominator
    for prime in (2, 5):
        while factor % prime == 0:
            factor //= prime
    return factor != 1


def _compare_options(gold: str, answer: str, choices: tuple[str, ...]) -> Comparison:
    letters = "" if choices else _list_letters(gold)
    gold_option = find_option(gold, choices, letters)
    if gold_option is None or len(gold_option.letters) > 1:
        return leave_undecided(f"the gold answer does not name an option: {gold}")
    option = find_option(answer, choices, letters)
    if option is not None:
        return decide_equality(option.letters == gold_option.letters)
    if not choices and any(map(str.isdigit, answer)) and not any(map(str.isalpha, answer)):
        return Comparison(
            outcome=ComparisonOutcome.DIFFERENT, detail="the answer is a number, not the letter of an option"
        )
    return leave_undecided(f"the answer does not name exactly one option: {answer[:80]}")


def _list_letters(gold: str) -> str:
    """The letters that count where the options are not known: up to the gold letter, and at least the first five."""
    letter = gold.strip(" ().").upper()
    return (
        LETTERS[: LETTERS.index(letter) + 1]
        if len(letter) == 1 and letter in LETTERS[len(DEFAULT_LETTERS) :]
        else DEFAULT_LETTERS
    )


def _compare_booleans(gold: str, answer: str, _choices: tuple[str, ...]) -> Comparison:
    gold_boolean, boolean = find_boolean(gold), find_boolean(answer)
    if gold_boolean is None:
        return leave_undecided(f"the gold answer is neither yes nor no: {gold}")
    if boolean is None:
        return leave_undecided(f"neither yes nor no, or both: {answer[:80]}")
    return decide_equality(gold_boolean.value is boolean.value)


def _compare_texts(gold: str, answer: str, _choices: tuple[str, ...]) -> Comparison:
    is_equal = match_text(gold, answer)
    if is_equal is None:
        return leave_undecided(f"the answer contains {gold[:40]} among other words")
    return decide_equality(is_equal)


_COMPARE: Mapping[AnswerType, Callable[[str, str, tuple[str, ...]], Comparison]] = {
    AnswerType.NUMBER: _compare_numbers,
    AnswerType.CHOICE: _compare_options,
    AnswerType.BOOLEAN: _compare_booleans,
    AnswerType.DATE: compare_dates,
    AnswerType.TIME: compare_times,
    AnswerType.LIST: compare_lists,
    AnswerType.SET: compare_sets,
    AnswerType.RATIO: compare_ratios,
    AnswerType.EXPRESSION: compare_expressions,
    AnswerType.TEXT: _compare_texts,
}
"""How answers of each type are compared."""
