"""DuckDB over a version: the views `problems`, `samples`, `examples`, `funnel` and `disputed_golds`.

A query comes from the user, but the tables may come from strangers: a query reads the version's tables and nothing
else, and writes nothing. DuckDB opens no file at all. The tables are pyarrow datasets whose pages are verified, and
the file of each table that a query names is held against the manifest before the query runs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from ...schemas.example import Example
from ...schemas.frames import get_schema
from ..errors import InputError, Stopped
from ..parquet import UNREADABLE, open_dataset
from ..store import Version, build_funnel_table
from ..store.atomic import replace_file, stop_if_unwritable
from ..store.reading import locate_table, read_evidence
from ..store.tables import EVIDENCE, FILES, MIXED, list_files

TABLES: Mapping[str, Sequence[str]] = {
    "problems": ("problems",),
    "samples": ("samples",),
    "examples": ("examples", "mixture"),
    "disputed_golds": ("problems", "samples"),
}
"""The views over Parquet files of the version, and the kinds of file that each reads."""

_DISPUTED = """
WITH said AS (
    SELECT problem_id, trim(lower(predicted), ' .$*') AS answer, verdict, count(*) AS samples
    FROM samples
    WHERE verdict IN ('correct', 'wrong') AND hint = 'none'
    GROUP BY ALL
), counted AS (
    SELECT problem_id, sum(samples)::BIGINT AS judged, (coalesce(sum(samples) FILTER (verdict = 'correct'), 0))::BIGINT
        AS correct
    FROM said
    GROUP BY ALL
), agreed AS (
    SELECT problem_id, arg_max(answer, (samples, answer)) AS agreed_answer, max(samples) AS agreeing
    FROM said
    WHERE verdict = 'wrong'
    GROUP BY ALL
)
SELECT problem_id, source, origin, question, problems.answer AS gold, agreed_answer, agreeing, correct, judged
FROM agreed JOIN counted USING (problem_id) JOIN problems USING (problem_id)
WHERE agreeing >= 3 AND 2 * agreeing > judged
ORDER BY agreeing / judged DESC, agreeing DESC, problem_id
"""
"""Problems of which more than half of the samples without a hint, and at least three, give the same wrong answer."""

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

_BLANK = r"(?:\s|--[^\n]*\n|/\*.*?\*/)"
_EXPLAIN = re.compile(
    rf"{_BLANK}*explain{_BLANK}+(?:analyze{_BLANK}+)?(?:\(\s*(?:format|analyze)[^)]*\)\s*)?", re.IGNORECASE | re.DOTALL
)
_QUERY = re.compile(rf"(?:{_BLANK}|\()*(?:pivot|from|with|select)\b", re.IGNORECASE | re.DOTALL)
"""The beginning of a query with a PIVOT, which DuckDB runs as several statements."""
_NAMED_BY_TEXT = re.compile(r"query", re.IGNORECASE)
"""DuckDB's functions `query` and `query_table` take the name of a table as a text that may be put together."""
_HINT = (
    "the views are problems, samples, examples, funnel, evaluation_overlaps, near_duplicates and disputed_golds;"
    " DESCRIBE samples shows the columns of one"
)


_MAYBE_DAMAGED = (duckdb.InvalidInputException, duckdb.IOException, *UNREADABLE)
"""What a query raises where a page is damaged, besides other faults."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """An open connection to the tables of a version."""

    version: Version
    """The version."""
    duck: duckdb.DuckDBPyConnection
    """DuckDB's connection."""
    verified: set[str] = field(default_factory=set)
    """Tables whose file was held against the manifest."""


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
def connect(version: Version) -> Iterator[Connection]:
    """Open a connection that can read the version's tables and nothing else.

    Raises:
        InputError: a table can't be read.
    """
    with duckdb.connect(":memory:", config=_SETTINGS) as duck:
        for name, relation in _open_tables(duck, version).items():
            relation.create_view(name)
        _create_disputed(duck)
        duck.execute("SET lock_configuration = true")
        yield Connection(version=version, duck=duck)


