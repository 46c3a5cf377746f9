"""Compare an answer with the gold answer: equal, different, undecided or failed; never a guess.

`compare` takes answers, not texts: `read_answer` finds the answer in a text.
"""

import re
from collections.abc import Callable, Mapping

from ....schemas.problem import JUDGED_OUTSIDE, AnswerType
from ....schemas.recipe import Tolerance
from ...text.options import LETTERS
from .booleans import compare_booleans
from .bounds import Bound
from .choices import DEFAULT_LETTERS, find_option
from .dates import compare_dates
from .equality import compare_quantities, is_same_quantity, is_within
from .expressions import compare_expressions
from .lists import compare_lists, compare_sets
from .numbers import read_quantity
from .outcomes import Comparison, ComparisonOutcome, compare_spelling, decide_equality, leave_undecided
from .ratios import compare_ratios
from .several import compare_with_several
from .times import compare_times
from .words import cut_withdrawn, match_text

__all__ = ["compare", "compare_safely", "is_same_quantity"]

MAX_CHARACTERS = 2_000
"""The longest gold and answer together that are compared."""

_LONGEST = {
    **dict.fromkeys((AnswerType.LIST, AnswerType.SET), 20_000),
    **dict.fromkeys(
        (AnswerType.TEXT, AnswerType.CHOICE, AnswerType.EXPRESSION, AnswerType.REASONING_GYM, *JUDGED_OUTSIDE), 10**9
    ),
}
"""The same for types with another limit. Texts need none, and expressions have their own."""

_INFINITIES = {"inf": "inf", "infinity": "inf", "∞": "inf", "-inf": "-inf", "-infinity": "-inf", "-∞": "-inf"}


def compare(
    gold: str,
    answer: str,
    answer_type: AnswerType,
    choices: tuple[str, ...] | None = None,
    tolerance: Tolerance | None = None,
) -> Comparison:
    """Compare two answers.

    Args:
        gold: the gold answer.
        answer: the answer to compare with it.
        answer_type: the type of both.
        choices: the options of a multiple-choice question.
        tolerance: how far numbers may lie apart; other types have none.

    >>> compare("18", "$18.00", AnswerType.NUMBER).outcome
    <ComparisonOutcome.EQUAL: 'equal'>
    """
    if len(gold) + len(answer) > _LONGEST.get(answer_type, MAX_CHARACTERS):
        return leave_undecided(f"{len(answer):,} characters are no {answer_type}")
    comparison = _COMPARE[answer_type](gold, answer, choices or ())
    is_open = tolerance is not None and answer_type is AnswerType.NUMBER and comparison.outcome in _NOT_EQUAL
    if is_open and tolerance is not None and is_within(gold, answer, tolerance):
        return Comparison(outcome=ComparisonOutcome.EQUAL, detail=f"within the tolerance: {gold} and {answer}")
    return comparison


_NOT_EQUAL = frozenset({ComparisonOutcome.DIFFERENT, ComparisonOutcome.UNDECIDED})


def compare_safely(
    gold: str,
    answer: str,
    answer_type: AnswerType,
    choices: tuple[str, ...] | None,
    tolerance: Tolerance | None = None,
) -> Comparison:
    """Compare two answers as `compare` does; where that raises, the check has failed (law 2)."""
    try:
        return compare(gold, answer, answer_type, choices, tolerance)
    except Exception as error:  # noqa: BLE001 - law 2: a check that raises is check_failed, never correct or wrong
        return Comparison(outcome=ComparisonOutcome.FAILED, detail=f"{type(error).__name__}: {error}")


def _compare_numbers(gold: str, answer: str, _choices: tuple[str, ...]) -> Comparison:
    if gold.isdecimal() and answer.isdecimal() and len(gold) + len(answer) < 400:  # as most are
        return _EQUAL if gold == answer or int(gold) == int(answer) else _DIFFERENT
    dressed = _DRESSED.fullmatch(answer)
    if dressed is not None and dressed[dressed.lastindex or 0] == gold:
        return _EQUAL
    if _DECIMALS.fullmatch(gold) and _DECIMALS.fullmatch(answer):
        return _EQUAL if gold.rstrip("0").rstrip(".") == answer.rstrip("0").rstrip(".") else _DIFFERENT
    if _read_infinity(gold) and _read_infinity(gold) == _read_infinity(answer):
        return Comparison(outcome=ComparisonOutcome.EQUAL)
    gold_quantity = read_quantity(gold)
    if gold_quantity is None or gold_quantity.bound is Bound.NEGATED:
        return leave_undecided(f"the gold answer is not a number: {gold}")
    quantity = read_quantity(answer)
    if quantity is None:
        return compare_with_several(gold_quantity, answer)
    outcome = compare_quantities(gold_quantity, quantity)
    return Comparison(outcome=outcome, detail=_EXPLAIN.get(outcome))


