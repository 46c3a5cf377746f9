"""Ratios: 2:3, 2 to 3, 2比3, 4/6. Multiples of all parts are the same ratio; the order counts."""

import re
from fractions import Fraction

from .numbers import read_quantity
from .outcomes import Comparison, call_hedged, decide_equality, leave_undecided
from .plain import is_negated, to_plain_text
from .spelled import CHARACTERS

_PART = r"[-+]?(?:\d{1,15}(?:[.,]\d{1,15})?|\.\d{1,15})(?:\s?/\s?\d{1,15})?"
_NOUN = r"(?:\s(?!(?:or|and|to|not|but)\b)[^\W\d_]{1,20})?"
_RATIO = re.compile(
    rf"(?<![\w.:/])(?P<by_colon>{_PART}{_NOUN}(?:\s?[:∶]\s?{_PART}{_NOUN}){{1,12}})(?![\d:])"
    rf"|(?<![\w.:/])(?P<by_word>{_PART}{_NOUN}(?:(?:\s|-)to(?:\s|-){_PART}{_NOUN}){{1,12}})(?!\d)"
    rf"|(?P<by_character>{_PART}\s?比\s?{_PART})"
)
_SPELLED = re.compile(
    rf"(?<![a-z-])(?:[a-z]{{3,9}}-)?[a-z]{{3,9}}(?:\sto\s(?:[a-z]{{3,9}}-)?[a-z]{{3,9}}){{1,3}}(?![a-z-])"
    rf"|[{CHARACTERS}]{{1,9}}\s?比\s?[{CHARACTERS}]{{1,9}}"
)
_FRACTION = re.compile(r"\s*(\d{1,15})\s?/\s?(\d{1,15})\s*")
_SPLIT = re.compile(r"[:∶比]|(?:\s|-)to(?:\s|-)")
_DENIED = re.compile(r"\b(?:not|never|nor|or|about|almost|than|least|most)\b|n't\b|[不非或<>≤≥!=+*^]", re.IGNORECASE)

Parts = tuple[Fraction, ...]


def find_ratios(text: str) -> list[Parts]:
    """Find the ratios of a text, in lowest terms.

    >>> find_ratios("4:6") == find_ratios("the ratio is 2 to 3"), find_ratios("3:2") == find_ratios("2:3")
    (True, False)
    """
    text = to_plain_text(text).replace("\\colon", ":")
    fraction = _FRACTION.fullmatch(text.strip("$* ."))
    if fraction is not None:
        return [_reduce((Fraction(fraction[1]), Fraction(fraction[2])))]
    found = [_read_parts(match[0]) for match in _RATIO.finditer(text)]
    if not found:
        found = [_read_parts(match[0]) for match in _SPELLED.finditer(text)]
    return [_reduce(parts) for parts in found if parts is not None]


def _read_parts(text: str) -> Parts | None:
    quantities = [read_quantity(part.strip()) for part in _SPLIT.split(text)]
    values = [quantity.value for quantity in quantities if quantity is not None and quantity.other is None]
    return tuple(values) if len(values) == len(quantities) else None


def _reduce(parts: Parts) -> Parts:
    """Divide all parts by the first that is not zero."""
    first = next((abs(part) for part in parts if part), Fraction(1))
    return tuple(part / first for part in parts)


def compare_ratios(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two ratios."""
    golds, answers = find_ratios(gold), find_ratios(answer)
    if len(set(golds)) != 1:
        return leave_undecided(f"the gold answer is not one ratio: {gold[:80]}")
    if not answers:
        return leave_undecided(f"no ratio could be read from: {answer[:80]}")
    outcomes = {parts == golds[0] for parts in answers}
    if len(outcomes) > 1:
        return call_hedged(answer)
    is_denied = _DENIED.search(to_plain_text(answer)) and not _DENIED.search(to_plain_text(gold))
    if is_denied or is_negated(gold) is not is_negated(answer):
        return leave_undecided(f"a ratio that may be another: {answer[:80]}")
    return decide_equality(outcomes.pop())
