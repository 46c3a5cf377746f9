"""A `DatasetDict` on disk. Imported when one is asked for only: `datasets` takes a second."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datasets


def save(tables: Mapping[str, Any], folder: Path) -> None:
    """Save tables as the splits of a `DatasetDict`.

    Args:
        tables: a `pyarrow.Table` for each split.
        folder: where to.
    """
    splits = {name: datasets.Dataset(table, split=datasets.NamedSplit(name)) for name, table in tables.items()}
    with _quietly():
        datasets.DatasetDict(splits).save_to_disk(folder)


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the library's own progress bars."""
    if datasets.are_progress_bars_disabled():
        yield
        return
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.enable_progress_bars()
