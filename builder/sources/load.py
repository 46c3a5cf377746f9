"""Read problems from where a recipe says they are: rows in, problems out, unreadable rows among them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from builder.errors import InputError
from builder.files import Row, as_text, cell, column_names, file_digest, missing_column, read_rows
from builder.progress import track
from builder.recipe import LoadedRecipe
from builder.sources.arithmetic import make_problems
from schemas.ids import canonical, content_id
from schemas.manifest import Input
from schemas.problem import Problem, problem_id
from schemas.reasons import Fate, Reason, Stage
from schemas.recipe import ArithmeticSource, Fields, FileSource

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The problems of one source."""

    problems: list[Problem]
    """In the order of the source, unreadable rows among them."""
    inputs: list[Input]
    """The files they came from."""


def load_source(loaded: LoadedRecipe, source: FileSource | ArithmeticSource) -> Loaded:
    """Read the problems of one source.

    Raises:
        InputError: a file or a column is not there, or no row is.
    """
    return _LOADERS[source.kind](loaded, source)


def _arithmetic(loaded: LoadedRecipe, source: Any) -> Loaded:
    return Loaded(make_problems(source, loaded.recipe.seed), [])


def _file(loaded: LoadedRecipe, source: Any) -> Loaded:
    path = loaded.resolve(source.path)
    rows = list(read_rows(path))
    if not rows:
        raise InputError(f"source {source.name}: {path} is empty")
    _check_columns(path, source.fields, rows)
    problems = [_problem(source, row) for row in track(rows, f"reading {source.name}", every=500)]
    _check_some(source, path, problems)
    sha256, size = file_digest(path)
    name = f"sources.{source.name}"
    return Loaded(problems, [Input(name=name, file=path.name, sha256=sha256, bytes=size, rows=len(rows))])


_LOADERS: Mapping[str, Callable[[LoadedRecipe, Any], Loaded]] = {"file": _file, "arithmetic": _arithmetic}
"""How each kind of source is read."""


def _columns(fields: Fields) -> Iterator[str]:
    """Every column that a source's fields name."""
    for value in (getattr(fields, name) for name in Fields.model_fields):
        yield from value if isinstance(value, tuple) else [value] if value is not None else []


def _check_columns(path: Path, fields: Fields, rows: list[Row]) -> None:
    """A column that no readable row has is a mistake in the recipe, not in the rows."""
    readable = [row.values for row in rows if row.values is not None]
    for column in _columns(fields) if readable else []:
        if not any(_has(values, column) for values in readable):
            raise missing_column(path, column, readable[0])


def _has(values: Mapping[str, Any], column: str) -> bool:
    try:
        cell(values, column)
    except KeyError:
        return False
    return True


def _check_some(source: FileSource, path: Path, problems: list[Problem]) -> None:
    faults = [problem for problem in problems if problem.fate is Fate.DROPPED]
    if len(faults) == len(problems):
        first = faults[0]
        raise InputError(
            f"source {source.name}: none of the {len(problems)} rows of {path} could be read",
            hint=f"the first, {first.origin}: {first.reason}: {first.detail}",
        )


def _problem(source: FileSource, row: Row) -> Problem:
    if row.values is None:
        return _malformed(source, row, row.fault or "unreadable")
    try:
        return _read(source, row, row.values)
    except KeyError as error:
        return _malformed(source, row, f"no {error.args[0]}; there is: {', '.join(column_names(row.values)[:12])}")


def _malformed(source: FileSource, row: Row, fault: str) -> Problem:
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


def _read(source: FileSource, row: Row, values: Mapping[str, Any]) -> Problem:
    fields = source.fields
    question, solution = as_text(cell(values, fields.question)), as_text(cell(values, fields.answer))
    if question is None or solution is None:
        return _malformed(source, row, f"{'question' if question is None else 'answer'} is empty")
    answer, rationale = _gold(source, solution)
    given = _optional(values, fields.reference_rationale)
    read = Problem(
        problem_id=problem_id(question),
        source=source.name,
        origin=row.origin,
        task=_optional(values, fields.task),
        category=_optional(values, fields.category),
        question=question,
        answer=answer,
        answer_type=source.answer_type,
        reference_rationale=given or rationale,
        group=_optional(values, fields.group) or template_key(question),
        license=source.license,
        metadata=canonical({column: cell(values, column) for column in fields.metadata}),
    )
    if answer is None:
        detail = f"{row.origin}: answer_pattern finds nothing in {solution[-60:]!r}"
        return _dropped(read, Reason.GOLD_UNREADABLE, detail)
    return read


def _dropped(problem: Problem, reason: Reason, detail: str) -> Problem:
    return replace(problem, stage=Stage.SOURCES, fate=Fate.DROPPED, reason=reason, detail=detail)


def _optional(values: Mapping[str, Any], column: str | None) -> str | None:
    return None if column is None else as_text(cell(values, column))


def _gold(source: FileSource, solution: str) -> tuple[str | None, str | None]:
    """Part a solution into gold answer and reference rationale, by the source's pattern."""
    if source.answer_pattern is None:
        return solution, None
    matches = list(re.finditer(source.answer_pattern, solution))
    if not matches or not matches[-1][1]:
        return None, solution
    last = matches[-1]
    rest = f"{solution[: last.start()].rstrip()}\n{solution[last.end() :].strip()}".strip()
    return last[1].strip(), rest or None


def template_key(question: str) -> str:
    """The template a question was made from: its words, with the numbers masked.

    >>> template_key("Ann has 3 pens.") == template_key("ann has 1,250 pens.")
    True
    """
    return content_id("g", " ".join(_DIGITS.sub("#", question.lower()).split()))
