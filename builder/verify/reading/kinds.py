"""How an answer of each type is picked from a passage, and when two answers are the same."""

import re
from collections.abc import Callable, Mapping
from functools import partial

from ....schemas.problem import AnswerType
from ..answers.choices import find_option
from ..answers.words import find_boolean, normalize_answer
from .candidates import Candidate, Passage
from .numbers import list_values, pick_number
from .typed import pick_typed
from .words import pick_boolean, pick_expression, pick_option, pick_text

PICK: Mapping[AnswerType, Callable[[Passage], Candidate | None]] = {
    AnswerType.NUMBER: pick_number,
    AnswerType.CHOICE: pick_option,
    AnswerType.BOOLEAN: pick_boolean,
    AnswerType.DATE: partial(pick_typed, answer_type=AnswerType.DATE),
    AnswerType.TIME: partial(pick_typed, answer_type=AnswerType.TIME),
    AnswerType.LIST: pick_text,
    AnswerType.SET: pick_text,
    AnswerType.RATIO: partial(pick_typed, answer_type=AnswerType.RATIO),
    AnswerType.EXPRESSION: pick_expression,
    AnswerType.TEXT: pick_text,
    AnswerType.REASONING_GYM: pick_text,
    AnswerType.MODEL_GRADED: pick_text,
    AnswerType.EXTERNAL: pick_text,
}
"""How an answer of each type is picked from the passage behind a mark."""

_WORDS = re.compile(r"[^\W\d_]")


def is_same(answer_type: AnswerType, left: str, right: str, choices: tuple[str, ...]) -> bool:
    """Whether two answers of a text say the same."""
    if answer_type is AnswerType.NUMBER:
        values = list_values(left)
        return values == list_values(right) if values else left == right
    if answer_type is AnswerType.CHOICE:
        options = [find_option(answer, choices) for answer in (left, right)]
        return None not in options and len({option.letters for option in options if option}) == 1
    if answer_type is AnswerType.BOOLEAN:
        booleans = [find_boolean(answer) for answer in (left, right)]
        return None not in booleans and len({boolean.value for boolean in booleans if boolean}) == 1
    return normalize_answer(left) == normalize_answer(right)
