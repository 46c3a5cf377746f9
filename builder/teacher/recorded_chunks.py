"""Recorded answers of one part of a file: read, or known from the last time that a file of this name was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.manifest import File
from ...schemas.teacher import AnyAnswers, FileAnswers, HubAnswers
from ..cells import list_columns
from ..files import Chunk, digest_chunk, read_new_rows
from ..store.pieces import add_cell, read_bucket, write_piece
from ..store.results.stages import find_result, read_or_make
from ..store.tables import describe_file
from .recorded_rows import get_cell, list_answer_columns, read_row, select_answer_columns

_KINDS: Mapping[str, type[AnyAnswers]] = {"file": FileAnswers, "hub": HubAnswers}

PIECE = "answers.arrow"
"""The file of a result: a piece of answers."""

READING = 4
"""Rises when the same bytes give another piece."""

ANSWER_SCHEMA = {
    "line": pl.Binary, "number": pl.Int32, "question_id": pl.String, "problem_id": pl.String, "raw_id": pl.String,
    "teacher": pl.String, "text": pl.String, "reasoning": pl.String, "labels": pl.String, "hint": pl.String,
    "fault": pl.String, "finish_reason": pl.String, "simulated": pl.Boolean,
}  # fmt: skip
"""The columns of a piece: the digest of the line, null where it can't be read; the number of the answer in it; the id
of the question without options, and that of the problem. Why it ended, and whether a program wrote it, is known of the
samples of a version only."""


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
    make = partial(
        _read_chunk, chunk, _KINDS[settings["answers"]["kind"]].model_validate(settings["answers"]), aliases, before
    )
    return read_or_make(stage, decided_by, make).to_plain()


def _read_chunk(
    chunk: Chunk, answers: AnyAnswers, aliases: str | None, before: Sequence[Path], folder: Path
) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    columns, first, rows = list_answer_columns(answers), None, 0
    sources, known = select_answer_columns(answers), _load_known(before)
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
            missing -= {column for column in missing if get_cell(row.values, column) is not None}
        read = read_row(answers.problem, sources, row)
        order += range(known.frame.height + len(records), known.frame.height + len(records) + len(read))
        records += [
            (None if fault or not line else line, number, *cells, fault, None, False)
            for number, (*cells, fault) in enumerate(read)
        ]
    frame = pl.concat([known.frame, pl.DataFrame(records, schema=ANSWER_SCHEMA, orient="row")])[order]
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
    empty = _KnownLines(frame=pl.DataFrame(schema=ANSWER_SCHEMA), places={})
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
    frame = rows.select(list(ANSWER_SCHEMA)).with_columns(problem_id="question_id")
    frame = frame.unique(["line", "number"], keep="first").sort("line", "number")
    starts = frame.select("line").with_row_index().group_by("line", maintain_order=True).agg(pl.min("index"), pl.len())
    places = {line: range(start, start + count) for line, start, count in starts.iter_rows()}
    values = result.values
    return _KnownLines(frame=frame, places=places, found=frozenset(values["found"]), columns=values["columns"])


def _add_aliases(frame: pl.DataFrame, aliases: str | None) -> pl.DataFrame:
    """Give each answer to a question the problems that ask it: one in another writing, or several with options."""
    if aliases is None:
        return frame
    known = pl.read_ipc(Path(aliases).read_bytes()).select("question_id", "alias")
    joined = frame.join(known, left_on="problem_id", right_on="question_id", how="left", maintain_order="left")
    return joined.with_columns(problem_id=pl.coalesce("alias", "problem_id")).drop("alias")


READ_CHUNK = f"{__name__}:{read_answer_chunk.__name__}"
"""The address of `read_answer_chunk`."""
