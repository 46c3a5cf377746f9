"""Exports with all columns: Parquet, JSON Lines, and a `DatasetDict` of the library `datasets`."""

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from .. import parquet
from ..store import Version
from .lines import write_lines
from .parts import Export, ExportPart, read_export

DROPPED_COLUMNS = ("stage", "fate", "reason", "detail")
"""Columns of dropped rows; exports have only kept rows."""


def write_parquet(export: Export, folder: Path) -> dict[str, int]:
    """Write each part as Parquet, with content-defined chunks and a page index, as the Hub recommends."""
    for part in export.parts:
        parquet.write_parquet(to_arrow(part), folder / f"{part.name}.parquet")
    return {f"{part.name}.parquet": part.rows.height for part in export.parts}


def write_jsonl(export: Export, folder: Path) -> dict[str, int]:
    """Write each part as JSON Lines."""
    files = ((f"{part.name}.jsonl", _to_frame(part).iter_rows(named=True)) for part in export.parts)
    return {name: write_lines(folder / name, rows) for name, rows in files}


def write_datasets(export: Export, folder: Path) -> dict[str, int]:
    """Write a `DatasetDict`: `train` and `test`, or `train_1_...`, `train_2_...` and `test`.

    Args:
        export: the export.
        folder: an empty folder.

    Returns:
        The rows of each split. The files of a split are in a folder of its name.
    """
    from .disk import save_dataset_dict  # noqa: PLC0415 - `datasets` takes a second to import

    tables = _build_tables(export)
    save_dataset_dict(tables, folder)
    return {name: table.num_rows for name, table in tables.items()}


def make_dataset_dict(version: Version) -> Any:
    """Make a `datasets.DatasetDict` of the kept examples of a version, with the splits of `write_datasets`.

    Raises:
        InputError: the version has no examples.
    """
    from .disk import create_dataset_dict  # noqa: PLC0415 - `datasets` takes a second to import

    return create_dataset_dict(_build_tables(read_export(version)))


def _build_tables(export: Export) -> dict[str, Any]:
    """Build a `pyarrow.Table` for each part, by the name of its split, which may have no `-`."""
    return {part.name.replace("-", "_"): to_arrow(part) for part in export.parts}


def _to_frame(part: ExportPart) -> pl.DataFrame:
    return part.rows.drop(DROPPED_COLUMNS)


def to_arrow(part: ExportPart) -> Any:
    """Convert rows to a `pyarrow.Table` without large types, so that they can be concatenated with other datasets."""
    table = _to_frame(part).rechunk().to_arrow()
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
