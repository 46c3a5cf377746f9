"""The tables of a ledger, and how its file is opened: created, carried over from the former layout, or refused."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from ...errors import InputError, Stopped
from ...store.atomic import MAKE_ROOM
from .migrate import FORMER, FORMER_TABLES, FORMER_TRIGGERS, check_former_layout, migrate_former_layout
from .write_ahead_log import is_log_damaged

FORMAT = 4
"""Version of the table layout."""
_WITHOUT_PAYMENTS = 3
"""The layout that has the tables of answers, and no more."""

PATIENCE = 60.0
"""Seconds to wait for the lock of another process."""

CHECK_HINT = "cotloom ledger check says what is damaged; cotloom ledger export saves the rest"
"""What to do about a damaged ledger."""
FORMER_HINT = (
    "restore it from a copy; or save the rest with cotloom ledger export of the release that wrote it, and import that"
)
"""What to do about a ledger of the former layout that is so damaged that it can't be carried over."""

TABLES = {
    "texts": "CREATE TABLE texts (text INTEGER PRIMARY KEY, hash INTEGER NOT NULL, content BLOB NOT NULL, size INTEGER,"
    " checksum BLOB NOT NULL)",
    "requests": "CREATE TABLE requests (request INTEGER PRIMARY KEY, digest BLOB NOT NULL, problem_id TEXT,"
    " setting INTEGER NOT NULL, messages BLOB NOT NULL, checksum BLOB NOT NULL)",
    "responses": "CREATE TABLE responses (response INTEGER PRIMARY KEY, digest BLOB NOT NULL, request INTEGER NOT NULL,"
    " kind TEXT NOT NULL, body BLOB NOT NULL, size INTEGER, recorded_at INTEGER NOT NULL, checksum BLOB NOT NULL)",
    "answers": "CREATE TABLE answers (digest BLOB NOT NULL, sample_index INTEGER NOT NULL, response INTEGER NOT NULL,"
    " choice INTEGER NOT NULL, checksum BLOB NOT NULL, PRIMARY KEY (digest, sample_index)) WITHOUT ROWID",
    "forgotten": "CREATE TABLE forgotten (problem_id TEXT PRIMARY KEY, forgotten_at TEXT NOT NULL,"
    " checksum BLOB NOT NULL) WITHOUT ROWID",
    "payments": "CREATE TABLE payments (payment INTEGER PRIMARY KEY, response INTEGER, terms INTEGER NOT NULL,"
    " picodollars INTEGER, prompt_tokens INTEGER, cached_tokens INTEGER, completion_tokens INTEGER,"
    " reasoning_tokens INTEGER, reservation INTEGER, paid_at INTEGER NOT NULL, checksum BLOB NOT NULL)",
    "reservations": "CREATE TABLE reservations (reservation INTEGER PRIMARY KEY, terms INTEGER NOT NULL,"
    " picodollars INTEGER NOT NULL, requests INTEGER NOT NULL, tokens INTEGER NOT NULL, reserved_at INTEGER NOT NULL,"
    " checksum BLOB NOT NULL)",
    "settlements": "CREATE TABLE settlements (settlement INTEGER PRIMARY KEY, reservation INTEGER NOT NULL,"
    " picodollars INTEGER NOT NULL, requests INTEGER NOT NULL, tokens INTEGER NOT NULL, checksum BLOB NOT NULL)",
}
"""The statement that makes each table; a table refers only to those before it."""

INDEXES = {
    "texts_hash": "CREATE INDEX texts_hash ON texts (hash)",
    "payments_response": "CREATE INDEX payments_response ON payments (response)",
}
"""The statement that makes each index. Only a random key costs a page of its own for each answer that is recorded, so
that there are two of them: the hash of a text, and the key of `answers`."""

TRIGGERS = {
    f"{table}_{event.lower()}": f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}"
    " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for table in TABLES
    for event in ("DELETE", "UPDATE")
}
"""The statement that makes each trigger: no row is changed or removed."""

DATABASE_ERRORS = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file raises: with a damaged name in it, not even SQLite's message can be decoded."""

_FULL = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
)
"""The disk is full, fails or can't be written."""
_SHORT = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})
"""Errors of the disk that say that the file is damaged."""
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

_CACHE_KB = 16_384
"""Pages that a connection keeps in memory."""


@contextmanager
def explain_database_errors(path: Path, hint: str = CHECK_HINT) -> Iterator[None]:
    """Raise an error that the user can act on in place of SQLite's.

    Args:
        path: the ledger.
        hint: what to do where it is damaged.

    Raises:
        Stopped: the disk is full or can't be written, or another process holds the ledger.
        InputError: the file is damaged.
    """
    try:
        yield
    except DATABASE_ERRORS as error:
        stop_if_full(path, error)
        if _get_code(error) in _BUSY:
            raise Stopped(
                f"the ledger {path} is in use by another command", hint="run the command again when that has ended"
            ) from error
        raise InputError(f"the ledger {path} is damaged: {error}", hint=hint) from error


