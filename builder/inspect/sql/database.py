"""A version's tables as a DuckDB file, for other tools."""

from pathlib import Path

import duckdb

from ...errors import InputError, Stopped
from ...store import Version
from ...store.atomic import replace_file, stop_if_unwritable
from ...store.reading import locate_table
from ...store.tables import FILES
from .views import create_tables


def write_database(version: Version, path: Path) -> None:
    """Write a version's tables as a DuckDB file, for other tools.

    Raises:
        InputError: the file exists, or a table is damaged.
        Stopped: the folder does not exist, or the disk is full or can't be written.
    """
    if path.exists():
        raise InputError(f"{path} exists", hint="choose another name, or remove it first")
    if not path.parent.is_dir():
        raise Stopped(f"{path} can't be written: the folder does not exist", hint="make it, or choose another path")
    for name in FILES:
        locate_table(version, name)
    with (
        stop_if_unwritable(path, duckdb.IOException),
        replace_file(path) as side,
        duckdb.connect(str(side)) as duck,
    ):
        create_tables(duck, version)
