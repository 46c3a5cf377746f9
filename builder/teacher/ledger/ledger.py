"""An open ledger: look up keys, read answers, record responses."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from ...errors import InputError
from ..request import Answer, ReceivedResponse, Response, ResponseKind, UnreadableChoice
from ..responses import read_choices
from .encoding import compress_body, compute_checksum, decompress_body, encode_request
from .layout import CHECK_HINT, connect, explain_database_errors

Key = tuple[str, int]
"""Digest of the request, and sample index."""

_SHOWN = 3
"""Damaged answers that a message names."""


class Ledger:
    """An open ledger; `open_ledger` makes one."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Use a connection whose tables exist."""
        self._connection = connection
        self._path = path
        self._are_keys_checked = False

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for what works on the whole ledger."""
        return self._connection

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def find_keys(self, digests: Iterable[str]) -> set[Key]:
        """Find the keys of all recorded answers to these requests.

        Raises:
            InputError: the ledger is damaged.
        """
        query = "SELECT digest, sample_index FROM answers WHERE digest IN ({})"
        with explain_database_errors(self._path):
            return {
                (digest, index)
                for chunk in _split_chunks(digests)
                for digest, index in self._connection.execute(query.format(_format_placeholders(chunk)), chunk)
            }

    def read_answers(self, digests: Iterable[str]) -> Iterator[tuple[Key, Answer]]:
        """Read all recorded answers to these requests.

        Raises:
            InputError: some of them are damaged. It is raised at the end, and names them.
        """
        damaged: list[Key] = []
        with explain_database_errors(self._path):
            for chunk in _split_chunks(digests):
                where = f"WHERE digest IN ({_format_placeholders(chunk)}) ORDER BY response, choice"
                keys = self._connection.execute(f"SELECT * FROM answers {where}", chunk).fetchall()  # noqa: S608
                yield from self._read_choices(keys, damaged)
        if damaged:
            raise self._make_damage_error(damaged)

    def _read_choices(self, keys: Sequence[Sequence[Any]], damaged: list[Key]) -> Iterator[tuple[Key, Answer]]:
        """Read the answers of some keys, sorted by response; those that are damaged are added to a list."""
        for number, group in groupby(keys, key=lambda row: row[2]):
            row = self._connection.execute("SELECT * FROM responses WHERE response = ?", [number]).fetchone()
            response = parse_response(row[1:]) if row else None
            choices = read_choices(response) if response is not None else None
            for key in group:
                digest, index, _, choice, _ = key
                if choices is None or digest != row[1] or is_damaged(key):
                    damaged.append((digest, index))
                else:
                    yield (digest, index), _get_answer(choices, choice)

    def record(self, received: Sequence[ReceivedResponse]) -> None:
        """Record responses and the keys that they answer, all or none. Returns once they are on disk.

        Raises:
            Stopped: the disk is full or can't be written.
            InputError: the ledger is damaged.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        requests = {item.request.digest: item.request for item in received}
        with explain_database_errors(self._path), self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO requests VALUES (?, ?, ?, ?)",
                (
                    (*row, compute_checksum(row))
                    for digest, request in requests.items()
                    for row in [(digest, request.problem_id, encode_request(request))]
                ),
            )
            for item in received:
                self._insert_response(item.request.digest, item.response, item.choices.items(), now)

    def _insert_response(
        self, digest: str, response: Response, choices: Iterable[tuple[int, int]], recorded_at: str
    ) -> None:
        """Insert a response and the keys it answers, pairs of sample index and choice; the caller has a transaction."""
        values = (digest, response.kind.value, *compress_body(response.body), recorded_at)
        cursor = self._connection.execute(
            "INSERT INTO responses (digest, kind, body, size, recorded_at, checksum) VALUES (?, ?, ?, ?, ?, ?)",
            (*values, compute_checksum(values)),
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)",
            (
                (*row, compute_checksum(row))
                for index, choice in choices
                for row in [(digest, index, cursor.lastrowid, choice)]
            ),
        )

    def find_forgotten(self) -> set[str]:
        """Find the ids of problems whose answers were erased; they are never requested again."""
        with explain_database_errors(self._path):
            return {problem for (problem,) in self._connection.execute("SELECT problem_id FROM forgotten")}

    def check_keys(self) -> None:
        """Verify the table of keys, once for an open ledger, before new answers are requested.

        A damaged key would not be found, and its answer requested, and paid, again.

        Raises:
            InputError: it is damaged.
        """
        if self._are_keys_checked:
            return
        with explain_database_errors(self._path):
            (state,) = self._connection.execute("PRAGMA integrity_check(answers)").fetchone()
            rows = self._connection.execute("SELECT * FROM answers")
            damaged = [(row[0], row[1]) for row in rows if is_damaged(row)]
        if damaged:
            raise self._make_damage_error(damaged)
        if state != "ok":
            raise InputError(f"the ledger {self._path} is damaged: {state}", hint=CHECK_HINT)
        self._are_keys_checked = True

    def _make_damage_error(self, damaged: Sequence[Key]) -> InputError:
        names = ", ".join(f"answer {index} to request {digest}" for digest, index in damaged[:_SHOWN])
        more = f" and {len(damaged) - _SHOWN} more" if len(damaged) > _SHOWN else ""
        requests = len({digest for digest, _ in damaged})
        return InputError(
            f"the ledger {self._path} is damaged: {names}{more}",
            hint=f"restore it from a copy; or cotloom ledger check --drop gives them up, and the next build requests"
            f" {len(damaged)} answers to {requests} prompts again",
        )


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open a ledger, and create it if it is missing.

    Raises:
        InputError: the file is no ledger, is damaged, or was written by a later Cotloom.
        Stopped: the folder can't be written.
    """
    connection = connect(path)
    try:
        yield Ledger(connection, path)
    finally:
        connection.close()


def parse_response(row: Sequence[Any]) -> Response | None:
    """Parse the columns digest, kind, body, size, recorded_at and checksum of a response; None where it is damaged."""
    _, kind, body, size, *_ = row
    if is_damaged(row):
        return None
    try:
        return Response(ResponseKind(kind), decompress_body(body, size))
    except ValueError:
        return None


def is_damaged(row: Sequence[Any]) -> bool:
    """Whether the last column is not the checksum of the others."""
    *values, checksum = row
    return bool(checksum != compute_checksum(values))


def _get_answer(choices: Sequence[Answer | UnreadableChoice], number: int) -> Answer:
    """Get a choice. One that this reader can't read any more counts as a refusal with the reason."""
    choice = choices[number] if number < len(choices) else UnreadableChoice("the response has no such choice")
    return choice if isinstance(choice, Answer) else Answer(text=None, refusal=choice.reason)


def _split_chunks(digests: Iterable[str], size: int = 500) -> Iterator[list[str]]:
    """Split digests into chunks, each digest once, in order."""
    unique = list(dict.fromkeys(digests))
    return (unique[start : start + size] for start in range(0, len(unique), size))


def _format_placeholders(chunk: Sequence[str]) -> str:
    return ", ".join("?" * len(chunk))