def _open_tables(duck: duckdb.DuckDBPyConnection, version: Version) -> dict[str, duckdb.DuckDBPyRelation]:
    """Open the tables of a version; no row is read before a query asks for it."""
    files = {name: [version.path / file for file in list_files(name, version.manifest.bucket_bits)] for name in FILES}
    opened = {name: duck.from_arrow(open_dataset(paths)) for name, paths in files.items()}
    return {
        "problems": opened["problems"],
        "samples": opened["samples"],
        "examples": _join_examples(opened["examples"], opened["mixture"]),
        "funnel": duck.from_arrow(build_funnel_table(list(version.manifest.funnel)).to_arrow()),
        **{name: duck.from_arrow(read_evidence(version, name).to_arrow()) for name in EVIDENCE},
    }


def _create_disputed(duck: duckdb.DuckDBPyConnection) -> None:
    duck.execute(f"CREATE VIEW disputed_golds AS {_DISPUTED}")


def _join_examples(texts: duckdb.DuckDBPyRelation, mixture: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Join the texts of examples with what the mixture decides about them."""
    columns = [
        f"CASE WHEN mixed.text_id IS NULL THEN {_get_default(name)} ELSE mixed.{name} END AS {name}"
        if name in MIXED
        else f"texts.{name}"
        for name in get_schema(Example).names()
    ]
    joined = texts.set_alias("texts").join(mixture.set_alias("mixed"), "mixed.text_id = texts.example_id", how="left")
    return joined.project(", ".join(columns))


def _get_default(name: str) -> str:
    """The value of a column for examples that no mixture saw."""
    return {"mixture_stage": "NULL", "repeat": "0", "weight": "1.0"}.get(name, f"texts.{name}")


def run_query(connection: Connection, sql: str) -> pl.DataFrame:
    """Run one query on an open connection.

    Raises:
        InputError: the query is no reading one, DuckDB rejects it, or a table that it reads is damaged.
    """
    try:
        statements = connection.duck.extract_statements(sql)
        if not statements:
            return pl.DataFrame()
        _check_statements(connection.duck, statements)
        _verify_tables(connection, sql)
        return _run_statement(connection.duck, sql)
    except (duckdb.Error, *UNREADABLE) as error:
        if isinstance(error, _MAYBE_DAMAGED):
            _verify_tables(connection, sql, is_whole=True)
        raise InputError(f"the query failed: {str(error).strip()}", hint=_HINT) from error


def _check_statements(duck: duckdb.DuckDBPyConnection, statements: list[duckdb.Statement]) -> None:
    if len(statements) > 1:
        raise InputError("the query failed: these are several statements", hint="run one query at a time")
    kind, text = statements[0].type, statements[0].query
    if kind is duckdb.StatementType.EXPLAIN and (match := _EXPLAIN.match(text)):
        _check_statements(duck, duck.extract_statements(text[match.end() :]))
    elif not _is_query(kind, text):
        raise InputError(
            f"the query failed: {kind.name} is no query; nothing can be written or set here",
            hint="SELECT, FROM, WITH, PIVOT, DESCRIBE, SUMMARIZE, SHOW and EXPLAIN read; --database FILE writes a copy "
            "for DuckDB, in which everything is possible",
        )


def _is_query(kind: duckdb.StatementType, text: str) -> bool:
    """Whether a statement reads: SELECT stands for FROM, WITH, DESCRIBE, SHOW and SUMMARIZE too."""
    is_pivot = kind is duckdb.StatementType.MULTI and _QUERY.match(text) is not None
    return is_pivot or kind is duckdb.StatementType.SELECT


def _verify_tables(connection: Connection, sql: str, *, is_whole: bool = False) -> None:
    """Hold the files of the tables that a query may read against the manifest, once for each connection.

    Args:
        connection: the connection.
        sql: the query.
        is_whole: whether every byte is held against it, so that the message names a damaged file; else the footers,
            since the pages are verified when the query reads them.
    """
    for name in TABLES:
        is_named = re.search(name, sql, re.IGNORECASE) or _NAMED_BY_TEXT.search(sql)
        if is_named and (is_whole or name not in connection.verified):
            for kind in TABLES[name]:
                locate_table(connection.version, kind, is_whole=is_whole)
            connection.verified.add(name)


def _run_statement(duck: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    """Run a query in a transaction that can't write."""
    duck.execute("BEGIN TRANSACTION READ ONLY")
    try:
        relation = duck.sql(sql)
        result: pl.DataFrame = pl.DataFrame() if relation is None else relation.pl()
    finally:
        duck.execute("ROLLBACK")
    return result


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
        for name, relation in _open_tables(duck, version).items():
            relation.create(name)
        _create_disputed(duck)
