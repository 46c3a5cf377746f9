"""Find texts that state their answer before any reasoning."""

import re
from collections.abc import Iterator

from ....schemas.problem import AnswerType
from ..answers import ComparisonOutcome, compare_safely
from ..reading import Reading, find_statements, read_answer
from .place import FaultPlace, list_words
from .statements import STATING

_END = re.compile(r"[.!?](?=[\s*_)\"”’]|$)|[\n。！？]|[:：](?=[ \t]*\n)")
_LEADING = re.compile(r"[\W_]{0,8}([^\W\d_]{1,20}(?: [^\W\d_]{1,10})?)[*_]{0,2}\s?(?:[,.:;!，。：；！]|[-–—] |\n|\*\*)")
_MOST_HEAD, _LONG_HEAD, _SHORT, _LEAST_REST, _LEAST_UNSPACED = 300, 120, 40, 25, 12
_EDGES = " \t\n*_#.:。：!`$"
_MOST_SKIPPED = 3


def find_early_answer(
    text: str, reading: Reading | None, answer_type: AnswerType, choices: tuple[str, ...] = ()
) -> FaultPlace | None:
    """Find the answer in the first sentence that says anything, with the reasoning behind it.

    A sentence that reasons before it states the answer (`3 + 4 = 7, so the answer is 7`) is reasoning. A text that
    says nothing besides its answer is no case of this: see `find_restating`.

    Args:
        text: the text; where reasoning was told apart from it, there is no need to ask.
        reading: the answer that was read from it.
        answer_type: its type.
        choices: the options of a multiple-choice question.

    >>> text = "The answer is 7. There are 3 and 4 of them, and 3 + 4 = 7."
    >>> find_early_answer(text, read_answer(text, AnswerType.NUMBER), AnswerType.NUMBER).detail
    'states its answer first: The answer is 7.'
    """
    if reading is None or not _may_come_first(text, reading, answer_type):
        return None
    least = _LEAST_REST if text.isascii() else _LEAST_UNSPACED
    for start, end in _list_heads(text):
        head = text[start:end]
        leading = _LEADING.match(head) if answer_type is AnswerType.BOOLEAN else None
        if leading and _is_equal(reading.answer, leading[1], answer_type, choices):
            return _make_place(text, start, start + leading.end(), least)
        if len(head) > _LONG_HEAD:
            return None
        if _is_stated_first(head, reading, answer_type, choices):
            return _make_place(text, start, end, least)
        if any(word not in STATING for word in list_words(head)):
            return None
    return None


def _make_place(text: str, start: int, end: int, least: int) -> FaultPlace | None:
    """Make the fault of a statement that enough stands behind."""
    if len(text) - end < least:
        return None
    shown = " ".join(text[start:end].split())[:80]
    return FaultPlace(start=start, end=end, detail=f"states its answer first: {shown}")


def _list_heads(text: str) -> Iterator[tuple[int, int]]:
    """Yield the first sentences or lines of a text."""
    start = 0
    for count, match in enumerate(_END.finditer(text, 0, _MOST_HEAD)):
        if count > _MOST_SKIPPED:
            return
        if text[start : match.end()].strip():
            yield start, match.end()
            start = match.end()


def _may_come_first(text: str, reading: Reading, answer_type: AnswerType) -> bool:
    """Whether a text may state its answer first, at little cost: where it is a number, no digit stands before it."""
    if answer_type in _WORDY:
        return True
    place = text.find(reading.answer, 0, _MOST_HEAD)
    return place >= 0 and not _DIGIT.search(text, 0, place)


_WORDY = frozenset({AnswerType.BOOLEAN, AnswerType.CHOICE})
_DIGIT = re.compile(r"\d")


def _is_stated_first(head: str, reading: Reading, answer_type: AnswerType, choices: tuple[str, ...]) -> bool:
    """Whether a sentence states the answer that the text ends up with, without a reason before it."""
    bare = head.strip(_EDGES)
    if len(bare) <= _SHORT and _is_equal(reading.answer, bare, answer_type, choices):
        return True
    if not find_statements(head, answer_type):
        return False
    found = read_answer(head, answer_type, choices, last_resort=False)
    if found is None or not _is_equal(reading.answer, found.answer, answer_type, choices):
        return False
    return all(word in STATING for word in list_words(head[: found.span.start]))


def _is_equal(answer: str, other: str, answer_type: AnswerType, choices: tuple[str, ...]) -> bool:
    return answer == other or compare_safely(answer, other, answer_type, choices).outcome is ComparisonOutcome.EQUAL
