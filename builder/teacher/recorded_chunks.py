"""Recorded answers of one part of a file: read, or known from the last time that a file of this name was read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.ids import NotCanonicalError, format_canonical, make_content_id
from ...schemas.manifest import File
from ...schemas.problem import make_problem_id
from ...schemas.sample import make_answer_id
from ...schemas.teacher import Answers
from ..cells import format_cell, list_columns, read_cell
from ..files import Chunk, Row, digest_chunk, read_new_rows
from ..store.pieces import add_cell, read_bucket, write_piece
from ..store.stages import find_result, read_or_make
from ..store.tables import describe_file
from ..text.traces import part_trace

PIECE = "answers.arrow"
"""The file of a result: a piece of answers."""

READING = 3
"""Rises when the same bytes give another piece."""

_SCHEMA = {
    "line": pl.Binary, "number": pl.Int32, "question_id": pl.String, "problem_id": pl.String, "raw_id": pl.String,
    "teacher": pl.String, "text": pl.String, "reasoning": pl.String, "labels": pl.String, "fault": pl.String,
}  # fmt: skip
"""The columns of a piece: the digest of the line, null where it can't be read; the number of the answer in it; the id
of the question without options, and that of the problem."""


def list_answer_columns(answers: Answers) -> list[str]:
    """List all columns of a file that its answers are read from."""
    labels = [answers.labels, *(completion.labels for completion in answers.completions)]
    columns = [answers.problem, *(completion.column for completion in answers.completions)]
    thoughts = [completion.reasoning for completion in answers.completions if completion.reasoning is not None]
    return [*columns, *thoughts, *(column for names in labels for column in names.values())]


def read_answer_chunk(item: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read the answers of one chunk of the file into a piece, or find what was read before from the same bytes.

    Args:
        item: chunk; before: the keys of the results that were read last from about here.
        settings: answers: the section of the recipe; aliases: their file and its sha256; stage: the folder of results.

    Returns:
        A result: rows read, answers written, columns of the first readable row, and the columns found in any row.
    """
    chunk = Chunk(**item["chunk"])
    aliases, digest = settings["aliases"] or (None, None)
    decided_by = {
        "code": READING,
        "answers": settings["answers"],
        "aliases": digest,
        "place": [Path(chunk.path).name, chunk.first],  # part of what is said about a row that can't be read
        "chunk": digest_chunk(chunk),
    }
    stage = Path(settings["stage"])
    before = [stage / key for key in item["before"]]
    make = partial(_read_chunk, chunk, Answers.model_validate(settings["answers"]), aliases, before)
    return read_or_make(stage, decided_by, make).to_plain()


def _read_chunk(
    chunk: Chunk, answers: Answers, aliases: str | None, before: Sequence[Path], folder: Path
) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    columns, first, rows = list_answer_columns(answers), None, 0
    sources, known = _list_answer_columns(answers), _load_known(before)
    missing = set(columns) - known.found
    records: list[tuple[Any, ...]] = []
    order: list[int] = []  # of all rows: those that are known, then those that are read
    for line, row in read_new_rows(chunk, known.places):
        rows += 1
        if row is None:
            order += known.places[line]
            continue
        if row.values is not None:
            first = first or list_columns(row.values)
            missing -= {column for column in missing if _get_cell(row.values, column) is not None}
        read = _read_row(answers.problem, sources, row)
        order += range(known.frame.height + len(records), known.frame.height + len(records) + len(read))
        records += [
            (None if fault or not line else line, number, *cells, fault) for number, (*cells, fault) in enumerate(read)
        ]
    frame = pl.concat([known.frame, pl.DataFrame(records, schema=_SCHEMA, orient="row")])[order]
    write_piece(add_cell(_add_aliases(frame, aliases)), folder / PIECE)
    values = {
        "rows": rows,
        "answers": frame.height,
        "columns": first or known.columns,
        "found": sorted(set(columns) - missing),
    }
    return {PIECE: describe_file(folder / PIECE, frame.height)}, values


@dataclass(frozen=True, kw_only=True, slots=True)
class _KnownLines:
    """Answers of lines that were read before; most lines of a file stay when some are added."""

    frame: pl.DataFrame
    """The answers."""
    places: Mapping[bytes, range]
    """For each line, by its digest, the rows of its answers."""
    found: frozenset[str] = frozenset()
    """The columns that were found."""
    columns: Sequence[str] | None = None
    """The columns of the first row."""


def _load_known(folders: Sequence[Path]) -> _KnownLines:
    loaded = [lines for folder in folders if (lines := _load_lines(folder)) is not None]
    empty = _KnownLines(frame=pl.DataFrame(schema=_SCHEMA), places={})
    places: dict[bytes, range] = {}
    height = 0
    for lines in loaded:
        places |= {line: range(rows.start + height, rows.stop + height) for line, rows in lines.places.items()}
        height += lines.frame.height
    return _KnownLines(
        frame=pl.concat([empty.frame, *(lines.frame for lines in loaded)]),
        places=places,
        found=frozenset().union(*(lines.found for lines in loaded)),
        columns=next((lines.columns for lines in loaded if lines.columns is not None), None),
    )


