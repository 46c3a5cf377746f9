"""Map table rows to problems by the recipe's `fields`; unreadable rows are kept as dropped problems with the fault."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

from ...schemas.ids import NotCanonicalError, format_canonical, make_content_id
from ...schemas.problem import Problem, make_problem_id
from ...schemas.reasons import Fate, Reason, Stage
from ...schemas.source import Fields, TableSource
from ..cells import format_cell, list_columns, make_missing_column_error, read_cell
from ..errors import InputError
from ..files import Row
from ..patterns import SearchError, find_last_match
from ..templates import UnfilledError
from ..text.conversations import find_reply, read_conversation, write_reply
from ..text.questions import read_question
from .gold import GOLD_FAULTS, UnreadableError, read_gold, read_options

MIN_WEIGHT, MAX_WEIGHT = 1e-6, 1e6
"""The weights that a problem may have."""

_SHOWN_COLUMNS = 40
"""How many columns a message lists."""


@dataclass(slots=True)
class TableReading:
    """What is known of the rows that were read; plain values, so that it can come from another process."""

    rows: int = 0
    """How many rows."""
    columns: list[str] | None = None
    """Columns of the first row that is a row at all."""
    missing: list[str] | None = None
    """The columns that no such row has."""
    readable: bool = False
    """Whether there is a row that is a problem."""
    first: list[str] | None = None
    """Origin, reason and detail of the first row, where that was dropped."""


def read_problems(
    source: TableSource, rows: Iterable[Row], reading: TableReading, *, needs_gold: bool = True
) -> Iterator[Problem]:
    """Read rows of a source as problems.

    Args:
        source: its `fields` name the columns.
        rows: its rows.
        reading: it is filled as rows are read.
        needs_gold: whether a row to sample without a gold answer is malformed.
    """
    wanted = list(_list_columns(source.fields))
    for row in rows:
        if row.values is not None and (reading.columns is None or reading.missing):
            values = row.values
            if reading.columns is None:
                reading.columns, reading.missing = list_columns(values)[:_SHOWN_COLUMNS], wanted
            reading.missing = [column for column in reading.missing or () if not _has_column(values, column)]
        problem = _read_row(source, row, needs_gold=needs_gold)
        reading.rows += 1
        reading.readable = reading.readable or problem.fate is Fate.KEPT
        if reading.rows == 1 and problem.fate is Fate.DROPPED:
            reading.first = [problem.origin, str(problem.reason), problem.detail or ""]
        yield problem


def check_readings(source: TableSource, location: str, readings: Sequence[TableReading]) -> int:
    """Check that a source as a whole can be read.

    Args:
        source: the source.
        location: the file or dataset, for messages.
        readings: of all its rows, in order.

    Returns:
        The number of rows.

    Raises:
        InputError: there are no rows, no row has one of the columns, or no row can be read.
    """
    filled = [reading for reading in readings if reading.rows]
    if not filled:
        raise InputError(f"source {source.name}: {location} is empty")
    tables = [reading for reading in filled if reading.columns is not None]
    for column in tables[0].missing or () if tables else ():
        if all(column in (reading.missing or ()) for reading in tables):
            raise make_missing_column_error(location, column, dict.fromkeys(tables[0].columns or ()))
    rows = sum(reading.rows for reading in filled)
    if not any(reading.readable for reading in filled):
        origin, reason, detail = filled[0].first or ("", "", "")
        raise InputError(
            f"source {source.name}: none of the {rows} rows of {location} could be read",
            hint=f"the first, {origin}: {reason}: {detail}",
        )
    return rows


def _list_columns(fields: Fields) -> Iterator[str]:
    """Yield every column that a source's fields name."""
    for value in (getattr(fields, name) for name in Fields.model_fields):
        yield from value if isinstance(value, tuple) else [value] if value is not None else []


def _has_column(values: Mapping[str, Any], column: str) -> bool:
    try:
        read_cell(values, column)
    except KeyError:
        return False
    return True


def _read_row(source: TableSource, row: Row, *, needs_gold: bool) -> Problem:
    if row.values is None:
        return _make_malformed(source, row, row.fault or "unreadable")
    try:
        return _read_values(source, row, row.values, needs_gold=needs_gold)
    except UnfilledError as error:
        columns = ", ".join(list_columns(row.values)[:12])
        return _make_malformed(source, row, f"a template can't be filled: {error.args[0]}; there is: {columns}")
    except KeyError as error:
        return _make_malformed(source, row, f"no {error.args[0]}; there is: {', '.join(list_columns(row.values)[:12])}")
    except (UnreadableError, NotCanonicalError) as error:
        return _make_malformed(source, row, str(error))


