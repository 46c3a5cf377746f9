"""Rewrite a ledger into its smallest form.

The rows are written to a new file, each is compared with the one that it was made from, and the new content then takes
the place of the old one within SQLite's own transaction. So the file itself is never replaced: a command that is about
to open it can't be left with the old one.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from ...errors import InputError
from ...store.atomic import remove_leftovers, stop_if_unwritable
from .check import LedgerCheck, open_alone, scan_rows, scan_tables
from .layout import CHECK_HINT, connect, explain_database_errors


@dataclass(frozen=True, kw_only=True, slots=True)
class Compacted:
    """What rewriting a ledger gained."""

    answers: int
    """Answers that it holds, as before."""
    bytes_before: int
    """Size of its files before, in bytes."""
    bytes_after: int
    """Size of its file now, in bytes."""


def compact_ledger(path: Path) -> Compacted:
    """Rewrite a ledger into its smallest form. It needs room for the ledger twice more while it works.

    Raises:
        InputError: the ledger is damaged. It is left as it is.
        Stopped: another command uses it, or the disk is full. It is left as it is.
    """
    remove_leftovers(path.parent)
    before = _measure(path)
    folder = path.with_name(f".{path.name}.{os.getpid()}")
    with explain_database_errors(path):
        with closing(connect(path)):
            pass  # carries it over where it has the former layout
        try:
            with open_alone(path) as connection:
                side = _make_side(folder)
                answers = _write_side(connection, side, path)
                with closing(sqlite3.connect(side)) as new:
                    new.backup(connection)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return Compacted(answers=answers, bytes_before=before, bytes_after=_measure(path))


def _measure(path: Path) -> int:
    log = path.with_name(f"{path.name}-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)


def _make_side(folder: Path) -> Path:
    """Make a folder that others can't look into: SQLite would let them read the file."""
    shutil.rmtree(folder, ignore_errors=True)
    with stop_if_unwritable(folder):
        folder.mkdir(mode=0o700)
    return folder / "ledger.sqlite"


def _write_side(connection: sqlite3.Connection, side: Path, path: Path) -> int:
    """Write the rows to a new file, and compare each. Returns how many answers there are."""
    connection.execute("VACUUM INTO ?", [str(side)])
    answers, old, new = 0, LedgerCheck(), LedgerCheck()
    for before, after in zip_longest(scan_tables(connection, old), scan_rows(side, new)):
        if before != after:
            break
        answers += before[0] == "answers"
    else:
        if old.is_intact and new.is_intact:
            return answers
    raise InputError(f"the ledger {path} is damaged, and was left as it is", hint=CHECK_HINT)
