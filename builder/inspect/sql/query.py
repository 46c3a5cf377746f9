"""Reading queries over the views of one version or several, and nothing else.

The file of each table that a query names is held against the manifest before the query runs; the pages are verified
when they are read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import duckdb
import polars as pl

from ...errors import InputError
from ...parquet import UNREADABLE
from ...store import Version
from ...store.reading import locate_table
from .statements import HINT, check_schema_name, check_statements
from .views import MAIN, VIEWS, create_views

Result = TypeVar("Result")

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "python_scan_all_frames": False,
    "temp_directory": "",
}
"""No files, no network, no extensions, no variables of this process as tables, no temporary files."""

_NAMED_BY_TEXT = re.compile(r"query", re.IGNORECASE)
"""DuckDB's functions `query` and `query_table` take the name of a table as a text that may be put together."""

_MAYBE_DAMAGED = (duckdb.InvalidInputException, duckdb.IOException, *UNREADABLE)
"""What a query raises where a page is damaged, besides other faults."""

_COUNTED = 100_000
"""Rows beyond those that are shown that are counted at the most: the count costs a second run of the query."""

_PATIENCE_S = 0.1
"""Seconds after which a query that still runs is interrupted once more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """An open connection to the tables of versions."""

    versions: Mapping[str, Version]
    """The versions by the names of their schemas; the first is the one whose views need no schema."""
    duck: duckdb.DuckDBPyConnection
    """DuckDB's connection."""
    verified: set[tuple[str, str]] = field(default_factory=set)
    """Schemas and views whose files were held against the manifest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstRows:
    """The first rows of a result."""

    rows: pl.DataFrame
    """The rows."""
    more: int = 0
    """How many rows follow; at least so many where `is_bounded`."""
    is_bounded: bool = False
    """Whether the others were not all counted."""


def query(version: Version, sql: str) -> pl.DataFrame:
    """Run a query over the tables of a version.

    Args:
        version: the version.
        sql: the query.

    Raises:
        InputError: the query is no reading one, DuckDB rejects it, or a table that it reads is damaged.
    """
    with connect(version) as connection:
        return run_query(connection, sql)


@contextmanager
def connect(version: Version, others: Mapping[str, Version] | None = None) -> Iterator[Connection]:
    """Open a connection that can read the tables of versions and nothing else.

    Args:
        version: the version whose views need no schema.
        others: further versions by the names of their schemas: `old.samples`.

    Raises:
        InputError: a table can't be read, or the name of a schema means something already.
    """
    with duckdb.connect(":memory:", config=_SETTINGS) as duck:
        for name in others or {}:
            check_schema_name(duck, name)
        versions = {MAIN: version, **(others or {})}
        for name, opened in versions.items():
            create_views(duck, opened, name)
        duck.execute("SET lock_configuration = true")
        yield Connection(versions=versions, duck=duck)


def run_query(connection: Connection, sql: str) -> pl.DataFrame:
    """Run one query on an open connection.

    Raises:
        InputError: the query is no reading one, DuckDB rejects it, or a table that it reads is damaged.
        KeyboardInterrupt: Ctrl-C stopped it; the connection is as before.
    """
    return _run(connection, sql, _read_all)


def read_head(connection: Connection, sql: str, limit: int) -> FirstRows:
    """Run one query for its first rows, and count the others; nothing else of the result is in memory.

    Args:
        connection: the connection.
        sql: the query.
        limit: how many rows.

    Raises:
        InputError: the query is no reading one, DuckDB rejects it, or a table that it reads is damaged.
        KeyboardInterrupt: Ctrl-C stopped it; the connection is as before.
    """
    return _run(connection, sql, lambda relation: _read_head(relation, limit))


def _read_all(relation: duckdb.DuckDBPyRelation | None) -> pl.DataFrame:
    return pl.DataFrame() if relation is None else relation.pl()


def _read_head(relation: duckdb.DuckDBPyRelation | None, limit: int) -> FirstRows:
    if relation is None:
        return FirstRows(rows=pl.DataFrame())
    rows = relation.limit(limit + 1).pl()
    if rows.height <= limit:
        return FirstRows(rows=rows)
    ((count,),) = relation.limit(limit + _COUNTED + 1).aggregate("count(*)").fetchall()
    # a query by chance may give fewer rows when it runs again
    return FirstRows(
        rows=rows.head(limit), more=max(1, min(count - limit, _COUNTED)), is_bounded=count - limit > _COUNTED
    )


def _run(connection: Connection, sql: str, read: Callable[[duckdb.DuckDBPyRelation | None], Result]) -> Result:
    try:
        statements = connection.duck.extract_statements(sql)
        if not statements:
            return read(None)
        check_statements(connection.duck, statements)
        _verify_tables(connection, sql)
        return _run_statement(connection.duck, sql, read)
    except (duckdb.Error, *UNREADABLE) as error:
        if isinstance(error, _MAYBE_DAMAGED):
            _verify_tables(connection, sql, is_whole=True)
        raise InputError(f"the query failed: {str(error).strip()}", hint=HINT) from error


def _verify_tables(connection: Connection, sql: str, *, is_whole: bool = False) -> None:
    """Hold the files of the tables that a query may read against the manifests, once for each connection.

    Args:
        connection: the connection.
        sql: the query.
        is_whole: whether every byte is held against it, so that the message names a damaged file; else the footers,
            since the pages are verified when the query reads them.
    """
    for schema, version in connection.versions.items():
        if schema != MAIN and not _is_named(schema, sql):
            continue
        for name, view in VIEWS.items():
            if _is_named(name, sql) and (is_whole or (schema, name) not in connection.verified):
                for kind in view.files:
                    locate_table(version, kind, is_whole=is_whole)
                connection.verified.add((schema, name))


def _is_named(name: str, sql: str) -> bool:
    """Whether a query may name a view or a schema."""
    return bool(re.search(re.escape(name), sql, re.IGNORECASE) or _NAMED_BY_TEXT.search(sql))


def _run_statement(
    duck: duckdb.DuckDBPyConnection, sql: str, read: Callable[[duckdb.DuckDBPyRelation | None], Result]
) -> Result:
    """Run a query in a transaction that can't write."""
    duck.execute("BEGIN TRANSACTION READ ONLY")
    try:
        return _run_interruptible(duck, lambda: read(duck.sql(sql)))
    finally:
        duck.execute("ROLLBACK")


def _run_interruptible(duck: duckdb.DuckDBPyConnection, work: Callable[[], Result]) -> Result:
    """Run a query in a thread of its own: Ctrl-C reaches this one, which has DuckDB stop it.

    Raises:
        KeyboardInterrupt: Ctrl-C stopped the query.
    """
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work)
        try:
            return running.result()
        except KeyboardInterrupt:
            _stop(duck, running)
            raise


def _stop(duck: duckdb.DuckDBPyConnection, running: Future[Result]) -> None:
    """Interrupt a query until it ends: one that has not begun yet does not notice."""
    while not running.done():
        duck.interrupt()
        wait([running], timeout=_PATIENCE_S)
