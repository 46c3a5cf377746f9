"""Infer the columns of a table of problems from its first rows: by their names, and by their cells.

Where two columns look alike, nothing is guessed: the error says which flag of `cotloom init` chooses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any

from ...schemas.problem import AnswerType, Problem
from ...schemas.reasons import Fate
from ...schemas.source import FileSource
from ..errors import InputError
from ..files import Row, read_rows
from ..sources.columns import TableReading, read_problems
from ..templates import is_template
from .answer import LONG, PATTERNS, find_answer, find_pattern, infer_type
from .choices import find_choices, read_option_lists
from .columns import Column, collect_columns, find_named, get_cell, has_text, has_words, show_cell
from .question import add_contexts, find_question

__all__ = ["SAMPLED", "ChosenColumns", "Inferred", "WithoutAnswer", "infer_columns"]

SAMPLED = 200
"""How many rows are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenColumns:
    """The columns that the user has chosen."""

    question: tuple[str, ...] = ()
    """The columns of the question, in order; empty to infer them."""
    answer: str | None = None
    """The column with the gold answer; None to infer it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inferred:
    """The columns that were inferred from a file."""

    path: Path
    """The file."""
    question: str | tuple[str, ...]
    """The column with the question, or several in order."""
    role: str = "sample"
    """`sample`; or `reference`, where there are finished responses and no gold answer."""
    answer: str | None = None
    """The column with the gold answer."""
    choices: str | None = None
    """The column with the options, or a template that makes a list of several columns."""
    responses: tuple[str, ...] = ()
    """Columns with finished responses."""
    answer_type: AnswerType = AnswerType.TEXT
    """How answers are compared."""
    answer_pattern: str | None = None
    """Regular expression that extracts the final answer from a solution."""
    why: dict[str, str] = field(default_factory=dict)
    """The reason for each of these, by name."""
    unused: dict[str, str] = field(default_factory=dict)
    """The columns with texts that are not used, each with its first text."""
    problem: Problem | None = None
    """The first problem, as these columns make it; None where no row can be read."""


_CHOSEN = "as chosen"


class WithoutAnswer(Enum):
    """What becomes of a file without a column of answers or responses."""

    REFUSE = "refuse"
    ALLOW = "allow"


def infer_columns(
    path: Path, chosen: ChosenColumns | None = None, *, without_answer: WithoutAnswer = WithoutAnswer.REFUSE
) -> Inferred:
    """Infer from a file's first rows which columns hold question, answer, options and responses.

    Args:
        path: the file.
        chosen: columns that need not be inferred.
        without_answer: whether a file with nothing but questions is refused.

    Raises:
        InputError: it can't be read, is empty, has no chosen column, or no column looks like a question, or several do;
            or none like an answer, where that is refused.
    """
    rows = [row for row in islice(read_rows(path), SAMPLED) if row.values is not None]
    if not rows:
        raise InputError(f"{path}: no row can be read", hint="a table has one object for each row, or a header")
    values = [row.values for row in rows if row.values is not None]
    chosen = chosen or ChosenColumns()
    columns = [*collect_columns(values), *_render_templates(values, chosen)]
    gold_column = _select_chosen(columns, (chosen.answer,) if chosen.answer else (), "answer", path)
    left = [column for column in columns if column not in gold_column]
    question, why_question = _find_parts(left, chosen, path)
    left = [column for column in columns if column not in question]
    choices, why_choices, parts = find_choices([column for column in left if column not in gold_column])
    left = [column for column in left if column.name not in parts]
    options = list(read_option_lists(values, choices)) if choices else []
    responses = find_named(left, "responses", lambda column: has_words(column, 3) or column.has_replies)[:1]
    responses = responses or [column for column in question if column.has_replies][:1]
    if gold_column:
        found_answer: tuple[Column | None, str] = gold_column[0], _CHOSEN
    else:
        found_answer = find_answer([column for column in left if column not in responses], options, path)
    answer, why_answer = found_answer
    why = {"question": why_question, "choices": why_choices, "answer": why_answer}
    found = _describe_answer(answer, options, is_chosen=bool(gold_column)) or _describe_responses(responses, answer)
    if found is None and without_answer is WithoutAnswer.ALLOW:
        found = {"why": {}, "used": []}
    if found is None:
        raise InputError(
            f"{path}: the question is in {_join_names(question)}, but no column looks like an answer",
            hint="name it: --answer COLUMN; "
            f"the columns are: {_join_names(columns)}; or start from cotloom init instead",
        )
    used = {*(each.name for each in question), *parts, *found.pop("used")}
    inferred = Inferred(
        path=path,
        question=question[0].name if len(question) == 1 else tuple(each.name for each in question),
        choices=choices,
        why={**why, **found.pop("why")},
        unused={each.name: show_cell(each) for each in columns if each.name not in used and has_text(each)},
        **found,
    )
    return _add_problem(inferred, rows)


def _join_names(columns: Sequence[Column]) -> str:
    return ", ".join(column.name for column in columns)


def _render_templates(rows: Sequence[Mapping[str, Any]], chosen: ChosenColumns) -> list[Column]:
    """Render the templates among the chosen columns, as columns of their own."""
    names = [name for name in (*chosen.question, *filter(None, [chosen.answer])) if is_template(name)]
    return [Column(name, [get_cell(row, name) for row in rows]) for name in names]


def _find_parts(columns: Sequence[Column], chosen: ChosenColumns, path: Path) -> tuple[list[Column], str]:
    """Find the parts of the question in order, and the reason."""
    if chosen.question:
        return _select_chosen(columns, chosen.question, "question", path), _CHOSEN
    asking, why = find_question(columns, path)
    parts = add_contexts(asking, [column for column in columns if column is not asking])
    if len(parts) > 1:
        names = " and ".join(part.name for part in parts if part is not asking)
        why = f"{asking.name} {why}, with what it is about in {names}"
    return parts, why


def _select_chosen(columns: Sequence[Column], names: Sequence[str], role: str, path: Path) -> list[Column]:
    """Select the columns that the user has chosen, in order.

    Raises:
        InputError: there is no such column.
    """
    known = {column.name: column for column in columns}
    missing = next((name for name in names if name not in known), None)
    if missing is not None:
        raise InputError(
            f"{path}: there is no column {missing} for the {role}", hint=f"the columns are: {', '.join(known)}"
        )
    return [known[name] for name in names]


def _describe_answer(
    answer: Column | None, options: Sequence[tuple[str, ...]], *, is_chosen: bool
) -> dict[str, Any] | None:
    """Describe the gold answer; None where the column holds solutions without a marked answer."""
    if answer is None:
        return None
    pattern = find_pattern(answer)
    if not is_chosen and pattern is None and has_words(answer, LONG):
        return None
    kind, why = infer_type(answer, pattern, options)
    return {
        "answer": answer.name,
        "answer_type": kind,
        "answer_pattern": pattern,
        "why": {"answer_type": why, "answer_pattern": PATTERNS.get(pattern or "", "")},
        "used": [answer.name],
    }


def _describe_responses(responses: Sequence[Column], answer: Column | None) -> dict[str, Any] | None:
    """Describe finished responses; None where there are none."""
    column = responses[0] if responses else answer
    if column is None:
        return None
    why = "the turns of the assistant" if column.has_replies else "by its name"
    role = "no column with short gold answers: finished responses are deduplicated and formatted, not sampled"
    return {
        "role": "reference",
        "responses": (column.name,),
        "why": {
            "role": role,
            "answer": "",
            "responses": why if responses else "its texts are long, and mark no final answer",
        },
        "used": [column.name],
    }


def _add_problem(inferred: Inferred, rows: Sequence[Row]) -> Inferred:
    """Add the first problem that can be read, as a source with these columns reads it."""
    problems = read_problems(make_source(inferred, "first", inferred.path.name), rows, TableReading())
    return replace(inferred, problem=next((problem for problem in problems if problem.fate is Fate.KEPT), None))


def make_source(inferred: Inferred, name: str, path: str) -> FileSource:
    """Make the source with the inferred columns."""
    fields = {
        "question": inferred.question,
        "answer": inferred.answer,
        "choices": inferred.choices,
        "responses": inferred.responses,
    }
    return FileSource.model_validate({
        "name": name, "kind": "file", "path": path, "role": inferred.role, "fields": fields,
        "answer_type": inferred.answer_type, "answer_pattern": inferred.answer_pattern,
    })  # fmt: skip
