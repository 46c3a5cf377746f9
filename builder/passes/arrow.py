"""Tables on their way through a build, as Arrow files: mapped into memory, not read."""

from functools import lru_cache
from pathlib import Path

import polars as pl
import pyarrow as pa

from ...schemas.manifest import File
from ..parquet import to_polars
from ..store.tables import describe_file


def write_arrow(frame: pl.DataFrame, path: Path) -> File:
    """Write a table.

    Raises:
        OSError: the disk is full or can't be written.
    """
    table = frame.rechunk().to_arrow()
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return describe_file(path, frame.height)


@lru_cache(maxsize=4096)
def map_arrow(path: Path) -> pa.Table:
    """Map a file into memory: pages are read when they are used, and processes share them."""
    with pa.memory_map(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


def read_arrow(path: Path) -> pl.DataFrame:
    """Read a table."""
    return to_polars(map_arrow(path))
