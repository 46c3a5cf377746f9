"""Create and save a `DatasetDict`. A module of its own, because importing `datasets` takes a second."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datasets


def save_dataset_dict(tables: Mapping[str, Any], folder: Path) -> None:
    """Save tables as the splits of a `DatasetDict`.

    Args:
        tables: a `pyarrow.Table` for each split.
        folder: the target folder.
    """
    with _disable_progress_bars():
        create_dataset_dict(tables).save_to_disk(folder)


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