def _make_malformed(source: TableSource, row: Row, fault: str) -> Problem:
    return Problem(
        problem_id=make_content_id("p", source.name, row.content),
        source=source.name,
        origin=row.origin,
        answer_type=source.stated_type,
        license=source.license,
        stage=Stage.SOURCES,
        fate=Fate.DROPPED,
        reason=Reason.MALFORMED,
        detail=f"{row.origin}: {fault}",
    )


def _read_values(source: TableSource, row: Row, values: Mapping[str, Any], *, needs_gold: bool) -> Problem:
    fields = source.fields
    question = read_question(values, fields.question)
    if question is None:
        raise UnreadableError("question is empty")
    choices = read_options(read_cell(values, fields.choices)) if fields.choices else ()
    answer, rationale, fault = _split_solution(source, values, choices, needs_gold=needs_gold)
    responses = tuple(_read_responses(values, fields.responses))
    if source.role == "reference" and not responses:
        raise UnreadableError("responses are empty")
    return Problem(
        problem_id=make_problem_id(question, choices),
        source=source.name,
        origin=row.origin,
        task=_read_optional(values, fields.task),
        category=_read_optional(values, fields.category),
        question=question,
        answer=answer,
        answer_type=source.stated_type,
        choices=choices,
        reference_rationale=_read_optional(values, fields.reference_rationale) or rationale,
        responses=responses,
        group=_read_optional(values, fields.group),
        license=source.license,
        weight=_read_weight(values, fields.weight),
        metadata=format_canonical({column: read_cell(values, column) for column in fields.metadata})
        if fields.metadata
        else "{}",
        stage=Stage.SOURCES if fault else None,
        fate=Fate.DROPPED if fault else Fate.KEPT,
        reason=Reason.GOLD_UNREADABLE if fault else None,
        detail=f"{row.origin}: {fault}" if fault else None,
    )


def _read_optional(values: Mapping[str, Any], column: str | None) -> str | None:
    return None if column is None else format_cell(read_cell(values, column))


def _read_weight(values: Mapping[str, Any], column: str | None) -> float:
    """Read the weight of a problem; 1 where the cell is empty."""
    text = _read_optional(values, column)
    if text is None:
        return 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = nan
    if not MIN_WEIGHT <= weight <= MAX_WEIGHT:
        raise UnreadableError(f"weight {text[:40]!r} is no number from {MIN_WEIGHT:g} to {MAX_WEIGHT:g}")
    return weight


def _read_responses(values: Mapping[str, Any], columns: Iterable[str]) -> Iterator[str]:
    for column in columns:
        value = read_cell(values, column)
        is_list = isinstance(value, list) and read_conversation(value) is None
        for item in value if is_list else [value]:
            text = format_cell(_read_response(item))
            if text is not None:
                yield text


def _read_response(item: Any) -> Any:
    """Read a response; of a conversation, the last turn of the assistant."""
    turns = read_conversation(item)
    reply = None if turns is None else find_reply(turns)
    return item if turns is None else None if reply is None else write_reply(reply)


def _split_solution(
    source: TableSource, values: Mapping[str, Any], choices: tuple[str, ...], *, needs_gold: bool
) -> tuple[str | None, str | None, str | None]:
    """Split the answer column into gold answer and reference rationale.

    Returns:
        Answer, rationale, and the reason why the gold answer can't be read (None where it can).
    """
    value = None if source.fields.answer is None else read_cell(values, source.fields.answer)
    solution = format_cell(value)
    if solution is None:
        is_needed = source.role == "evaluate" or (source.role == "sample" and needs_gold)
        if source.fields.answer is None or not is_needed:
            return None, None, None
        raise UnreadableError("answer is empty")
    rationale = None
    if source.answer_pattern is not None:
        value, rationale = _apply_pattern(source.answer_pattern, solution)
        if not value:
            return None, solution, f"answer_pattern finds nothing in {solution[-60:]!r}"
    answer = read_gold(value, source.stated_type, choices)
    if answer is None:
        return format_cell(value), rationale, f"{format_cell(value)!r} is {GOLD_FAULTS[source.stated_type]}"
    return answer, rationale, None


def _apply_pattern(pattern: str, solution: str) -> tuple[str | None, str | None]:
    """Split a solution at the last match of a pattern: the answer, and the text around the match."""
    try:
        match, span = find_last_match(pattern, solution) or (None, None)
    except SearchError as error:
        raise UnreadableError(str(error)) from error
    if match is None or span is None:
        return None, None
    rationale = f"{solution[: match[0]].rstrip()}\n{solution[match[1] :].strip()}".strip()
    return solution[slice(*span)], rationale or None
