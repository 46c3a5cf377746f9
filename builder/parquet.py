"""Parquet, read and written in one place: pages carry checksums, and every read verifies them.

Polars and DuckDB read a damaged page without an error, and pyarrow does so by default; so no other module reads or
writes Parquet. The footer has no checksum: what lies in a version or a store is also held against a digest
(`store.versions`, `store.checked`).
"""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import fs

from .errors import InputError

if TYPE_CHECKING:
    import pyarrow.dataset as ds

WRITE_OPTIONS: Mapping[str, Any] = {
    "compression": "zstd",
    "use_content_defined_chunking": True,
    "write_page_index": True,
    "write_page_checksum": True,
}
"""How files are written. With content-defined chunks and a page index the Hub stores only what changed."""

_TAIL = 8
"""Bytes behind the footer: its length, and `PAR1`."""

_SMALL_BATCH = 64
"""Rows that are read at once where a table can only be measured by reading it."""

GROUP_ROWS = 2**14
"""Rows of a row group. A query reads some groups ahead of what it needs, so their size bounds its memory."""

UNREADABLE = (
    pa.ArrowException,
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    MemoryError,
    OverflowError,
    pl.exceptions.PolarsError,
)
"""What the libraries raise where a file is damaged; a length that was damaged asks for too much memory."""

_HINT = "the file is damaged or no Parquet file: restore it, or make it again"


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read a Parquet file; page checksums and every value are verified before polars sees them.

    Args:
        path: the file, of any columns.
        columns: the columns to read; None for all.

    Raises:
        InputError: it is missing, damaged, or lacks a column; the message names it.
    """
    with refuse_unreadable(path):
        return to_polars(read_arrow(path, columns))


def read_arrow(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file as an Arrow table, with the checks of `read_parquet`.

    Raises:
        UNREADABLE: it is missing or damaged.
    """
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        missing = sorted({*(columns or ())} - {*file.schema_arrow.names})
        if missing:
            raise KeyError(f"it has no column {missing[0]}")
        table = file.read(columns=None if columns is None else list(columns))
    table.validate(full=True)
    return table


def to_polars(table: pa.Table) -> pl.DataFrame:
    """Convert an Arrow table to polars."""
    frame = pl.from_arrow(table)
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def to_arrow(numbers: NDArray[np.int64]) -> pa.Array:
    """Convert whole numbers to Arrow, by way of polars: `pa.array` imports pandas where that is installed."""
    return pl.Series(numbers, dtype=pl.Int64).to_arrow()


