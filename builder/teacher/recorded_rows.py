"""Recorded answers of one row: its question, and of each answer text, reasoning, teacher, labels and hint."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ...schemas.ids import NotCanonicalError, format_canonical, make_content_id
from ...schemas.problem import make_problem_id
from ...schemas.sample import Hint, make_answer_id
from ...schemas.section import Columns
from ...schemas.teacher import AnyAnswers
from ..cells import format_cell, read_cell
from ..files import Row
from ..text.conversations import find_reply, read_conversation
from ..text.questions import list_question_columns, read_question
from ..text.traces import part_trace


def list_answer_columns(answers: AnyAnswers) -> list[str]:
    """List all columns of a file that its answers are read from."""
    labels = [answers.labels, *(completion.labels for completion in answers.completions)]
    columns = [*list_question_columns(answers.problem), *(completion.column for completion in answers.completions)]
    beside = [(completion.reasoning, completion.teacher_column, completion.hint) for completion in answers.completions]
    named = [column for columns in [*beside, (answers.hint,)] for column in columns if column is not None]
    return [*columns, *named, *(column for names in labels for column in names.values())]


def get_cell(values: Mapping[str, Any], column: str) -> Any:
    """Read a cell; None where the row lacks it."""
    try:
        return read_cell(values, column)
    except KeyError:
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerColumn:
    """A column of answers, with what is read beside it."""

    column: str
    reasoning: str | None
    teacher: str | None
    teacher_column: str | None
    hint: str | None
    labels: Mapping[str, str]


def select_answer_columns(answers: AnyAnswers) -> list[AnswerColumn]:
    """Select the columns of answers, each with what holds for all of them."""
    return [
        AnswerColumn(
            column=item.column,
            reasoning=item.reasoning,
            teacher=item.teacher,
            teacher_column=item.teacher_column,
            hint=item.hint or answers.hint,
            labels={**answers.labels, **item.labels},
        )
        for item in answers.completions
    ]


class UnreadableAnswerError(ValueError):
    """A row does not hold an answer where there should be one; the message says why."""


def read_row(problem: Columns, columns: Sequence[AnswerColumn], row: Row) -> list[tuple[str | None, ...]]:
    """Read the answers of a row as the columns of a piece; one with the fault where the row can't be read."""
    if row.values is None:
        return [_make_malformed(row, row.fault or "unreadable")]
    try:
        question = read_question(row.values, problem, before_reply=True)
    except KeyError as error:
        return [_make_malformed(row, f"the question can't be read: {error.args[0]}")]
    if question is None:
        return [_make_malformed(row, f"the question is empty ({', '.join(list_question_columns(problem))})")]
    question_id = _find_question(question)
    try:
        return [
            (question_id, question_id, make_answer_id(*answer), *answer, None)
            for answer in _read_completions(columns, row.values)
        ]
    except (NotCanonicalError, UnreadableAnswerError) as error:  # half of a surrogate pair, or no answer
        return [_make_malformed(row, str(error))]


@lru_cache(maxsize=1024)
def _find_question(question: str) -> str:
    """Find the id of a question without options; its answers often follow one another."""
    return make_problem_id(question)


def _make_malformed(row: Row, fault: str) -> tuple[str | None, ...]:
    raw_id = make_content_id("a", row.content, fault)
    return None, None, raw_id, "recorded", None, None, None, str(Hint.NONE), f"{row.origin}: {fault}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RawAnswer:
    """An answer as its row holds it, before reasoning and response are told apart."""

    item: AnswerColumn
    """Its column."""
    text: str
    """The text."""
    reasoning: str | None
    """What stands beside it as its reasoning."""
    labels: Mapping[str, Any]
    """What is known about it."""
    teacher: Any
    """Who wrote it, as the row says."""
    hint: Any
    """Whether the teacher was shown the gold answer, as the row says."""


def read_raw_answers(columns: Sequence[AnswerColumn], values: Mapping[str, Any]) -> Iterator[RawAnswer]:
    """Read the answers in a row as they are. A column holds one, or a list of them.

    Raises:
        UnreadableAnswerError: a conversation has no turn of the assistant.
        NotCanonicalError: an answer has no canonical text.
    """
    for item in columns:
        cell = get_cell(values, item.column)
        is_list = isinstance(cell, list) and read_conversation(cell) is None
        named = (item.reasoning, item.teacher_column, item.hint)
        beside = [None if column is None else get_cell(values, column) for column in named]
        labels = {name: get_cell(values, column) for name, column in item.labels.items()}
        for index, answer in enumerate(cell if is_list else [cell]):
            if answer is None:
                continue
            reasoning, teacher, hint = [_select_label(value, index) for value in beside] if is_list else beside
            own_labels = _select_labels(labels, index) if is_list else labels
            text, thought = _read_answer(answer, item.column)
            thought = thought if reasoning is None else _format_text(reasoning)
            yield RawAnswer(item=item, text=text, reasoning=thought, labels=own_labels, teacher=teacher, hint=hint)


def _read_completions(
    columns: Sequence[AnswerColumn], values: Mapping[str, Any]
) -> Iterator[tuple[str, str, str | None, str | None, str]]:
    """Read the answers in a row: teacher, text, reasoning, labels, hint."""
    for answer in read_raw_answers(columns, values):
        parts = part_trace(answer.text, answer.reasoning)
        yield (
            _read_teacher(answer.teacher, answer.item),
            parts.response or "",
            parts.reasoning,
            format_canonical(answer.labels) if answer.labels else None,
            _UNHINTED if answer.hint is None else _read_hint(answer.hint).value,
        )


def _read_answer(cell: Any, column: str) -> tuple[str, str | None]:
    """Read an answer and its reasoning; of a conversation, those of the last turn of the assistant."""
    turns = read_conversation(cell)
    if turns is None:
        return _format_text(cell), None
    reply = find_reply(turns)
    if reply is None:
        message = f"the conversation in {column} has no turn of the assistant"
        raise UnreadableAnswerError(message)
    return reply.text, reply.reasoning


def _read_teacher(cell: Any, item: AnswerColumn) -> str:
    name = item.teacher if cell is None else format_cell(cell) or item.teacher
    if name is None:
        message = f"who wrote the answer is not known: {item.teacher_column} is empty"
        raise UnreadableAnswerError(message)
    return name


_UNHINTED = Hint.NONE.value
_NO_HINT = frozenset({"", "0", "0.0", "false", "no", "none", "null", "nan", "n", "f", "unhinted", "\u5426", "\u65e0"})
"""Texts in a hint column that say that there was none, in small letters."""


def _read_hint(cell: Any) -> Hint:
    """Read whether the teacher was shown the gold answer: a flag, or the hint itself."""
    if isinstance(cell, str):
        return Hint.NONE if cell.strip().lower() in _NO_HINT else Hint.HINTED
    return Hint.HINTED if cell and cell == cell else Hint.NONE  # noqa: PLR0124 - NaN is not equal to itself


def _format_text(value: Any) -> str:
    return value if isinstance(value, str) else format_canonical(value)


def _select_labels(labels: Mapping[str, Any], index: int) -> dict[str, Any]:
    return {name: _select_label(value, index) for name, value in labels.items()}


def _select_label(value: Any, index: int) -> Any:
    """Select what is said of one of several answers: of a list, one."""
    return value[index] if isinstance(value, list) and index < len(value) else value
