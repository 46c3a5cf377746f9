"""A shell for queries: it outlives mistakes and Ctrl-C, and ends with Ctrl-D."""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from ...errors import InputError
from ...report.console import make_console
from ...report.pager import print_paged
from ...report.tables import make_table
from ...terminal import find_streams, print_error, print_text
from .describe import Catalog, describe_columns, describe_views, read_catalog
from .history import find_history
from .output import OutputStyle, print_result
from .query import Connection
from .statements import is_ended
from .views import MAIN

_HELP = r"""A query ends with ; and may have several lines. Only reading ones run.
  \d            the views                     Tab      completes views, columns and words of SQL
  \d VIEW       the columns of a view         Up       an earlier query; Ctrl-R searches in them
  help          this                          Ctrl-C   drops what is typed, or stops the query that runs
  exit          ends the shell                Ctrl-D   ends the shell
docs/sql.md has queries for frequent questions."""

_LEAVING = frozenset({"exit", "quit", r"\q"})


def is_interactive() -> bool:
    """Whether somebody types the queries and reads the results."""
    return sys.stdin is not None and sys.stdin.isatty() and find_streams().results.isatty()


def read_query() -> str:
    """Read a query from stdin.

    Raises:
        InputError: stdin is closed, or is no UTF-8 text.
    """
    try:
        return sys.stdin.read() if sys.stdin is not None else ""
    except UnicodeDecodeError as error:
        raise InputError(f"the query on standard input is no text: {error}", hint="write it in UTF-8") from error


def run_shell(connection: Connection, style: OutputStyle) -> None:
    """Read queries from the terminal and answer each, until the end of input.

    Args:
        connection: what to run them on.
        style: how to print results.
    """
    from .editor import open_editor  # noqa: PLC0415 - only a shell needs a line editor

    catalog = read_catalog(connection)
    names = [f"{version.ref} as {schema}" for schema, version in connection.versions.items()]
    refs = ", ".join(names).replace(f" as {MAIN}", "", 1)
    print_text(f"{refs}. End a query with ; and leave with Ctrl-D. help says more, \\d lists the views.")
    read = open_editor(catalog, find_history(), [*_LEAVING, *COMMANDS], is_whole)
    with record_termination() as ended:
        handle_texts(read, partial(handle_text, connection, catalog, style), lambda: bool(ended))


def handle_texts(read: Callable[[], str], answer_text: Callable[[str], None], is_ending: Callable[[], bool]) -> None:
    """Answer what is typed until the end of input. Mistakes and Ctrl-C end nothing.

    Args:
        read: reads a query or a command; raises EOFError at the end, KeyboardInterrupt after Ctrl-C.
        answer_text: answers it.
        is_ending: whether it was a signal to end that looked like Ctrl-C.

    Raises:
        KeyboardInterrupt: a signal to end was received.
    """
    while True:
        try:
            text = read().strip()
        except EOFError:
            return
        except KeyboardInterrupt:  # what is typed is dropped
            if is_ending():
                raise
            continue
        if text.rstrip("; \n").lower() in _LEAVING:
            return
        try:
            answer_text(text)
        except InputError as error:
            print_error(f"{error.message}\n  -> {error.hint}" if error.hint else error.message)
        except KeyboardInterrupt:
            if is_ending():
                raise
            print_error("stopped")


def handle_text(connection: Connection, catalog: Catalog, style: OutputStyle, text: str) -> None:
    r"""Answer a query, or a command such as `help` or `\d samples`.

    Raises:
        InputError: it is neither, or the query fails.
        KeyboardInterrupt: Ctrl-C stopped the query.
    """
    name, *words = text.rstrip("; \n").split() or [""]
    command = COMMANDS.get(name.lower())
    if command is not None:
        command(catalog, words)
    elif name:
        print_result(connection, text, style)


def _show_help(_catalog: Catalog, _words: list[str]) -> None:
    print_text(_HELP)


def _show_views(catalog: Catalog, words: list[str]) -> None:
    """Show the views, or the columns of some."""
    for name in words:
        print_paged(make_table(("column", "type", "holds"), describe_columns(catalog, name)))
    if not words:
        make_console().print(make_table(("view", "holds"), describe_views(catalog)))


COMMANDS: Mapping[str, Callable[[Catalog, list[str]], None]] = {
    "help": _show_help,
    r"\?": _show_help,
    r"\h": _show_help,
    r"\d": _show_views,
}
"""The commands of the shell, besides those that end it."""


def is_whole(text: str) -> bool:
    """Whether Enter ends a text: a query with its semicolon, a command, or nothing at all."""
    words = text.split()
    first = words[0].lower() if words else ""
    is_command = first.startswith("\\") or (len(words) == 1 and first in {"help", *_LEAVING})
    return not words or is_command or is_ended(text)


@contextmanager
def record_termination() -> Iterator[list[int]]:
    """Record the signals that ask a program to end: a command takes them as Ctrl-C, which the shell outlives."""
    noted: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def record(number: int, frame: object) -> None:
        noted.append(number)
        before = handlers[signal.Signals(number)]
        if callable(before):
            before(number, frame)  # type: ignore[arg-type]

    for number, before in handlers.items():
        if callable(before):
            signal.signal(number, record)
    try:
        yield noted
    finally:
        for number, before in handlers.items():
            signal.signal(number, before)
