"""Results on stdout, as a table, CSV or JSON, and a small shell for queries."""

import csv
import sys

import duckdb
import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.inspect.render import tell_table
from cotloom.builder.inspect.sql import run
from cotloom.builder.plain_json import json_text
from rich.console import Console


def console() -> Console:
    """Where text for people goes; wide where no terminal says how wide."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)


def shell(connection: duckdb.DuckDBPyConnection, form: str) -> None:
    """Read queries from a person, each up to its semicolon, until the end of input."""
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
                print_table(run(connection, text), form)
            except InputError as error:
                print(error.message, file=sys.stderr)
            text = ""


def print_table(result: pl.DataFrame, form: str) -> None:
    """Print a query's result as `table`, `csv`, `json` or `jsonl`."""
    if form == "table":
        console().print(tell_table(result))
    elif form == "json":
        print(json_text(result.to_dicts()))
    elif form == "jsonl":
        for row in result.iter_rows(named=True):
            print(json_text(row, indent=None))
    else:
        _print_csv(result)


def _print_csv(result: pl.DataFrame) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(result.columns)
    for row in result.iter_rows():
        writer.writerow([json_text(cell, indent=None) if isinstance(cell, list | dict) else cell for cell in row])
