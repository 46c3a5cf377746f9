"""Check a whole ledger, and give up what is damaged so that the rest can be used.

The file is opened for reading only and as it is, so that a check changes nothing. Where the structure of the file is
damaged, a table is read from both ends up to the damage.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...errors import InputError, Stopped
from ...progress import show_bar
from ...store.atomic import replace_file
from .encoding import compute_checksum, is_damaged, is_key_damaged, unpack_digest, unpack_numbers
from .layout import DATABASE_ERRORS, FORMAT, TABLES, connect, explain_database_errors, stop_if_full
from .ledger import parse_response
from .write_ahead_log import is_log_damaged
from .writing import Key

_KEYS = {
    "texts": "text",
    "requests": "request",
    "responses": "response",
    "answers": "digest, sample_index",
    "forgotten": "problem_id",
    "payments": "payment",
    "reservations": "reservation",
    "settlements": "settlement",
}
"""The columns by which each table is ordered."""
LOST = 0
"""Stands in a response for a request whose row is lost. Its answers can be read, for they are found by their digest."""
_MOST_FAULTS = 5
"""Faults of the file's structure that are listed."""
_BATCH = 1_000
_BRIEFLY_S = 1.0
"""Seconds to wait for another command that may be about to close the ledger."""

Row = Sequence[Any]


@dataclass(slots=True)
class LedgerCheck:
    """What a check of a ledger found."""

    answers: int = 0
    """Answers that are intact."""
    damaged: list[Key] = field(default_factory=list)
    """Keys of answers that are damaged, or whose response is."""
    faults: list[str] = field(default_factory=list)
    """What else is damaged: requests, the structure of the file, the log of the last writes."""

    @property
    def is_intact(self) -> bool:
        """Whether nothing is damaged."""
        return not self.damaged and not self.faults


def check_ledger(path: Path) -> LedgerCheck:
    """Check every row of a ledger, the structure of its file, and the log of the last writes.

    Raises:
        InputError: there is no ledger, or it has another layout.
    """
    found = LedgerCheck()
    for table, _ in scan_rows(path, found):
        found.answers += table == "answers"
    return found


def scan_rows(path: Path, found: LedgerCheck) -> Iterator[tuple[str, Row]]:
    """Read every row that is intact: table and row. What a row refers to is intact and was read before it.

    Args:
        path: the ledger.
        found: what is damaged is added to it.

    Raises:
        InputError: there is no ledger, or it has another layout.
    """
    if is_log_damaged(path.with_name(f"{path.name}-wal")):
        found.faults.append("the log of the last writes is damaged: the answers recorded last may be missing")
    with open_as_it_is(path) as connection:
        yield from scan_tables(connection, found)


def scan_tables(connection: sqlite3.Connection, found: LedgerCheck) -> Iterator[tuple[str, Row]]:
    """Read every row that is intact, as `scan_rows` does, of a ledger that is open."""
    found.faults += _check_structure(connection)
    scan = _Scan(found)
    for table in TABLES:
        with show_bar(f"reading {table}", _count_rows(connection, table)) as advance:
            for row in _read_from_both_ends(connection, table, found):
                advance(1)
                if scan.is_usable(table, row):
                    yield table, scan.cut_lost_request(row) if table == "responses" else row
                else:
                    scan.note_damage(table, row)
    scan.note_lost_requests()


class _Scan:
    """The numbers of the rows that are intact, while the tables are read one after the other."""

    def __init__(self, found: LedgerCheck) -> None:
        self._found = found
        self._intact: dict[str, set[int]] = {table: set() for table in ("texts", "requests", "responses")}
        self._lost = 0

    def is_usable(self, table: str, row: Row) -> bool:
        """Whether a row is intact, and what it refers to."""
        if is_key_damaged(row) if table == "answers" else is_damaged(row):
            return False
        if table == "answers":
            return row[2] in self._intact["responses"]
        if table == "requests" and not self._intact["texts"].issuperset((row[3], *unpack_numbers(row[4]))):
            return False
        if table == "responses" and parse_response(row) is None:
            return False
        if table in self._intact:
            self._intact[table].add(row[0])
        return True

    def cut_lost_request(self, row: Row) -> Row:
        """Replace the number of a request whose row is damaged or missing by `LOST`."""
        if row[2] in self._intact["requests"] or row[2] == LOST:
            return row
        self._lost += 1
        values = (*row[:2], LOST, *row[3:-1])
        return (*values, compute_checksum(values))

    def note_damage(self, table: str, row: Row) -> None:
        """Note a damaged row. A damaged response is noted by the answers that it gave."""
        if table == "answers":
            self._found.damaged.append((unpack_digest(row[0]), row[1]))
        elif table != "responses":
            self._found.faults.append(f"a row of {table} is damaged: {str(row[0])[:40]}")

    def note_lost_requests(self) -> None:
        """Note the responses whose request is lost."""
        if self._lost:
            self._found.faults.append(f"the requests of {self._lost:,} responses are damaged; their answers are intact")


