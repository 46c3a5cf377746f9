"""Exports with all columns: Parquet, JSON Lines, and a `DatasetDict` of the library `datasets`."""

from collections import defaultdict
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from ..parquet import GroupWriter
from ..store import Version
from .lines import format_line, write_lines
from .parts import Export, ExportPart, count_parts
from .rules import CHATS, check_buckets

DROPPED_COLUMNS = ("stage", "fate", "reason", "detail")
"""Columns of dropped rows; exports have only kept rows."""


def write_parquet(export: Export, folder: Path) -> dict[str, int]:
    """Write each part as Parquet, with content-defined chunks and a page index, as the Hub recommends."""
    with ExitStack() as stack:
        writers: dict[str, GroupWriter] = {}
        for part, rows in export.iterate_rows():
            table = to_arrow(rows)
            if part.name not in writers:
                writer = GroupWriter(folder / f"{part.name}.parquet", table.schema)
                writers[part.name] = stack.enter_context(writer)
            writers[part.name].write(table)
    return export.count_rows(".parquet")


def write_jsonl(export: Export, folder: Path) -> dict[str, int]:
    """Write each part as JSON Lines."""
    return write_lines(export, folder, lambda rows: map(format_line, _drop_columns(rows).iter_rows(named=True)))


def write_datasets(export: Export, folder: Path) -> dict[str, int]:
    """Write a `DatasetDict`: `train` and `test`, or `train_1_...`, `train_2_...` and `test`.

    Args:
        export: the export.
        folder: an empty folder.

    Returns:
        The rows of each split. The files of a split are in a folder of its name.
    """
    from .disk import save_dataset_dict  # noqa: PLC0415 - `datasets` takes a second to import

    tables = ((_name_split(part), to_arrow(rows)) for part, rows in export.iterate_rows())
    names = [_name_split(part) for part in export.parts]
    save_dataset_dict(names, tables, folder, export.version.manifest.content_digest)
    return {_name_split(part): part.count for part in export.parts}


def make_dataset_dict(version: Version) -> Any:
    """Make a `datasets.DatasetDict` of the kept examples of a version, with the splits of `write_datasets`.

    Raises:
        InputError: the version has no examples, or is damaged.
    """
    from .disk import create_dataset_dict  # noqa: PLC0415 - `datasets` takes a second to import

    export = count_parts(version)
    export = replace(export, buckets=check_buckets(version, export.buckets, [CHATS]))
    tables: dict[str, list[pa.Table]] = defaultdict(list)
    for part, rows in export.iterate_rows():
        tables[part.name].append(to_arrow(rows))
    return create_dataset_dict({_name_split(part): pa.concat_tables(tables[part.name]) for part in export.parts})


def _name_split(part: ExportPart) -> str:
    """Name the split of a part; it may have no `-`."""
    return part.name.replace("-", "_")


def _drop_columns(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop(DROPPED_COLUMNS)


def to_arrow(rows: pl.DataFrame) -> Any:
    """Convert rows to a `pyarrow.Table` without large types, so that they can be concatenated with other datasets."""
    table = _drop_columns(rows).rechunk().to_arrow()
    return table.cast(pa.schema([(field.name, _simplify_type(field.type)) for field in table.schema]))


def _simplify_type(kind: Any) -> Any:
    """Replace large strings and lists, which polars writes, by types with 32-bit offsets, at any depth."""
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_simplify_type(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _simplify_type(field.type)) for field in kind])
    return kind
