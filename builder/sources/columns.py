"""Rows of columns become problems: what each field names is read, and rows that can't be read stay, with the fault."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cotloom.builder.errors import InputError
from cotloom.builder.files import Row, as_text, cell, column_names, missing_column
from cotloom.builder.progress import track
from cotloom.builder.sources.gold import WANTED, UnreadableError, read_gold, read_options
from cotloom.schemas.ids import NotCanonicalError, canonical, content_id
from cotloom.schemas.problem import Problem, problem_id
from cotloom.schemas.reasons import Fate, Reason, Stage
from cotloom.schemas.recipe import Fields, TableSource

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")


def read_problems(source: TableSource, place: str, rows: Sequence[Row]) -> list[Problem]:
    """Read the rows of a source as problems.

    Args:
        source: says which column holds what.
        place: the file or dataset, for messages.
        rows: its rows.

    Raises:
        InputError: there is no row, a column is not there, or no row can be read.
    """
    if not rows:
        raise InputError(f"source {source.name}: {place} is empty")
    _check_columns(place, source.fields, rows)
    problems = [_problem(source, row) for row in track(rows, f"reading {source.name}", every=500)]
    if all(problem.fate is Fate.DROPPED for problem in problems):
        first = problems[0]
        raise InputError(
            f"source {source.name}: none of the {len(problems)} rows of {place} could be read",
            hint=f"the first, {first.origin}: {first.reason}: {first.detail}",
        )
    return problems


def _columns(fields: Fields) -> Iterator[str]:
    """Every column that a source's fields name."""
    for value in (getattr(fields, name) for name in Fields.model_fields):
        yield from value if isinstance(value, tuple) else [value] if value is not None else []


def _check_columns(place: str, fields: Fields, rows: Sequence[Row]) -> None:
    """A column that no readable row has is a mistake in the recipe, not in the rows."""
    readable = [row.values for row in rows if row.values is not None]
    for column in _columns(fields) if readable else []:
        if not any(_has(values, column) for values in readable):
            raise missing_column(place, column, readable[0])


def _has(values: Mapping[str, Any], column: str) -> bool:
    try:
        cell(values, column)
    except KeyError:
        return False
    return True


def _problem(source: TableSource, row: Row) -> Problem:
    if row.values is None:
        return _malformed(source, row, row.fault or "unreadable")
    try:
        return _read(source, row, row.values)
    except KeyError as error:
        return _malformed(source, row, f"no {error.args[0]}; there is: {', '.join(column_names(row.values)[:12])}")
    except (UnreadableError, NotCanonicalError) as error:
        return _malformed(source, row, str(error))


def _malformed(source: TableSource, row: Row, fault: str) -> Problem:
    return Problem(
        problem_id=content_id("p", source.name, row.origin),
        source=source.name,
        origin=row.origin,
        answer_type=source.answer_type,
        license=source.license,
        stage=Stage.SOURCES,
        fate=Fate.DROPPED,
        reason=Reason.MALFORMED,
        detail=f"{row.origin}: {fault}",
    )


def _read(source: TableSource, row: Row, values: Mapping[str, Any]) -> Problem:
    fields = source.fields
    question = as_text(cell(values, fields.question))
    if question is None:
        raise UnreadableError("question is empty")
    choices = read_options(cell(values, fields.choices)) if fields.choices else ()
    answer, rationale, fault = _gold(source, values, choices)
    responses = tuple(_responses(values, fields.responses))
    if source.role == "reference" and not responses:
        raise UnreadableError("responses are empty")
    return Problem(
        problem_id=problem_id(question, choices),
        source=source.name,
        origin=row.origin,
        task=_optional(values, fields.task),
        category=_optional(values, fields.category),
        question=question,
        answer=answer,
        answer_type=source.answer_type,
        choices=choices,
        reference_rationale=_optional(values, fields.reference_rationale) or rationale,
        responses=responses,
        group=_optional(values, fields.group) or template_key(question),
        license=source.license,
        metadata=canonical({column: cell(values, column) for column in fields.metadata}),
        stage=Stage.SOURCES if fault else None,
        fate=Fate.DROPPED if fault else Fate.KEPT,
        reason=Reason.GOLD_UNREADABLE if fault else None,
        detail=f"{row.origin}: {fault}" if fault else None,
    )


def _optional(values: Mapping[str, Any], column: str | None) -> str | None:
    return None if column is None else as_text(cell(values, column))


def _responses(values: Mapping[str, Any], columns: Iterable[str]) -> Iterator[str]:
    for column in columns:
        given = cell(values, column)
        for item in given if isinstance(given, list) else [given]:
            text = as_text(item)
            if text is not None:
                yield text


def _gold(
    source: TableSource, values: Mapping[str, Any], choices: tuple[str, ...]
) -> tuple[str | None, str | None, str | None]:
    """Part the answer column into gold answer and reference rationale; the third says why the gold can't be read."""
    given = None if source.fields.answer is None else cell(values, source.fields.answer)
    solution = as_text(given)
    if solution is None:
        if source.role == "reference":
            return None, None, None
        raise UnreadableError("answer is empty")
    rationale = None
    if source.answer_pattern is not None:
        matches = list(re.finditer(source.answer_pattern, solution))
        if not matches or not matches[-1][1]:
            return None, solution, f"answer_pattern finds nothing in {solution[-60:]!r}"
        last = matches[-1]
        given = last[1]
        rationale = f"{solution[: last.start()].rstrip()}\n{solution[last.end() :].strip()}".strip() or None
    answer = read_gold(given, source.answer_type, choices)
    if answer is None:
        return as_text(given), rationale, f"{as_text(given)!r} is {WANTED[source.answer_type]}"
    return answer, rationale, None


def template_key(question: str) -> str:
    """The template a question was made from: its words, with the numbers masked.

    >>> template_key("Ann has 3 pens.") == template_key("ann has 1,250 pens.")
    True
    """
    return content_id("g", " ".join(_DIGITS.sub("#", question.lower()).split()))
