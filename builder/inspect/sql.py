"""DuckDB over a version: the views `problems`, `samples`, `examples` and `funnel`.

A query comes from the user, but the tables may come from strangers: the connection can read the version's own files
and nothing else, and can write nothing at all.
"""

from pathlib import Path

import duckdb
import polars as pl
from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.store import Version, funnel_table

TABLES = ("problems", "samples", "examples")
"""The views that are Parquet files of the version."""


def query(version: Version, sql: str) -> pl.DataFrame:
    """Run a query over a version.

    Args:
        version: the version.
        sql: the query.

    Raises:
        InputError: DuckDB does not understand the query, or it asks for what it may not.
    """
    with connect(version) as connection:
        return run(connection, sql)


def connect(version: Version) -> duckdb.DuckDBPyConnection:
    """Open a connection that sees the version's tables and nothing else."""
    connection = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    paths = [str((version.path / f"{name}.parquet").resolve()) for name in TABLES]
    connection.execute(f"SET allowed_paths = [{', '.join(map(_quoted, paths))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    for name, path in zip(TABLES, paths, strict=True):
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_quoted(path)})")  # noqa: S608 - quoted
    rows = funnel_table(list(version.manifest.funnel))
    connection.execute(
        "CREATE TABLE funnel (stage TEXT, unit TEXT, rows_in BIGINT, kept BIGINT, dropped BIGINT, reason TEXT)"
    )
    connection.executemany("INSERT INTO funnel VALUES (?, ?, ?, ?, ?, ?)", rows.rows())
    return connection


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def run(connection: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    """Run one query on an open connection.

    Raises:
        InputError: DuckDB does not understand it.
    """
    try:
        relation = connection.sql(sql)
        found: pl.DataFrame = pl.DataFrame() if relation is None else relation.pl()
    except duckdb.Error as error:
        raise InputError(
            f"the query failed: {str(error).strip()}",
            hint="the views are problems, samples, examples and funnel; DESCRIBE samples shows the columns of one",
        ) from error
    return found


def write_database(version: Version, path: Path) -> None:
    """Write a version's tables as a DuckDB file, for other tools.

    Raises:
        InputError: the file exists.
        Stopped: the disk is full or can't be written.
    """
    if path.exists():
        raise InputError(f"{path} exists", hint="choose another name, or remove it first")
    side = path.with_name(f".{path.name}.part")
    side.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(side)) as connection:
            for name in TABLES:
                source = _quoted(str(version.path / f"{name}.parquet"))
                connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet({source})")  # noqa: S608 - quoted
            rows = funnel_table(list(version.manifest.funnel)).to_arrow()
            connection.register("funnel_rows", rows)
            connection.execute("CREATE TABLE funnel AS SELECT * FROM funnel_rows")
        side.rename(path)
    except (OSError, duckdb.IOException) as error:
        side.unlink(missing_ok=True)
        raise Stopped(f"{path} can't be written: {error}", hint="make room, or choose another place") from error
