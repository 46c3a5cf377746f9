"""Pieces: rows on their way through a build, as Arrow files that are sorted by bucket.

Whoever reads a source or the answers of a teacher writes one piece after another; whoever works on a bucket maps all
pieces into memory and takes its rows out of each. So no process ever holds more than a piece or a bucket.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from .atomic import Access, replace_file

BUCKET_ROWS = 16_384
"""About how many rows a bucket has."""

CELL_BITS = 16
"""Bits of the column `cell`: the first four hex digits of an id."""

MOST_BITS = 12
"""Of more than 4,096 buckets, the files would be small and many."""


def count_bits(rows: int) -> int:
    """Count the bits of the bucket numbers of a table, so that a bucket has at most about `BUCKET_ROWS` rows.

    >>> count_bits(16_384), count_bits(16_385), count_bits(1_880_000)
    (0, 1, 7)
    """
    return min(MOST_BITS, max(0, (-(-rows // BUCKET_ROWS) - 1).bit_length()))


def add_cell(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the column `cell`: the first 16 bits of the problem id; 0 for rows of no problem."""
    digits = pl.col("problem_id").str.slice(2, 4)
    cell = digits.str.to_integer(base=16, strict=True).fill_null(0).cast(pl.UInt16)
    return frame.with_columns(cell=cell)


def write_piece(frame: pl.DataFrame, path: Path) -> None:
    """Write rows as a piece, sorted by the column `cell`; rows of one cell keep their order.

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
    """Read the rows of one bucket out of pieces, in the order of the pieces.

    Args:
        paths: the pieces, of the same columns; at least one.
        bucket: the number of the bucket.
        bits: the bits of the bucket numbers; 0 reads every row.
    """
    width = 1 << (CELL_BITS - bits)
    parts = [_read_cells(path, bucket * width, (bucket + 1) * width) for path in paths]
    return pl.concat(parts, rechunk=True)


def _read_cells(path: Path, first: int, end: int) -> pl.DataFrame:
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
    cells = table["cell"].combine_chunks().to_numpy() if table.num_rows else np.array([], dtype=np.uint16)
    start, stop = np.searchsorted(cells, [first, end]).tolist()
    frame = pl.from_arrow(table.slice(start, stop - start))
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def iterate_pieces(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Read some columns of pieces, one piece after another."""
    for path in paths:
        with pa.memory_map(str(path)) as file:
            frame = pl.from_arrow(pa.ipc.open_file(file).read_all().select(list(columns)))
        yield frame if isinstance(frame, pl.DataFrame) else frame.to_frame()
