"""An open ledger: look up keys, read answers, record responses."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from ...costs import Cost, Spent, make_cost
from ...errors import InputError
from ..request import Answer, ReceivedResponse, Response, ResponseKind, UnreadableChoice
from ..responses import read_choices
from .encoding import compute_checksum, decompress_content, is_damaged, is_key_damaged, pack_digest, unpack_digest
from .layout import CHECK_HINT, connect, explain_database_errors
from .payments import PaymentWriter
from .texts import TextIndex, select_where
from .writing import Key, ResponseWriter

_SHOWN = 3
"""Damaged answers that a message names."""
_CHUNK = 512
"""Requests whose answers are looked up together."""
_KEYS = "SELECT digest, sample_index FROM answers WHERE digest"
_ANSWERS = "SELECT * FROM answers WHERE digest"
_COSTS = (
    "SELECT digest, min(sample_index), payments.picodollars FROM answers"
    " LEFT JOIN payments ON payments.response = answers.response WHERE digest"
)


class Ledger:
    """An open ledger; `open_ledger` makes one."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Use a connection whose tables exist."""
        self._connection = connection
        self._path = path
        self._writer = ResponseWriter(connection)
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

        One request takes some microseconds; many together take less each, and are looked up in the file's order.

        Raises:
            InputError: the ledger is damaged.
        """
        try:
            with explain_database_errors(self._path):
                return {
                    (names[digest], index)
                    for names in _split_chunks(digests)
                    for digest, index in select_where(self._connection, _KEYS, list(names))
                }
        except KeyError as error:  # SQLite found a row where it is not: a page of keys is damaged
            raise InputError(
                f"the ledger {self._path} is damaged: a key is not in its place", hint=CHECK_HINT
            ) from error

    def read_answers(self, digests: Iterable[str]) -> Iterator[tuple[Key, Answer]]:
        """Read all recorded answers to these requests.

        Raises:
            InputError: some of them are damaged. It is raised at the end, and names them.
        """
        damaged: list[Key] = []
        with explain_database_errors(self._path):
            for names in _split_chunks(digests):
                keys = list(select_where(self._connection, _ANSWERS, list(names), "ORDER BY response, choice"))
                yield from self._read_choices(keys, names, damaged)
        if damaged:
            raise self._make_damage_error(damaged)

    def _read_choices(
        self, keys: Sequence[Sequence[Any]], names: Mapping[bytes, str], damaged: list[Key]
    ) -> Iterator[tuple[Key, Answer]]:
        """Read the answers of some keys, sorted by response; those that are damaged are added to a list."""
        for number, group in groupby(keys, key=lambda row: row[2]):
            row = self._connection.execute("SELECT * FROM responses WHERE response = ?", (number,)).fetchone()
            response = parse_response(row) if row else None
            choices = read_choices(response) if response is not None else None
            for key in group:
                digest, index, _, choice, _ = key
                name = names.get(digest)
                if name is None or choices is None or digest != row[1] or is_key_damaged(key):
                    damaged.append((name or unpack_digest(digest), index))
                else:
                    yield (name, index), _get_answer(choices, choice)

    def count_costs(self, keys: Collection[Key]) -> Cost:
        """Count what was paid for the responses that hold some answers; each counts with the first of its answers.

        Raises:
            InputError: the ledger is damaged.
        """
        total = Cost()
        with explain_database_errors(self._path):
            for names in _split_chunks(digest for digest, _ in keys):
                rows = select_where(self._connection, _COSTS, list(names), "GROUP BY answers.response")
                total = sum((make_cost(paid) for digest, i, paid in rows if (names[digest], i) in keys), total)
        return total

    def count_spent(self, version: str) -> Spent:
        """Count what all builds of a version spent and have reserved.

        Raises:
            InputError: the ledger is damaged.
        """
        with explain_database_errors(self._path):
            return PaymentWriter(self._connection, TextIndex(self._connection)).count_spent(version)

    def record(self, received: Sequence[ReceivedResponse]) -> list[frozenset[Key]]:
        """Record responses and the keys that they answer, all or none. Returns once they are on disk.

        Returns:
            For each response its keys that had an answer already. That answer stays.

        Raises:
            Stopped: the disk is full or can't be written.
            InputError: the ledger is damaged.
        """
        with explain_database_errors(self._path):
            return self._writer.write(received)

    def list_digests(self) -> set[str]:
        """List the digests of all requests that were answered, readably or not."""
        with explain_database_errors(self._path):
            return {unpack_digest(digest) for (digest,) in self._connection.execute("SELECT digest FROM responses")}

    def find_forgotten(self) -> set[str]:
        """Find the ids of problems whose answers were erased; they are never requested again."""
        with explain_database_errors(self._path):
            return {problem for (problem,) in self._connection.execute("SELECT problem_id FROM forgotten")}

    def list_unread(self) -> frozenset[str]:
        """List the digests of requests with a response that answers nothing."""
        query = "SELECT digest FROM responses WHERE response NOT IN (SELECT response FROM answers)"
        with explain_database_errors(self._path):
            return frozenset(unpack_digest(digest) for (digest,) in self._connection.execute(query))

    def add_forgotten(self, forgotten: Mapping[str, str]) -> list[str]:
        """Add tombstones: problems that are never requested, and the times when their answers were erased elsewhere.

        Returns:
            The problems that have requests here, in order: they get none, for their answers would stay.
        """
        if not forgotten:
            return []
        with explain_database_errors(self._path), self._connection:
            query = f"SELECT DISTINCT problem_id FROM requests WHERE problem_id IN ({', '.join('?' * len(forgotten))})"  # noqa: S608
            held = {problem for (problem,) in self._connection.execute(query, list(forgotten))}
            rows = [row for row in forgotten.items() if row[0] not in held]
            self._connection.executemany(
                "INSERT OR IGNORE INTO forgotten VALUES (?, ?, ?)", [(*row, compute_checksum(row)) for row in rows]
            )
        return sorted(held)

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
            damaged = [(unpack_digest(row[0]), row[1]) for row in rows if is_key_damaged(row)]
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
    """Parse a row of `responses`; None where it is damaged."""
    _, _, _, kind, body, size, *_ = row
    if is_damaged(row):
        return None
    try:
        return Response(ResponseKind(kind), decompress_content(body, size))
    except ValueError:
        return None


def _get_answer(choices: Sequence[Answer | UnreadableChoice], number: int) -> Answer:
    """Get a choice. One that this reader can't read any more counts as a refusal with the reason."""
    choice = choices[number] if number < len(choices) else UnreadableChoice("the response has no such choice")
    return choice if isinstance(choice, Answer) else Answer(text=None, refusal=choice.reason)


def _split_chunks(digests: Iterable[str]) -> Iterator[Mapping[bytes, str]]:
    """Split digests into chunks, each digest once, in the file's order; each is given with what is stored of it."""
    unique = sorted(set(digests))
    for start in range(0, len(unique), _CHUNK):
        yield {pack_digest(digest): digest for digest in unique[start : start + _CHUNK]}