_EQUAL, _DIFFERENT = (Comparison(outcome=outcome) for outcome in (ComparisonOutcome.EQUAL, ComparisonOutcome.DIFFERENT))
_DRESSED = re.compile(
    r"\$?([1-9][0-9]{0,14})(?:\.00?)?|([1-9][0-9]{0,14}) dollars?|\*\*\$?([1-9][0-9]{0,14})(?:\.00)?\*\*"
)
"""A whole number in the commonest dress, which equals the bare one."""
_DECIMALS = re.compile(r"-?[1-9][0-9]{0,15}\.(?:[0-9]{1,2}|[0-9]{4,16})")
"""Decimals that have one reading and one spelling but for the zeros behind them."""
_EXPLAIN = {ComparisonOutcome.UNDECIDED: "equal in one reading of the number or its unit, and not in another"}


def _read_infinity(text: str) -> str | None:
    return _INFINITIES.get(text.strip(" $\n").replace("\\infty", "∞").lower())


def _compare_options(gold: str, answer: str, choices: tuple[str, ...]) -> Comparison:
    letters = "" if choices else _list_letters(gold)
    gold_option = find_option(gold, choices, letters)
    if gold_option is None or len(gold_option.letters) > 1:
        return leave_undecided(f"the gold answer does not name an option: {gold}")
    is_corrected = all(cut_withdrawn(choice) == choice for choice in choices)  # else the words may be an option's own
    last = cut_withdrawn(answer) if is_corrected else answer
    option = find_option(last, choices, letters) or find_option(answer, choices, letters)
    if option is not None:
        return decide_equality(option.letters == gold_option.letters)
    if not choices and any(map(str.isdigit, answer)) and not any(map(str.isalpha, answer)):
        return Comparison(
            outcome=ComparisonOutcome.DIFFERENT, detail="the answer is a number, not the letter of an option"
        )
    return leave_undecided(f"the answer does not name exactly one option: {answer[:80]}")


def _list_letters(gold: str) -> str:
    """The letters that count where the options are not known: all, if the gold one is none of the first five."""
    letter = gold.strip(" ().").upper()
    return LETTERS if len(letter) == 1 and letter in LETTERS[len(DEFAULT_LETTERS) :] else ""


def _compare_texts(gold: str, answer: str, _choices: tuple[str, ...]) -> Comparison:
    is_equal = match_text(gold, answer)
    if is_equal is None:
        return leave_undecided(f"the answer contains {gold[:40]} among other words")
    return decide_equality(is_equal)


def _compare_spellings(gold: str, answer: str, _choices: tuple[str, ...]) -> Comparison:
    """Compare answers that only reasoning-gym understands, see `gym.score_answer`: without it, their spelling."""
    return compare_spelling(gold, answer)


def _leave_to_grader(_gold: str, _answer: str, _choices: tuple[str, ...]) -> Comparison:
    return leave_undecided("no comparison settles it: `cotloom build` asks the recipe's `grader`")


def _leave_to_command(_gold: str, _answer: str, _choices: tuple[str, ...]) -> Comparison:
    return leave_undecided("no comparison settles it: `cotloom build --external NAME=COMMAND` asks a command")


_COMPARE: Mapping[AnswerType, Callable[[str, str, tuple[str, ...]], Comparison]] = {
    AnswerType.NUMBER: _compare_numbers,
    AnswerType.CHOICE: _compare_options,
    AnswerType.BOOLEAN: compare_booleans,
    AnswerType.DATE: compare_dates,
    AnswerType.TIME: compare_times,
    AnswerType.LIST: compare_lists,
    AnswerType.SET: compare_sets,
    AnswerType.RATIO: compare_ratios,
    AnswerType.EXPRESSION: compare_expressions,
    AnswerType.TEXT: _compare_texts,
    AnswerType.REASONING_GYM: _compare_spellings,
    AnswerType.MODEL_GRADED: _leave_to_grader,
    AnswerType.EXTERNAL: _leave_to_command,
}
"""How answers of each type are compared."""