@contextmanager
def open_as_it_is(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a ledger for reading only.

    Raises:
        InputError: there is no ledger, or it has another layout.
    """
    if not path.is_file():
        raise InputError(f"there is no ledger at {path}", hint="the first build makes one; --store names the folder")
    with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as connection:
        connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        except DATABASE_ERRORS as error:
            stop_if_full(path, error)
            raise InputError(f"{path} is no ledger: {error}", hint="restore it from a copy") from error
        if version != FORMAT:
            carry = f"cotloom ledger stats --store {path.parent} carries it over"
            hint = carry if version < FORMAT else "upgrade Cotloom"
            raise InputError(f"{path} is a ledger of layout {version}; this Cotloom reads {FORMAT}", hint=hint)
        yield connection


def _check_structure(connection: sqlite3.Connection) -> list[str]:
    try:
        rows = connection.execute(f"PRAGMA integrity_check({_MOST_FAULTS})").fetchall()
    except DATABASE_ERRORS as error:
        return [f"the structure of the file is damaged: {error}"]
    return [f"the structure of the file is damaged: {text}" for (text,) in rows if text != "ok"]


def _count_rows(connection: sqlite3.Connection, table: str) -> int:
    with suppress(*DATABASE_ERRORS):
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our tables
    return 0


def _read_from_both_ends(connection: sqlite3.Connection, table: str, found: LedgerCheck) -> Iterator[Row]:
    """Read the rows of a table; where SQLite can't go on, those from the other end too."""
    last: Row | None = None
    try:
        for last in _select_rows(connection, table, ""):
            yield last
    except DATABASE_ERRORS as error:
        found.faults.append(f"the table {table} can't be read as a whole: {error}")
        with suppress(*DATABASE_ERRORS):
            for row in _select_rows(connection, table, "DESC"):
                if row == last:
                    return
                yield row


def _select_rows(connection: sqlite3.Connection, table: str, order: str) -> sqlite3.Cursor:
    keys = ", ".join(f"{key} {order}" for key in _KEYS[table].split(", "))
    return connection.execute(f"SELECT * FROM {table} ORDER BY {keys}")  # noqa: S608 - our tables


def drop_damaged(path: Path) -> Path | None:
    """Give up what is damaged: the rows that are intact are copied to a new file, which takes the ledger's place.

    Returns:
        The damaged file, which is kept under another name; None where nothing is damaged.

    Raises:
        InputError: there is no ledger, or it has another layout.
        Stopped: another command uses it, or the disk is full.
    """
    if check_ledger(path).is_intact:
        return None
    kept = _name_kept(path)
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        shutil.copy2(log, kept.with_name(f"{kept.name}-wal"))
    _check_unused(path)
    with replace_file(path) as side:
        _copy_rows(path, side)
        os.link(path, kept)
    return kept


def _name_kept(path: Path) -> Path:
    names = (path.with_name(f"{path.stem}.damaged-{number}{path.suffix}") for number in range(1, 10_000))
    return next(name for name in names if not name.exists())


def _check_unused(path: Path) -> None:
    """Check that no other process has the ledger open. One that SQLite can't open at all is open nowhere."""
    with suppress(*DATABASE_ERRORS), open_alone(path):
        pass


@contextmanager
def open_alone(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a ledger that no other connection has open, and keep all others out.

    Raises:
        Stopped: another command has it open.
    """
    with closing(sqlite3.connect(path, timeout=_BRIEFLY_S, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")  # in this mode the lock stays
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise
            hint = "run this again when that has ended"
            raise Stopped(f"the ledger {path} is in use by another command", hint=hint) from error
        yield connection


def _copy_rows(path: Path, target: Path) -> None:
    with closing(connect(target)) as connection, explain_database_errors(target), connection:
        batch: dict[str, list[Row]] = {table: [] for table in TABLES}
        for table, row in scan_rows(path, LedgerCheck()):
            batch[table].append(row)
            if len(batch[table]) == _BATCH:
                _insert_rows(connection, table, batch.pop(table))
                batch[table] = []
        for table, rows in batch.items():
            _insert_rows(connection, table, rows)


def _insert_rows(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    if rows:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({places})", rows)  # noqa: S608 - our tables
