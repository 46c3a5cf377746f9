"""Tables on disk and their digests: sorted, written by one writer, digested by their rows."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import orjson
import polars as pl

from ...schemas.example import Example
from ...schemas.manifest import File
from ...schemas.problem import Problem
from ...schemas.sample import Sample
from ..files import digest_file
from ..parquet import write_parquet

RECORDS: Mapping[str, type] = {"problems": Problem, "samples": Sample, "examples": Example}
"""The record of each table."""

DIGEST_ROWS = 2_000
"""How many rows are serialized together for a digest."""


def digest_rows(tables: Sequence[tuple[str, pl.DataFrame]], advance: Callable[[int], None] = lambda _rows: None) -> str:
    """Digest every row of some tables, in order: sha256 over their canonical JSON lines.

    It depends on the rows alone, so that another compression, a later Parquet writer or a copy on the Hub has the
    same digest.

    Args:
        tables: each with its name.
        advance: is called with the number of rows after each part.

    Raises:
        ValueError: a float is not finite.
    """
    digest = hashlib.sha256()
    for name, frame in tables:
        _check_finite(name, frame)
        digest.update(f"{name}\n{orjson.dumps(frame.columns).decode()}\n".encode())
        for part in frame.iter_slices(DIGEST_ROWS):
            lines = (orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in part.iter_rows())
            digest.update(b"".join(lines))
            advance(part.height)
    return digest.hexdigest()


def _check_finite(name: str, frame: pl.DataFrame) -> None:
    """JSON writes NaN as null; a digest must not mistake one for the other."""
    for column in frame:
        if not _is_finite(column):
            message = f"the column {name}.{column.name} holds a number that is not finite"
            raise ValueError(message)


def _is_finite(column: pl.Series) -> bool:
    """Whether all numbers of a column are finite, those in lists and structs too."""
    kind = column.dtype
    if isinstance(kind, pl.List):
        return _is_finite(column.drop_nulls().list.explode())
    if isinstance(kind, pl.Struct):
        return all(_is_finite(column.struct.field(field.name)) for field in kind.fields)
    return not kind.is_float() or bool(column.drop_nulls().is_finite().all())


def write_table(frame: pl.DataFrame, path: Path) -> File:
    """Write a table as Parquet and wait until it is on disk."""
    write_parquet(frame, path)
    return describe_file(path, frame.height)


def describe_file(path: Path, rows: int) -> File:
    """Wait until a written file is on disk; return its digest and size."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    sha256, size = digest_file(path)
    return File(sha256=sha256, bytes=size, rows=rows)
