"""Tables with all columns: Parquet, JSON lines, and a `DatasetDict` of the library `datasets` on disk."""

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from cotloom.builder.export.lines import write_lines
from cotloom.builder.export.parts import Export, Part

LEFT_OUT = ("stage", "fate", "reason", "detail")
"""Columns that say why a row was dropped: no row here was."""


def write_parquet(export: Export, folder: Path) -> dict[str, int]:
    """Write each part as Parquet, with content-defined chunks and a page index, as the Hub likes it."""
    for part in export.parts:
        path = folder / f"{part.name}.parquet"
        options = {"compression": "zstd", "use_content_defined_chunking": True, "write_page_index": True}
        pq.write_table(arrow(part), path, **options)
    return {f"{part.name}.parquet": part.rows.height for part in export.parts}


def write_jsonl(export: Export, folder: Path) -> dict[str, int]:
    """Write each part as JSON lines."""
    named = ((f"{part.name}.jsonl", _frame(part).iter_rows(named=True)) for part in export.parts)
    return {name: write_lines(folder / name, rows) for name, rows in named}


def write_datasets(export: Export, folder: Path) -> dict[str, int]:
    """Write a `DatasetDict`: `train` and `test`, or `train_1_...`, `train_2_...` and `test`.

    Args:
        export: what to write.
        folder: an empty folder.

    Returns:
        Rows of each split. Its files lie in a folder of that name.
    """
    from cotloom.builder.export.disk import save  # noqa: PLC0415 - `datasets` takes a second to import

    tables = {part.name.replace("-", "_"): arrow(part) for part in export.parts}
    save(tables, folder)
    return {name: table.num_rows for name, table in tables.items()}


def _frame(part: Part) -> pl.DataFrame:
    return part.rows.drop(LEFT_OUT)


def arrow(part: Part) -> Any:
    """The rows as a `pyarrow.Table`, in the plain types that other datasets have, so that they can be put together."""
    table = _frame(part).rechunk().to_arrow()
    return table.cast(pa.schema([(field.name, _plain(field.type)) for field in table.schema]))


def _plain(kind: Any) -> Any:
    """The type with 32-bit offsets, at any depth: polars writes large strings and lists."""
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type)) for field in kind])
    return kind