@lru_cache(maxsize=4)
def _load_lines(folder: Path) -> _KnownLines | None:
    """Load the lines of a piece; those that could not be read say where they stand, and are read again."""
    result = find_result(folder.parent, folder.name)
    if result is None:
        return None
    rows = read_bucket([folder / PIECE]).filter(pl.col("line").is_not_null())
    frame = rows.select(list(_SCHEMA)).with_columns(problem_id="question_id")
    frame = frame.unique(["line", "number"], keep="first").sort("line", "number")
    starts = frame.select("line").with_row_index().group_by("line", maintain_order=True).agg(pl.min("index"), pl.len())
    places = {line: range(start, start + count) for line, start, count in starts.iter_rows()}
    values = result.values
    return _KnownLines(frame=frame, places=places, found=frozenset(values["found"]), columns=values["columns"])


def _add_aliases(frame: pl.DataFrame, aliases: str | None) -> pl.DataFrame:
    """Give each answer to a question the problems that ask it; a question with options may be several problems."""
    if aliases is None:
        return frame
    known = pl.read_ipc(Path(aliases).read_bytes())
    joined = frame.join(known, left_on="problem_id", right_on="question_id", how="left", maintain_order="left")
    return joined.with_columns(problem_id=pl.coalesce("alias", "problem_id")).drop("alias")


def _get_cell(values: Mapping[str, Any], column: str) -> Any:
    try:
        return read_cell(values, column)
    except KeyError:
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class _AnswerColumn:
    """A column of answers, with what is read beside it."""

    column: str
    reasoning: str | None
    teacher: str
    labels: Mapping[str, str]


def _list_answer_columns(answers: Answers) -> list[_AnswerColumn]:
    return [
        _AnswerColumn(
            column=item.column,
            reasoning=item.reasoning,
            teacher=item.teacher,
            labels={**answers.labels, **item.labels},
        )
        for item in answers.completions
    ]


def _read_row(problem: str, columns: Sequence[_AnswerColumn], row: Row) -> list[tuple[str | None, ...]]:
    """Read the answers of a row as the columns of a piece; one with the fault where the row can't be read."""
    try:
        question = None if row.values is None else format_cell(_get_cell(row.values, problem))
    except KeyError as error:
        return [_make_malformed(row, str(error.args[0]))]
    if row.values is None or question is None:
        return [_make_malformed(row, row.fault or f"the column {problem} is empty")]
    question_id = _find_question(question)
    try:
        return [
            (question_id, question_id, make_answer_id(*answer), *answer, None)
            for answer in _read_completions(columns, row.values)
        ]
    except NotCanonicalError as error:  # half of a surrogate pair
        return [_make_malformed(row, str(error))]


@lru_cache(maxsize=1024)
def _find_question(question: str) -> str:
    """Find the id of a question without options; its answers often follow one another."""
    return make_problem_id(question)


def _make_malformed(row: Row, fault: str) -> tuple[str | None, ...]:
    return None, None, make_content_id("a", row.content, fault), "recorded", None, None, None, f"{row.origin}: {fault}"


def _read_completions(
    columns: Sequence[_AnswerColumn], values: Mapping[str, Any]
) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Read the answers in a row: teacher, text, reasoning, labels. A column holds one, or a list of them."""
    for item in columns:
        value = _get_cell(values, item.column)
        is_list = isinstance(value, list)
        labels = {name: _get_cell(values, column) for name, column in item.labels.items()}
        thoughts = None if item.reasoning is None else _get_cell(values, item.reasoning)
        for index, text in enumerate(value if is_list else [value]):
            if text is not None:
                own = _select_labels(labels, index) if is_list else labels
                thought = _select_label(thoughts, index) if is_list else thoughts
                parts = part_trace(_format_text(text), None if thought is None else _format_text(thought))
                yield item.teacher, parts.response or "", parts.reasoning, format_canonical(own) if own else None


def _format_text(value: Any) -> str:
    return value if isinstance(value, str) else format_canonical(value)


def _select_labels(labels: Mapping[str, Any], index: int) -> dict[str, Any]:
    return {name: _select_label(value, index) for name, value in labels.items()}


def _select_label(value: Any, index: int) -> Any:
    """Select what is said of one of several answers: of a list, one."""
    return value[index] if isinstance(value, list) and index < len(value) else value


READ_CHUNK = f"{__name__}:{read_answer_chunk.__name__}"
"""The address of `read_answer_chunk`."""
