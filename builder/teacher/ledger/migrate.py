"""Carry the answers of layout 2 over: the same tables, each request whole, digests and times as texts."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import orjson

from ....schemas.example import Message, Role
from ...progress import show_bar
from ..request import Request
from .encoding import DAMAGED, compute_checksum, compute_key_checksum, is_damaged, pack_digest
from .texts import TextIndex

FORMER = 2
"""The layout that is carried over."""

_BATCH = 1_000
"""Requests that are converted together."""

FORMER_TABLES = ("requests", "responses", "answers", "forgotten")
FORMER_TRIGGERS = tuple(f"{table}_{event}" for table in FORMER_TABLES for event in ("delete", "update"))


def check_former_layout(connection: sqlite3.Connection) -> None:
    """Check the structure of the file, before anything is copied: rows that SQLite can't find would be lost silently.

    Raises:
        sqlite3.DatabaseError: it is damaged.
    """
    (state,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if state != "ok":
        raise sqlite3.DatabaseError(state)


def migrate_former_layout(connection: sqlite3.Connection) -> None:
    """Copy every row from the tables `former_*`, and remove these. A damaged row stays damaged, and is never repaired.

    Raises:
        sqlite3.DatabaseError: the file is damaged; the transaction has to be given up.
    """
    numbers = _copy_requests(connection)
    responses = _read(connection, "responses", "response")
    _insert(connection, "responses", (_convert_response(row, numbers) for row in responses))
    _insert(connection, "answers", map(_convert_answer, _read(connection, "answers", "response, choice")))
    _insert(connection, "forgotten", _read(connection, "forgotten", "problem_id"))
    for table in FORMER_TABLES:
        connection.execute(f"DROP TABLE former_{table}")


def _read(connection: sqlite3.Connection, table: str, order: str) -> Iterator[Sequence[Any]]:
    (total,) = connection.execute(f"SELECT count(*) FROM former_{table}").fetchone()  # noqa: S608 - our tables
    with show_bar(f"carrying over the ledger's {table}", total) as advance:
        for row in connection.execute(f"SELECT * FROM former_{table} ORDER BY {order}"):  # noqa: S608 - our tables
            advance(1)
            yield row


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[Sequence[Any]]) -> None:
    places = {"requests": 6, "responses": 8, "answers": 5, "forgotten": 3}[table]
    statement = f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * places)})"  # noqa: S608 - our tables
    connection.executemany(statement, rows)


def _copy_requests(connection: sqlite3.Connection) -> dict[bytes, int]:
    """Copy the requests. Returns the number of each that could be read, by its digest."""
    texts, numbers = TextIndex(connection), dict[bytes, int]()
    rows = enumerate(_read(connection, "requests", "digest"), 1)
    while batch := list(islice(rows, _BATCH)):
        requests = {number: request for number, row in batch if (request := _read_request(row)) is not None}
        texts.start()
        added = dict(zip(requests, texts.add(list(requests.values())), strict=True))
        texts.finish()
        numbers |= {pack_digest(row[0]): number for number, row in batch if number in requests}
        _insert(connection, "requests", (_convert_request(number, row, added.get(number)) for number, row in batch))
    return numbers


def _convert_request(number: int, row: Sequence[Any], added: tuple[int, bytes] | None) -> Sequence[Any]:
    digest = pack_digest(str(row[0]))
    if added is None:
        return (number, digest, None, 0, b"", DAMAGED)
    values = (number, digest, row[1], *added)
    return (*values, compute_checksum(values))


def _read_request(row: Sequence[Any]) -> Request | None:
    """Read a request; None where it is damaged."""
    if is_damaged(row):
        return None
    try:
        content = orjson.loads(row[2])
        messages = tuple(Message(role=Role(item["role"]), content=item["content"]) for item in content["messages"])
        return Request(
            problem_id=row[1] or "",
            messages=messages,
            model=content["model"],
            endpoint=content["endpoint"],
            sampling=content["sampling"],
        )
    except (ValueError, KeyError, TypeError):
        return None


def _convert_response(row: Sequence[Any], numbers: dict[bytes, int]) -> Sequence[Any]:
    number, digest, kind, body, size, recorded_at, _ = row
    packed = pack_digest(str(digest))
    if is_damaged(row[1:]):
        return (number, packed, 0, str(kind), _choose(body, bytes, b""), _choose(size, int, 0), 0, DAMAGED)
    seconds = int(datetime.fromisoformat(recorded_at).timestamp())
    values = (number, packed, numbers.get(packed, 0), kind, body, size, seconds)
    return (*values, compute_checksum(values))


def _convert_answer(row: Sequence[Any]) -> Sequence[Any]:
    digest, sample_index, response, choice, _ = row
    packed = pack_digest(str(digest))
    if is_damaged(row):
        numbers = (_choose(value, int, -1) for value in (sample_index, response, choice))
        return (packed, *numbers, DAMAGED)
    return (packed, sample_index, response, choice, compute_key_checksum(packed, sample_index, response, choice))


def _choose(value: object, kind: type, other: object) -> object:
    """Return a value of a damaged row where it has the right type: a column takes no other, and the row has to stay."""
    return value if isinstance(value, kind) else other
