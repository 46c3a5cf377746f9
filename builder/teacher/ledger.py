"""The ledger: every answer of a teacher, recorded before anything else is done with it (law 3).

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

from ...schemas.ids import format_canonical
from ...schemas.sample import Alternative, TokenLogprob, Usage
from ..errors import InputError, Stopped
from ..store.atomic import stop_if_unwritable
from .request import Answer, Request

Key = tuple[str, int]
"""Digest of the request, and sample index."""

FORMAT = 1
"""Version of the table layout."""

PATIENCE = 60.0
"""Seconds to wait for the lock of another process."""

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
    """An open ledger; `open_ledger` makes one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use a connection whose tables exist."""
        self._connection = connection

    def find_keys(self, digests: Iterable[str]) -> set[Key]:
        """Find the keys of all recorded answers to these requests."""
        return {
            (digest, index)
            for chunk in _split_chunks(digests)
            for digest, index in self._connection.execute(
                f"SELECT digest, sample_index FROM answers WHERE digest IN ({_format_placeholders(chunk)})",  # noqa: S608 - placeholders only
                chunk,
            )
        }

    def read_answers(self, digests: Iterable[str]) -> Iterator[tuple[Key, Answer]]:
        """Read all recorded answers to these requests."""
        for chunk in _split_chunks(digests):
            rows = self._connection.execute(
                f"SELECT digest, sample_index, {_COLUMNS} FROM answers WHERE digest IN ({_format_placeholders(chunk)})",  # noqa: S608
                chunk,
            )
            for digest, index, *columns in rows:
                yield (digest, index), _decode_answer(columns)

    def record(self, answers: Sequence[tuple[Request, int, Answer]]) -> None:
        """Record answers, all or none. Returns once they are on disk.

        Raises:
            Stopped: the disk is full or can't be written.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with stop_if_unwritable("the ledger", sqlite3.OperationalError), self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO requests VALUES (?, ?)",
                {request.digest: _encode_request(request) for request, _, _ in answers}.items(),
            )
            self._connection.executemany(
                f"INSERT OR IGNORE INTO answers (digest, sample_index, {_COLUMNS}, recorded_at) "  # noqa: S608 - our columns
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(request.digest, index, *_encode_answer(answer), now) for request, index, answer in answers],
            )


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open a ledger, and create it if it is missing.

    Raises:
        InputError: the file is no ledger, or was written by a later Cotloom.
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
        with stop_if_unwritable(f"the ledger {path}", sqlite3.OperationalError):
            _enable_write_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version < FORMAT:
                connection.executescript(f"BEGIN IMMEDIATE; {_LAYOUT} PRAGMA user_version = {FORMAT}; COMMIT;")
        if version > FORMAT:
            raise InputError(
                f"the ledger {path} was written by a later Cotloom (layout {version})", hint="upgrade Cotloom"
            )
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path} is no ledger: {error}", hint="move it away, or choose another --store") from error


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


def _split_chunks(digests: Iterable[str], size: int = 500) -> Iterator[list[str]]:
    """Split digests into chunks, each digest once, in order."""
    unique = list(dict.fromkeys(digests))
    return (unique[start : start + size] for start in range(0, len(unique), size))


def _format_placeholders(chunk: Sequence[str]) -> str:
    return ", ".join("?" * len(chunk))


def _encode_request(request: Request) -> str:
    return format_canonical(
        {
            "messages": request.messages,
            "model": request.model,
            "endpoint": request.endpoint,
            "sampling": dict(request.sampling),
        }
    )


def _encode_answer(answer: Answer) -> tuple[Any, ...]:
    return (
        answer.text,
        answer.reasoning,
        answer.finish_reason,
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
        answer.cost_usd,
        _encode_logprobs(answer.token_logprobs),
        answer.labels,
        answer.simulated,
    )


def _decode_answer(columns: Sequence[Any]) -> Answer:
    text, reasoning, finish_reason, prompt_tokens, completion_tokens, cost_usd, logprobs, labels, simulated = columns
    return Answer(
        text=text,
        reasoning=reasoning,
        finish_reason=finish_reason,
        usage=Usage(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens),
        cost_usd=cost_usd,
        token_logprobs=_decode_logprobs(logprobs),
        labels=labels,
        simulated=bool(simulated),
    )


def _encode_logprobs(tokens: tuple[TokenLogprob, ...] | None) -> str | None:
    """Encode as compact JSON: [[token, logprob, [[token, logprob], ...]], ...]."""
    if tokens is None:
        return None
    rows = [[item.token, item.logprob, [[top.token, top.logprob] for top in item.top]] for item in tokens]
    return orjson.dumps(rows).decode()


def _decode_logprobs(text: str | None) -> tuple[TokenLogprob, ...] | None:
    if text is None:
        return None
    return tuple(
        TokenLogprob(token=token, logprob=logprob, top=tuple(Alternative(token=t, logprob=p) for t, p in top))
        for token, logprob, top in orjson.loads(text)
    )
