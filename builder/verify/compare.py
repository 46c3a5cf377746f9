"""Compare a gold answer with a given one: equal, different, undecided or failed. Never a guess.

`compare` takes whole answers, not texts: `read_answer` finds the answer in a text.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from cotloom.builder.text.options import LETTERS
from cotloom.builder.verify.choices import UNKNOWN, find_option
from cotloom.builder.verify.numbers import Quantity, find_quantities, plain, read_quantity
from cotloom.builder.verify.words import find_boolean, same_text
from cotloom.schemas.problem import AnswerType

MIN_DECIMALS = 4
"""A decimal stands for an endless fraction (0.3333 for 1/3) from so many decimals on."""


class Outcome(StrEnum):
    """What comparing found."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNDECIDED = "undecided"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What comparing found, and why."""

    outcome: Outcome
    """Equal, different, undecided (not understood) or failed (the check itself broke)."""
    detail: str | None = None
    """Why, where it is not plain."""


def compare(gold: str, answer: str, answer_type: AnswerType, choices: tuple[str, ...] | None = None) -> Comparison:
    """Compare two answers.

    Args:
        gold: the right answer.
        answer: the answer given.
        answer_type: what kind of thing they are.
        choices: the options, for choices.

    >>> compare("18", "$18.00", AnswerType.NUMBER).outcome
    <Outcome.EQUAL: 'equal'>
    """
    return _COMPARE[answer_type](gold, answer, choices or ())


def _numbers(gold: str, answer: str, _choices: tuple[str, ...]) -> Comparison:
    if _infinite(gold) and _infinite(gold) == _infinite(answer):
        return Comparison(outcome=Outcome.EQUAL)
    right = read_quantity(gold)
    if right is None:
        return Comparison(outcome=Outcome.UNDECIDED, detail=f"the gold answer is not a number: {gold}")
    given = read_quantity(answer)
    if given is not None:
        return Comparison(outcome=Outcome.EQUAL if same_quantity(right, given) else Outcome.DIFFERENT)
    return _among_several(right, answer)


def _infinite(text: str) -> str | None:
    words = {"inf": "inf", "infinity": "inf", "∞": "inf", "-inf": "-inf", "-infinity": "-inf", "-∞": "-inf"}
    return words.get(text.strip().lower())


def _among_several(right: Quantity, answer: str) -> Comparison:
    """Hold a gold number against an answer that is more than one number and its unit."""
    found = [quantity for quantity, _, _ in find_quantities(plain(answer))]
    if not found:
        return Comparison(outcome=Outcome.UNDECIDED, detail=f"no number could be read from: {answer[:80]}")
    if not any(same_quantity(right, quantity) for quantity in found):
        return Comparison(outcome=Outcome.DIFFERENT)
    if len(found) == 1 or all(same_quantity(right, quantity) for quantity in found):
        return Comparison(outcome=Outcome.EQUAL)
    corrected = any(word in answer.lower() for word in ("no wait", "no, wait", "correction", "actually", "i mean"))
    if corrected and same_quantity(right, found[-1]):
        return Comparison(outcome=Outcome.EQUAL, detail="the answer corrects itself")
    if "=" in answer and not same_quantity(right, found[-1]):
        return Comparison(outcome=Outcome.DIFFERENT, detail="the answer ends on another number")
    if "=" in answer:
        return Comparison(outcome=Outcome.EQUAL, detail="the answer ends on this number")
    return Comparison(outcome=Outcome.UNDECIDED, detail=f"the answer contains several numbers: {answer[:80]}")


def same_quantity(gold: Quantity, given: Quantity) -> bool:
    """Whether two numbers with their units are the same. A unit that only one of them has does not part them."""
    if gold.measure and given.measure and gold.measure != given.measure:
        return False
    if gold.measure and given.measure:
        return gold.value * gold.factor == given.value * given.factor
    if given.measure == "money" and given.factor != 1:  # gold 0.5, answer 50 cents
        return gold.value in (given.value, given.value * given.factor)
    return any(_same_value(one, gold, other, given) for one in _values(gold) for other in _values(given))


def _values(quantity: Quantity) -> tuple[Fraction, ...]:
    """A percentage is meant as written or as a share; both are tried, but not two different ones."""
    return (quantity.value, quantity.value / 100) if quantity.percent else (quantity.value,)


def _same_value(one: Fraction, gold: Quantity, other: Fraction, given: Quantity) -> bool:
    if gold.percent and given.percent:
        return gold.value == given.value
    return one == other or _rounds(one, other, given.decimals) or _rounds(other, one, gold.decimals)


def _rounds(exact: Fraction, decimal: Fraction, decimals: int | None) -> bool:
    """Whether a decimal is an endless fraction cut or rounded at its last place."""
    if decimals is None or decimals < MIN_DECIMALS or not _endless(exact):
        return False
    return abs(exact - decimal) < Fraction(1, 10**decimals)


def _endless(value: Fraction) -> bool:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest != 1


def _options(gold: str, answer: str, choices: tuple[str, ...]) -> Comparison:
    letters = "" if choices else _letters_up_to(gold)
    right = find_option(gold, choices, letters)
    if right is None or len(right.letters) > 1:
        return Comparison(outcome=Outcome.UNDECIDED, detail=f"the gold answer does not name an option: {gold}")
    given = find_option(answer, choices, letters)
    if given is not None:
        return Comparison(outcome=Outcome.EQUAL if given.letters == right.letters else Outcome.DIFFERENT)
    if not choices and any(map(str.isdigit, answer)) and not any(map(str.isalpha, answer)):
        return Comparison(outcome=Outcome.DIFFERENT, detail="the answer is a number, not the letter of an option")
    return Comparison(outcome=Outcome.UNDECIDED, detail=f"the answer does not name exactly one option: {answer[:80]}")


def _letters_up_to(gold: str) -> str:
    """The letters that count where the options are not known: more than five only where the gold letter is one."""
    letter = gold.strip(" ().").upper()
    return LETTERS[: LETTERS.index(letter) + 1] if len(letter) == 1 and letter in LETTERS[len(UNKNOWN) :] else UNKNOWN


def _booleans(gold: str, answer: str, _choices: tuple[str, ...]) -> Comparison:
    right, given = find_boolean(gold), find_boolean(answer)
    if right is None:
        return Comparison(outcome=Outcome.UNDECIDED, detail=f"the gold answer is neither yes nor no: {gold}")
    if given is None:
        return Comparison(outcome=Outcome.UNDECIDED, detail=f"neither yes nor no, or both: {answer[:80]}")
    return Comparison(outcome=Outcome.EQUAL if right.value is given.value else Outcome.DIFFERENT)


def _texts(gold: str, answer: str, _choices: tuple[str, ...]) -> Comparison:
    same = same_text(gold, answer)
    if same is None:
        return Comparison(outcome=Outcome.UNDECIDED, detail=f"the answer contains {gold[:40]} among other words")
    return Comparison(outcome=Outcome.EQUAL if same else Outcome.DIFFERENT)


_COMPARE: Mapping[AnswerType, Callable[[str, str, tuple[str, ...]], Comparison]] = {
    AnswerType.NUMBER: _numbers,
    AnswerType.CHOICE: _options,
    AnswerType.BOOLEAN: _booleans,
    AnswerType.TEXT: _texts,
}
"""How answers of each type are compared."""
