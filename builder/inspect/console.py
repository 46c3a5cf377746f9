"""Query results on stdout, as a table, CSV or JSON, and a small shell for queries."""

import csv
import sys

import polars as pl

from ..errors import InputError
from ..plain_json import format_json
from ..report.console import make_console
from .render import render_table
from .sql import Connection, run_query


def run_shell(connection: Connection, format_name: str) -> None:
    """Read queries from the terminal, each up to its semicolon, until the end of input.

    Args:
        connection: what to run them on.
        format_name: how to print results: `table`, `csv`, `json` or `jsonl`.
    """
    import readline  # noqa: F401, PLC0415 - gives input() its history

    print("Views: problems, samples, examples, funnel. End a query with ; and leave with Ctrl-D.")
    text = ""
    while True:
        try:
            text += input("... " if text.strip() else "sql> ") + "\n"
        except EOFError:
            print()
            return
        if text.rstrip().endswith(";"):
            try:
                print_table(run_query(connection, text), format_name)
            except InputError as error:
                print(error.message, file=sys.stderr)
            text = ""


def print_table(result: pl.DataFrame, format_name: str) -> None:
    """Print a query's result as `table`, `csv`, `json` or `jsonl`."""
    if format_name == "table":
        make_console().print(render_table(result))
    elif format_name == "json":
        print(format_json(result.to_dicts()))
    elif format_name == "jsonl":
        for row in result.iter_rows(named=True):
            print(format_json(row, indent=None))
    else:
        _print_csv(result)


def _print_csv(result: pl.DataFrame) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(result.columns)
    for row in result.iter_rows():
        writer.writerow([format_json(cell, indent=None) if isinstance(cell, list | dict) else cell for cell in row])
