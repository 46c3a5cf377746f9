"""Parquet shards of a config: row groups that keep the bytes of earlier versions, in files of limited size."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from ....schemas.manifest import File
from ...files import digest_file
from ...parquet import write_row_groups
from .spool import SpooledSplit

_GROUP_BYTES = 64 * 2**20
"""Maximum size of a row group in memory. The Hub's viewer reads a few row groups at a time, up to about 286 MiB."""
_GROUP_ROWS = 2**16
"""Maximum rows of a row group, so that one page of the viewer reads little."""
_SHARD_GROUPS = 6
"""Row groups of a file. This keeps files below 500 MB, the size that the Hub recommends."""


def write_split(split: SpooledSplit, folder: Path) -> Iterator[tuple[str, File]]:
    """Write a split of a config as one or more Parquet files.

    Yields:
        The path of each file below the folder, and its digest, size and rows.
    """
    group_rows = choose_group_rows(split.bytes, split.rows)
    shards = pack_shards(split_row_groups(split.generations, group_rows), group_rows * _SHARD_GROUPS)
    tables = gather_groups(split.iterate_tables(), [rows for shard in shards for _, rows in shard])
    for number, groups in enumerate(shards):
        path = f"data/{split.folder}/{split.split}-{number:05}-of-{len(shards):05}.parquet"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_row_groups(islice(tables, len(groups)), folder / path, split.schema)
        yield path, describe_file(folder / path, sum(rows for _, rows in groups))


def gather_groups(tables: Iterator[pa.Table], sizes: Iterable[int]) -> Iterator[pa.Table]:
    """Cut a row of tables into tables of given sizes."""
    waiting: list[pa.Table] = []
    for size in sizes:
        while sum(table.num_rows for table in waiting) < size:
            waiting.append(next(tables))
        joined = pa.concat_tables(waiting)
        yield joined.slice(0, size).combine_chunks()
        waiting = [joined.slice(size)]


def split_row_groups(generations: Sequence[int], group_rows: int) -> Iterator[tuple[int, int]]:
    """Compute start and length of each row group. The rows that a version introduced start a new row group.

    Args:
        generations: how many rows each version introduced, oldest first.
        group_rows: the maximum rows of a row group.
    """
    start = 0
    for rows in generations:
        for offset in range(0, rows, group_rows):
            yield start + offset, min(group_rows, rows - offset)
        start += rows


def pack_shards(groups: Iterable[tuple[int, int]], shard_rows: int) -> list[list[tuple[int, int]]]:
    """Distribute row groups, in order, over files of at most `shard_rows` rows."""
    shards: list[list[tuple[int, int]]] = []
    rows_in_shard = shard_rows
    for start, rows in groups:
        if rows_in_shard + rows > shard_rows:
            shards.append([])
            rows_in_shard = 0
        shards[-1].append((start, rows))
        rows_in_shard += rows
    return shards


def choose_group_rows(size: int, rows: int) -> int:
    """Choose the rows of a row group: a power of two, so that a slightly larger version has the same row groups.

    Args:
        size: bytes of the table in memory.
        rows: rows of the table.
    """
    limit = max(1, _GROUP_BYTES * rows // max(size, 1))
    return min(1 << (limit.bit_length() - 1), _GROUP_ROWS)


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    """Convert a frame to Arrow without large strings and lists, which `datasets` shows as types of their own."""
    table = frame.rechunk().to_arrow()
    return table.cast(pa.schema([pa.field(column.name, _simplify_type(column.type)) for column in table.schema]))


def _simplify_type(kind: Any) -> Any:
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_simplify_type(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(inner.name, _simplify_type(inner.type)) for inner in kind])
    return kind


def describe_file(path: Path, rows: int) -> File:
    """Compute digest and size of a file."""
    sha256, size = digest_file(path)
    return File(sha256=sha256, bytes=size, rows=rows)
