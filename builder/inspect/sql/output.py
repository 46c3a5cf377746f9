"""Results of queries on stdout: as a table for a person, or as CSV or JSON, which are never shortened."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO

import polars as pl

from ...plain_json import format_json
from ...report.console import make_console
from ...report.pager import print_paged
from ...terminal import encode_json, print_data, print_json
from .cells import render_head
from .query import Connection, FirstRows, read_head, run_query

TABLE = "table"
"""The format for a person."""
ROWS = 40
"""Rows of a table, where the user does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputStyle:
    """How results are printed."""

    format_name: str = TABLE
    """`table`, `csv`, `json` or `jsonl`."""
    rows: int = ROWS
    """The most rows of a table; the other formats have all."""


def print_result(connection: Connection, sql: str, style: OutputStyle) -> None:
    """Run a query and print its result.

    Raises:
        InputError: the query is no reading one, DuckDB rejects it, or a table that it reads is damaged.
        KeyboardInterrupt: Ctrl-C stopped it.
    """
    if style.format_name == TABLE:
        print_head(read_head(connection, sql, style.rows))
    else:
        _PRINTERS[style.format_name](run_query(connection, sql))


def print_head(head: FirstRows) -> None:
    """Print the first rows of a result as a table; through a pager where it is longer than the terminal."""
    print_paged(render_head(head, make_console().width))


def _print_rows(result: pl.DataFrame) -> None:
    print_json(result.to_dicts())


def _print_json_lines(result: pl.DataFrame) -> None:
    print_data(f"{encode_json(row, indent=None)}\n" for row in result.iter_rows(named=True))


def _print_csv(result: pl.DataFrame) -> None:
    print_data(_format_csv(result))


def _format_csv(result: pl.DataFrame) -> Iterator[str]:
    line = StringIO()
    writer = csv.writer(line, lineterminator="\n")
    for row in [result.columns, *result.iter_rows()]:
        writer.writerow([format_json(cell, indent=None) if isinstance(cell, list | dict) else cell for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


_PRINTERS: Mapping[str, Callable[[pl.DataFrame], None]] = {
    "json": _print_rows,
    "jsonl": _print_json_lines,
    "csv": _print_csv,
}
"""How results are printed for programs, by format."""