@contextmanager
def refuse_unreadable(path: Path) -> Iterator[None]:
    """Raise `InputError` with the name of a file in place of what the libraries raise where it can't be read."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file", hint=_HINT) from error
    except UNREADABLE as error:
        raise InputError(f"{path}: {_shorten_message(error)}", hint=_HINT) from error


def _shorten_message(error: BaseException) -> str:
    lines = str(error).strip("'").splitlines()
    return lines[0] if lines else type(error).__name__


MAX_FILE_MEMORY = 4 * 2**30
"""Bytes of memory that the rows of one file of a stranger may need. Files of published versions need some 400 MB."""

_WIDEST = 8
"""Bytes of a number, and of what is kept for each text and list besides its content."""


def measure_memory(path: Path, limit: int = MAX_FILE_MEMORY) -> int:
    """Measure how many bytes of memory the rows of a file need, without using that much.

    A file of a few kB can stand for many GB: a text that stands once in a dictionary, and in a billion rows.

    Raises:
        InputError: they need more than the limit, or the file can't be read.
    """
    with refuse_unreadable(path):
        with pq.ParquetFile(path) as file:
            metadata = file.metadata
        least = sum(map(_measure_group, map(metadata.row_group, range(metadata.num_row_groups))))
        _refuse_larger(path, least, limit)
        texts = [column.path for column in _list_columns(metadata.schema) if column.physical_type == "BYTE_ARRAY"]
        needed = least
        with (
            pq.ParquetFile(path, read_dictionary=texts, page_checksum_verification=True) as file,
            pq.ParquetFile(path, page_checksum_verification=True) as plain,
        ):
            for number in range(metadata.num_row_groups):
                for size in _measure_group_texts(file, plain, number):
                    needed += size
                    _refuse_larger(path, needed, limit)
    return needed


def _measure_group_texts(file: Any, plain: Any, number: int) -> Iterator[int]:
    """Measure the texts of a row group, batch by batch, by their dictionary; where pyarrow can't, as they are.

    A nested column whose dictionary gave way to plain pages can't be read by its dictionary. It is read in small
    batches, so that little is in memory before the sum is compared with the limit.
    """
    options = {"row_groups": [number], "use_threads": False}
    try:
        yield from [sum(map(_measure_texts, batch.columns)) for batch in file.iter_batches(**options)]
    except pa.ArrowNotImplementedError:
        for batch in plain.iter_batches(batch_size=_SMALL_BATCH, **options):
            yield int(batch.get_total_buffer_size())


def _list_columns(schema: Any) -> list[Any]:
    return [schema.column(index) for index in range(len(schema))]


def _measure_group(group: Any) -> int:
    """Measure a row group by the footer: its pages, and what its values need whatever their content."""
    columns = [group.column(index) for index in range(group.num_columns)]
    return sum(column.total_uncompressed_size + _WIDEST * max(column.num_values, group.num_rows) for column in columns)


def _measure_texts(array: pa.Array) -> int:
    """Measure the texts of an array, each as often as it stands there."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(array.dictionary).cast(pa.int64())
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(map(_measure_texts, array.flatten()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _measure_texts(array.flatten())
    return 0


def _refuse_larger(path: Path, needed: int, limit: int) -> None:
    if needed > limit:
        raise InputError(
            f"{path}: its rows need more than {limit:,} bytes of memory",
            hint="a small file may stand for as much on purpose; it is not read",
        )


def digest_footer(path: Path) -> str:
    """Digest the footer of a Parquet file, which its page checksums do not cover: sha256 as hex digits.

    Raises:
        InputError: it has no footer.
    """
    with refuse_unreadable(path), path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != b"PAR1" or length + _TAIL > size:
            raise ValueError("it has no Parquet footer")
        file.seek(size - _TAIL - length)
        return hashlib.sha256(file.read(length + _TAIL)).hexdigest()


def iterate_rows(
    path: Path, batch_rows: int = 1024, groups: Sequence[int] | None = None
) -> Iterator[tuple[dict[str, Any] | None, str | None]]:
    """Read the rows of a Parquet file one by one, as plain values.

    Args:
        path: the file.
        batch_rows: how many rows are in memory at once.
        groups: the numbers of the row groups to read, from 0; None for all.

    Yields:
        The values of a row; or null and the reason, where Python can't hold them (a date beyond its own).

    Raises:
        InputError: it can't be read.
    """
    with refuse_unreadable(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(batch_size=batch_rows, row_groups=groups):
            batch.validate(full=True)
            yield from _read_batch(batch)


def _read_batch(batch: pa.RecordBatch) -> Iterator[tuple[dict[str, Any] | None, str | None]]:
    """Read the rows of a batch. One that Python can't hold costs only itself."""
    try:
        yield from [(values, None) for values in batch.to_pylist()]
    except (ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            yield None, f"unreadable: {error}"
            return
        for index in range(batch.num_rows):
            yield from _read_batch(batch.slice(index, 1))


def count_rows(path: Path) -> int:
    """Count the rows of a Parquet file by its footer.

    Raises:
        InputError: it can't be read.
    """
    with refuse_unreadable(path):
        return int(pq.read_metadata(path).num_rows)


def list_row_groups(path: Path) -> list[tuple[int, int]]:
    """List the row groups of a Parquet file by its footer: rows, and bytes before compression.

    Raises:
        InputError: it can't be read.
    """
    with refuse_unreadable(path):
        metadata = pq.read_metadata(path)
        groups = map(metadata.row_group, range(metadata.num_row_groups))
        return [(group.num_rows, group.total_byte_size) for group in groups]


class _NoPandas:
    """Finds no pandas: the first finder that is asked for a module may say that there is none."""

    @staticmethod
    def find_spec(name: str, *_where: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


@contextmanager
def _leave_pandas_out() -> Iterator[None]:
    """Let pyarrow look for pandas in vain: it imports it with its first scalar, which takes longer than most queries.

    Where pandas is needed later, pyarrow looks for it again.
    """
    sys.meta_path.insert(0, _NoPandas)
    try:
        yield
    finally:
        sys.meta_path.remove(_NoPandas)


def open_dataset(paths: Sequence[Path], numbered: str | None = None) -> "ds.Dataset":
    """Open Parquet files of the same columns for queries that read some of them; page checksums are verified.

    Args:
        paths: the files.
        numbered: a further column with the place of a row's file among them, from 0; None for none.

    Raises:
        InputError: one is missing, or the first can't be read.
    """
    with _leave_pandas_out():
        import pyarrow.dataset as ds  # noqa: PLC0415 - few commands query a dataset

    options = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    form = ds.ParquetFileFormat(default_fragment_scan_options=options)
    for path in paths:
        with refuse_unreadable(path):
            path.stat()
    with refuse_unreadable(paths[0]):
        if numbered is None:
            return ds.dataset(list(map(str, paths)), format=form, partitioning=None)
        disk, place = fs.LocalFileSystem(), ds.field(numbered)
        files = [
            form.make_fragment(str(path), filesystem=disk, partition_expression=place == number)
            for number, path in enumerate(paths)
        ]
        schema = form.inspect(str(paths[0]), filesystem=disk).append(pa.field(numbered, pa.int32()))
        return ds.FileSystemDataset(files, schema, form, filesystem=disk)


def write_parquet(table: pl.DataFrame | pa.Table, path: Path) -> None:
    """Write a table as a Parquet file.

    Raises:
        OSError: the disk is full or can't be written.
    """
    arrow = table.rechunk().to_arrow() if isinstance(table, pl.DataFrame) else table
    pq.write_table(arrow, path, row_group_size=GROUP_ROWS, **WRITE_OPTIONS)


def write_row_groups(tables: Iterable[pa.Table], path: Path, schema: pa.Schema) -> None:
    """Write tables as a Parquet file with a row group for each.

    Raises:
        OSError: the disk is full or can't be written.
    """
    with pq.ParquetWriter(path, schema, **WRITE_OPTIONS) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=table.num_rows)


def iterate_row_groups(path: Path) -> Iterator[pl.DataFrame]:
    """Read a Parquet file row group by row group, with the checks of `read_parquet`.

    Raises:
        InputError: it is missing or damaged.
    """
    with refuse_unreadable(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for number in range(file.metadata.num_row_groups):
            table = file.read_row_group(number)
            table.validate(full=True)
            yield to_polars(table)


class GroupWriter:
    """Writes a Parquet file part by part, in row groups of `GROUP_ROWS` rows, however many rows a part has."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Open a new file for tables with these columns."""
        self._writer = pq.ParquetWriter(path, schema, **WRITE_OPTIONS)
        self._held = schema.empty_table()

    def __enter__(self) -> Self:
        """Return the writer; it is closed at the end of the block."""
        return self

    def __exit__(self, *error: object) -> None:
        """Write the rows that are held, unless the block failed, and close the file."""
        if error == (None, None, None) and self._held.num_rows:
            self._writer.write_table(self._held)
        self._writer.close()

    def write(self, table: pa.Table) -> None:
        """Write rows; those that fill no group are held until others follow.

        Raises:
            OSError: the disk is full or can't be written.
        """
        held = pa.concat_tables([self._held, table])
        whole = held.num_rows - held.num_rows % GROUP_ROWS
        if whole:
            self._writer.write_table(held.slice(0, whole).combine_chunks(), row_group_size=GROUP_ROWS)
        self._held = held.slice(whole)
