"""Pieces: files of rows on their way through a build, from which the rows of one bucket can be read alone.

The cell of a row is the first four hex digits of its id, and the rows of a piece are in the order of their cells. So
whatever the number of buckets, those of one bucket are one slice of the file. Pieces are mapped into memory, not read:
a slice costs the pages that it lies on.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from ..parquet import to_polars
from .atomic import Access, replace_file

BUCKET_ROWS = 16_384
"""About the most rows that a bucket has."""

MAX_BITS = 12
"""There are at most 2^12 buckets."""

CELL_BITS = 16
"""Bits of a cell."""


def count_bits(rows: int) -> int:
    """Count the bits of a bucket's number: the fewest at which buckets have `BUCKET_ROWS` rows; 0 for few rows.

    >>> count_bits(16_384), count_bits(16_385), count_bits(1_880_000)
    (0, 1, 7)
    """
    bits = 0
    while bits < MAX_BITS and rows > BUCKET_ROWS << bits:
        bits += 1
    return bits


def add_cell(frame: pl.DataFrame, column: str = "problem_id") -> pl.DataFrame:
    """Add the column `cell`. A row without an id, or with one that has no such digits, is in the first cell.

    Args:
        frame: the rows.
        column: a column of ids: a letter, `_` and hex digits.
    """
    digits = pl.col(column).str.slice(2, CELL_BITS // 4)
    return frame.with_columns(cell=digits.str.to_integer(base=16, dtype=pl.UInt16, strict=False).fill_null(0))


def write_piece(frame: pl.DataFrame, path: Path) -> None:
    """Write rows as a piece, sorted by `cell`; rows of one cell stay in their order.

    Raises:
        Stopped: the disk is full or can't be written.
    """
    table = frame.sort("cell", maintain_order=True).rechunk().to_arrow()
    with (
        replace_file(path, access=Access.PRIVATE) as side,
        pa.OSFile(str(side), "wb") as file,
        pa.ipc.new_file(file, table.schema) as writer,
    ):
        writer.write_table(table)


def read_bucket(paths: Sequence[Path], bucket: int = 0, bits: int = 0) -> pl.DataFrame:
    """Read the rows of a bucket, in the order of the pieces.

    Args:
        paths: pieces with the same columns, at least one.
        bucket: the number of the bucket, from 0.
        bits: how many bits such a number has; 0 reads everything.
    """
    slices = [_slice_table(_map_piece(path), bucket, bits) for path in paths]
    filled = [each for each in slices if each.num_rows] or slices[:1]
    return to_polars(pa.concat_tables(filled))


def iterate_pieces(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Read some columns of pieces, one piece after another."""
    for path in paths:
        yield to_polars(_map_piece(path).select(list(columns)))


def _map_piece(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _slice_table(table: pa.Table, bucket: int, bits: int) -> pa.Table:
    if bits == 0 or not table.num_rows:
        return table
    cells = table["cell"].chunk(0).to_numpy()
    first, last = bucket << (CELL_BITS - bits), ((bucket + 1) << (CELL_BITS - bits)) - 1
    start = int(np.searchsorted(cells, np.uint16(first)))
    return table.slice(start, int(np.searchsorted(cells, np.uint16(last), side="right")) - start)
