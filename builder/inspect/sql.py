"""DuckDB over a version: the views `problems`, `samples`, `examples` and `funnel`.

A query comes from the user, but the tables may come from strangers: the connection can read the version's own files
and nothing else, and can write nothing.
"""

from pathlib import Path

import duckdb
import polars as pl

from ..errors import InputError, Stopped
from ..store import Version, build_funnel_table
from ..store.atomic import replace_file, stop_if_unwritable

TABLES = ("problems", "samples", "examples")
"""The views that are Parquet files of the version."""


def query(version: Version, sql: str) -> pl.DataFrame:
    """Run a query over the tables of a version.

    Args:
        version: the version.
        sql: the query.

    Raises:
        InputError: DuckDB rejects the query, or the query needs what the connection may not do.
    """
    with connect(version) as connection:
        return run_query(connection, sql)


def connect(version: Version) -> duckdb.DuckDBPyConnection:
    """Open a connection that can read the version's tables and nothing else."""
    connection = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    paths = [str((version.path / f"{name}.parquet").resolve()) for name in TABLES]
    connection.execute(f"SET allowed_paths = [{', '.join(map(_quote, paths))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    for name, path in zip(TABLES, paths, strict=True):
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_quote(path)})")  # noqa: S608 - quoted
    rows = build_funnel_table(list(version.manifest.funnel))
    connection.execute(
        "CREATE TABLE funnel (stage TEXT, unit TEXT, rows_in BIGINT, kept BIGINT, dropped BIGINT, reason TEXT)"
    )
    connection.executemany("INSERT INTO funnel VALUES (?, ?, ?, ?, ?, ?)", rows.rows())
    return connection


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def run_query(connection: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    """Run one query on an open connection.

    Raises:
        InputError: DuckDB rejects it.
    """
    try:
        relation = connection.sql(sql)
        result: pl.DataFrame = pl.DataFrame() if relation is None else relation.pl()
    except duckdb.Error as error:
        raise InputError(
            f"the query failed: {str(error).strip()}",
            hint="the views are problems, samples, examples and funnel; DESCRIBE samples shows the columns of one",
        ) from error
    return result


def write_database(version: Version, path: Path) -> None:
    """Write a version's tables as a DuckDB file, for other tools.

    Raises:
        InputError: the file exists.
        Stopped: the folder does not exist, or the disk is full or can't be written.
    """
    if path.exists():
        raise InputError(f"{path} exists", hint="choose another name, or remove it first")
    if not path.parent.is_dir():
        raise Stopped(f"{path} can't be written: the folder does not exist", hint="make it, or choose another path")
    with (
        stop_if_unwritable(path, duckdb.IOException),
        replace_file(path) as side,
        duckdb.connect(str(side)) as connection,
    ):
        for name in TABLES:
            source = _quote(str(version.path / f"{name}.parquet"))
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet({source})")  # noqa: S608 - quoted
        rows = build_funnel_table(list(version.manifest.funnel)).to_arrow()
        connection.register("funnel_rows", rows)
        connection.execute("CREATE TABLE funnel AS SELECT * FROM funnel_rows")
