"""The ledger: every answer a teacher ever gave, written before anything else is done with it (law 3).

One SQLite file in write-ahead mode: a kill at any moment loses nothing that was recorded, and several builds may
write at once. It is append-only: triggers refuse to change or delete a row. The key is the request's digest and
the sample index; the first answer recorded under a key stays.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.teacher.request import Answer, Request
from cotloom.schemas.ids import canonical
from cotloom.schemas.sample import Alternative, TokenLogprob, Usage

Key = tuple[str, int]
"""Digest of the request, and sample index."""

FORMAT = 1
"""Number of the file's layout."""

PATIENCE = 60.0
"""Seconds to wait for another process that writes."""

_LAYOUT = """
CREATE TABLE IF NOT EXISTS requests (digest TEXT PRIMARY KEY, request TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    entry INTEGER PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES requests (digest),
    sample_index INTEGER NOT NULL,
    text TEXT,
    reasoning TEXT,
    finish_reason TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    cost_usd REAL,
    token_logprobs TEXT,
    labels TEXT,
    simulated INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    UNIQUE (digest, sample_index)
);
CREATE TRIGGER IF NOT EXISTS answers_stay BEFORE DELETE ON answers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS answers_stand BEFORE UPDATE ON answers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS requests_stay BEFORE DELETE ON requests
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS requests_stand BEFORE UPDATE ON requests
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""
_COLUMNS = (
    "text, reasoning, finish_reason, prompt_tokens, completion_tokens, cost_usd, token_logprobs, labels, simulated"
)


class Ledger:
    """An open ledger. Make it with `open_ledger`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over a connection whose tables exist."""
        self._connection = connection

    def present(self, digests: Iterable[str]) -> set[Key]:
        """Which answers to these requests are recorded."""
        return {
            (digest, index)
            for chunk in _chunks(digests)
            for digest, index in self._connection.execute(
                f"SELECT digest, sample_index FROM answers WHERE digest IN ({_marks(chunk)})",  # noqa: S608 - marks only
                chunk,
            )
        }

    def answers(self, digests: Iterable[str]) -> Iterator[tuple[Key, Answer]]:
        """Read all recorded answers to these requests."""
        for chunk in _chunks(digests):
            rows = self._connection.execute(
                f"SELECT digest, sample_index, {_COLUMNS} FROM answers WHERE digest IN ({_marks(chunk)})",  # noqa: S608
                chunk,
            )
            for digest, index, *columns in rows:
                yield (digest, index), _answer(columns)

    def record(self, answered: Sequence[tuple[Request, int, Answer]]) -> None:
        """Write answers, all or none; returns once they are safe on disk.

        Raises:
            Stopped: the disk is full or can't be written.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            with self._connection:
                self._connection.executemany(
                    "INSERT OR IGNORE INTO requests VALUES (?, ?)",
                    {request.digest: _request(request) for request, _, _ in answered}.items(),
                )
                self._connection.executemany(
                    f"INSERT OR IGNORE INTO answers (digest, sample_index, {_COLUMNS}, recorded_at) "  # noqa: S608 - our columns
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [(request.digest, index, *_columns(answer), now) for request, index, answer in answered],
                )
        except sqlite3.OperationalError as error:
            raise Stopped(
                f"the ledger can't be written: {error}",
                hint="what was recorded before is safe; make room and run the same command again",
            ) from error


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open a ledger, making it where it is missing.

    Raises:
        InputError: the file is no ledger, or one of a later Cotloom.
        Stopped: the folder can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=PATIENCE)
    except (OSError, sqlite3.OperationalError) as error:
        raise Stopped(
            f"the ledger {path} can't be opened: {error}", hint="choose another folder with --store"
        ) from error
    try:
        _prepare(connection, path)
        yield Ledger(connection)
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    try:
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > FORMAT:
            raise InputError(
                f"the ledger {path} was written by a later Cotloom (layout {version})", hint="upgrade Cotloom"
            )
        if version < FORMAT:
            connection.executescript(f"BEGIN IMMEDIATE; {_LAYOUT} PRAGMA user_version = {FORMAT}; COMMIT;")
    except sqlite3.OperationalError as error:
        raise Stopped(
            f"the ledger {path} can't be written: {error}", hint="make room, or choose another --store"
        ) from error
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path} is no ledger: {error}", hint="move it away, or choose another --store") from error


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead mode. SQLite does not wait for another process that switches too, so this does."""
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


def _chunks(digests: Iterable[str]) -> Iterator[list[str]]:
    return (list(chunk) for chunk in batched_unique(digests, 500))


def batched_unique(items: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    """Part items into groups of a size, each item once, in order."""
    unique = list(dict.fromkeys(items))
    return (tuple(unique[start : start + size]) for start in range(0, len(unique), size))


def _marks(chunk: Sequence[str]) -> str:
    return ", ".join("?" * len(chunk))


def _request(request: Request) -> str:
    return canonical(
        {
            "messages": request.messages,
            "model": request.model,
            "endpoint": request.endpoint,
            "sampling": dict(request.sampling),
        }
    )


def _columns(answer: Answer) -> tuple[Any, ...]:
    return (
        answer.text,
        answer.reasoning,
        answer.finish_reason,
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
        answer.cost_usd,
        _written_logprobs(answer.token_logprobs),
        answer.labels,
        answer.simulated,
    )


def _answer(columns: Sequence[Any]) -> Answer:
    text, reasoning, finish_reason, prompt_tokens, completion_tokens, cost_usd, logprobs, labels, simulated = columns
    return Answer(
        text=text,
        reasoning=reasoning,
        finish_reason=finish_reason,
        usage=Usage(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens),
        cost_usd=cost_usd,
        token_logprobs=_read_logprobs(logprobs),
        labels=labels,
        simulated=bool(simulated),
    )


def _written_logprobs(tokens: tuple[TokenLogprob, ...] | None) -> str | None:
    """Compact JSON: [[token, logprob, [[token, logprob], ...]], ...]."""
    if tokens is None:
        return None
    rows = [[item.token, item.logprob, [[top.token, top.logprob] for top in item.top]] for item in tokens]
    return orjson.dumps(rows).decode()


def _read_logprobs(text: str | None) -> tuple[TokenLogprob, ...] | None:
    if text is None:
        return None
    return tuple(
        TokenLogprob(token=token, logprob=logprob, top=tuple(Alternative(token=t, logprob=p) for t, p in top))
        for token, logprob, top in orjson.loads(text)
    )
