"""Query results on stdout, as a table, CSV or JSON, and a small shell for queries."""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from io import StringIO

import polars as pl

from ..errors import InputError
from ..plain_json import format_json
from ..report.console import make_console
from ..terminal import encode_json, print_data, print_error, print_json, print_text
from .render import render_table
from .sql import Connection, run_query


def is_interactive() -> bool:
    """Whether somebody types the queries."""
    return sys.stdin is not None and sys.stdin.isatty()


def read_query() -> str:
    """Read a query from stdin.

    Raises:
        InputError: stdin is closed, or is no UTF-8 text.
    """
    try:
        return sys.stdin.read() if sys.stdin is not None else ""
    except UnicodeDecodeError as error:
        raise InputError(f"the query on standard input is no text: {error}", hint="write it in UTF-8") from error


def run_shell(connection: Connection, format_name: str) -> None:
    """Read queries from the terminal, each up to its semicolon, until the end of input.

    Args:
        connection: what to run them on.
        format_name: how to print results: `table`, `csv`, `json` or `jsonl`.
    """
    import readline  # noqa: F401, PLC0415 - gives input() its history

    print_text(
        "Views: problems, samples, examples, funnel, evaluation_overlaps, near_duplicates, disputed_golds."
        " End a query with ; and leave with Ctrl-D."
    )
    text = ""
    while True:
        try:
            text += input("... " if text.strip() else "sql> ") + "\n"
        except EOFError:
            print_text()
            return
        if text.rstrip().endswith(";"):
            try:
                print_table(run_query(connection, text), format_name)
            except InputError as error:
                print_error(error.message)
            text = ""


def print_table(result: pl.DataFrame, format_name: str) -> None:
    """Print a query's result as `table`, `csv`, `json` or `jsonl`."""
    _PRINTERS[format_name](result)


def _print_cells(result: pl.DataFrame) -> None:
    make_console().print(render_table(result))


def _print_rows(result: pl.DataFrame) -> None:
    print_json(result.to_dicts())


def _print_json_lines(result: pl.DataFrame) -> None:
    print_data(f"{encode_json(row, indent=None)}\n" for row in result.iter_rows(named=True))


def _print_csv(result: pl.DataFrame) -> None:
    print_data(_format_csv(result))


def _format_csv(result: pl.DataFrame) -> Iterator[str]:
    line = StringIO()
    writer = csv.writer(line)
    for row in [result.columns, *result.iter_rows()]:
        writer.writerow([format_json(cell, indent=None) if isinstance(cell, list | dict) else cell for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


_PRINTERS: Mapping[str, Callable[[pl.DataFrame], None]] = {
    "table": _print_cells,
    "json": _print_rows,
    "jsonl": _print_json_lines,
    "csv": _print_csv,
}
"""How results are printed, by format."""