def stop_if_full(path: Path, error: Exception) -> None:
    """Raise `Stopped` for an error of a disk that is full: SQLite needs room beside a ledger even to read it.

    Raises:
        Stopped: it is such an error.
    """
    if _get_code(error) in _FULL and getattr(error, "sqlite_errorcode", None) not in _SHORT:
        raise Stopped(f"the ledger {path} can't be written: {error}", hint=MAKE_ROOM) from error


def _get_code(error: Exception) -> int:
    """Get SQLite's code of an error, without the extended part."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def connect(path: Path) -> sqlite3.Connection:
    """Connect to a ledger, and create the file where it is missing; only its owner may read it.

    Raises:
        InputError: the file is no ledger, is damaged, or was written by a later Cotloom.
        Stopped: the folder can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create_file(path)
        check_write_ahead_log(path)
        # where a notebook has an event loop of its own, a build reads in another thread, while this one waits
        connection = sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False)
    except (OSError, sqlite3.OperationalError) as error:
        raise Stopped(
            f"the ledger {path} can't be opened: {error}", hint="choose another folder with --store"
        ) from error
    connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _create_file(path: Path) -> None:
    """Create the file where it is missing.

    An existing one is not opened: closing it would give up the locks that this process holds on it through SQLite, and
    another process would then take the log of the last writes for one that nobody needs.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def check_write_ahead_log(path: Path) -> None:
    """Check the log of the last writes before SQLite reads it: SQLite leaves out what follows a damaged record.

    Raises:
        InputError: records that were written whole are damaged.
    """
    if is_log_damaged(path.with_name(f"{path.name}-wal")):
        raise InputError(
            f"the log of the last writes to the ledger is damaged: {path}-wal; the answers recorded last would be lost",
            hint="restore the file from a copy; cotloom ledger check --drop gives up what it held",
        )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except DATABASE_ERRORS as error:
        stop_if_full(path, error)
        raise InputError(f"{path} is no ledger: {error}", hint="move it away, or choose another --store") from error
    if version > FORMAT:
        raise InputError(f"the ledger {path} was written by a later Cotloom (layout {version})", hint="upgrade Cotloom")
    if 0 < version < FORMER:
        raise InputError(
            f"the ledger {path} was written before the first release (layout {version})", hint="choose another --store"
        )
    with explain_database_errors(path, FORMER_HINT if version == FORMER else CHECK_HINT):
        _enable_write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        if version < FORMAT:
            _create_tables(connection)
    _check_tables(connection, path)


def _create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables in one transaction, unless another process has done it meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == _WITHOUT_PAYMENTS:
            _create_missing(connection)
        elif version != FORMAT:
            create_layout(connection, carry_over=version == FORMER)


def create_layout(connection: sqlite3.Connection, *, carry_over: bool = False) -> None:
    """Create tables and triggers inside a transaction; `carry_over` takes the answers of the former layout along."""
    if carry_over:
        check_former_layout(connection)
        for name in FORMER_TRIGGERS:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        for name in FORMER_TABLES:
            connection.execute(f"ALTER TABLE {name} RENAME TO former_{name}")
    for statement in (*TABLES.values(), *INDEXES.values()):
        connection.execute(statement)
    if carry_over:
        migrate_former_layout(connection)
    for statement in TRIGGERS.values():
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _create_missing(connection: sqlite3.Connection) -> None:
    """Create the tables that a layout has not: what is there stays as it is."""
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    for name, statement in (TABLES | INDEXES | TRIGGERS).items():
        if name not in found:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Check that the tables and triggers are those of this layout: a damaged schema may read as another one."""
    try:
        found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    except DATABASE_ERRORS as error:
        raise InputError(f"the ledger {path} is damaged: {error}", hint=CHECK_HINT) from error
    if found != TABLES | INDEXES | TRIGGERS:
        raise InputError(f"the ledger {path} is damaged: its tables are not those of a ledger", hint=CHECK_HINT)


def _enable_write_ahead(connection: sqlite3.Connection) -> None:
    """Enable write-ahead mode, with retries: SQLite does not wait for another process that enables it too."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def permit_changes(connection: sqlite3.Connection) -> Iterator[None]:
    """Permit rows to be changed or removed in one transaction; the triggers are there again when it ends."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for name in TRIGGERS:
            connection.execute(f"DROP TRIGGER {name}")
        yield
        for statement in TRIGGERS.values():
            connection.execute(statement)
