"""Create and save a `DatasetDict`. A module of its own, because importing `datasets` takes a second."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
from datasets.table import MemoryMappedTable

from ...schemas.ids import digest

_UNFINISHED = ".unfinished"
"""The folder for the rows of splits until they are saved."""


def save_dataset_dict(names: Sequence[str], tables: Iterable[tuple[str, Any]], folder: Path, content: str) -> None:
    """Save tables as the splits of a `DatasetDict`. No more than one of them is in memory.

    Args:
        names: the splits, in their order.
        tables: the name of a split and a `pyarrow.Table` of some of its rows; at least one for each split.
        folder: an empty folder.
        content: a digest of what decides the rows.
    """
    unfinished = folder / _UNFINISHED
    unfinished.mkdir()
    _write_streams(tables, unfinished)
    splits = {
        name: datasets.Dataset(
            MemoryMappedTable.from_file(str(unfinished / name)),
            split=datasets.NamedSplit(name),
            fingerprint=digest([content, name])[:16],  # its own would depend on the path of the file
        )
        for name in names
    }
    with _disable_progress_bars():
        datasets.DatasetDict(splits).save_to_disk(folder)
    shutil.rmtree(unfinished)


def _write_streams(tables: Iterable[tuple[str, Any]], folder: Path) -> None:
    """Append tables to a file for each split, as `datasets` maps them into memory."""
    with ExitStack() as stack:
        writers: dict[str, Any] = {}
        for name, table in tables:
            if name not in writers:
                file = stack.enter_context(pa.OSFile(str(folder / name), "wb"))
                writers[name] = stack.enter_context(pa.ipc.new_stream(file, table.schema))
            writers[name].write_table(table)


def create_dataset_dict(tables: Mapping[str, Any]) -> datasets.DatasetDict:
    """Create a `DatasetDict` of a `pyarrow.Table` for each split."""
    splits = {name: datasets.Dataset(table, split=datasets.NamedSplit(name)) for name, table in tables.items()}
    return datasets.DatasetDict(splits)


@contextmanager
def _disable_progress_bars() -> Iterator[None]:
    """Turn off the progress bars of `datasets` in a block."""
    if datasets.are_progress_bars_disabled():
        yield
        return
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.enable_progress_bars()
