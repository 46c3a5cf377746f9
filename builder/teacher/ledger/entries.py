"""Read a ledger response by response, each with its request and the keys that it answers, in little memory."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from ....schemas.example import Message
from ...costs import Payment
from ..request import ReceivedResponse, Request
from .check import LedgerCheck, Row, open_as_it_is, scan_rows
from .encoding import decode_message, decode_setting, decompress_content, is_damaged, is_key_damaged, unpack_numbers
from .layout import DATABASE_ERRORS
from .ledger import parse_response
from .payments import parse_payment, read_terms

_REMEMBERED = 4_096
"""Texts that are remembered."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A response of a ledger."""

    received: ReceivedResponse
    """The response, its request, and the keys that it answers."""
    recorded_at: int
    """When it was recorded, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A problem whose answers were erased."""

    problem_id: str
    """The problem."""
    forgotten_at: str
    """When, in UTC."""


def list_entries(path: Path, found: LedgerCheck) -> Iterator[Entry | Tombstone]:
    """List every response that is intact with its request, and the problems that were erased.

    Args:
        path: the ledger; it is read only.
        found: what is damaged is added to it, and the number of answers that are listed.

    Raises:
        InputError: there is no ledger, or it has another layout.
    """
    with open_as_it_is(path) as connection:
        reader = RequestReader(connection)
        for table, row in scan_rows(path, found):
            if table == "forgotten":
                yield Tombstone(row[0], row[1])
            elif table == "responses":
                entry = reader.read_entry(row)
                if entry is not None:
                    found.answers += len(entry.received.choices)
                    yield entry


class RequestReader:
    """Reads what belongs to a response, its request above all."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use a connection that reads only."""
        self._connection = connection
        self._read_text = lru_cache(_REMEMBERED)(self._find_text)
        self._read_terms = lru_cache(_REMEMBERED)(partial(read_terms, connection))

    def read_entry(self, row: Row) -> Entry | None:
        """Read the request and the keys of a response; None where they can't be read."""
        response, request = parse_response(row), self.read_request(row[2], row[1])
        if response is None or request is None:
            return None
        query = "SELECT * FROM answers WHERE digest = ? AND response = ?"
        choices = {key[1]: key[3] for key in self._select(query, (row[1], row[0])) if not is_key_damaged(key)}
        return Entry(ReceivedResponse(request, response, choices, payment=self._read_payment(row[0])), row[6])

    def _read_payment(self, response: int) -> Payment | None:
        """Read what was paid for a response; None where that is unknown or damaged."""
        for row in self._select("SELECT * FROM payments WHERE response = ?", (response,)):
            terms = None if is_damaged(row) else self._read_terms(row[2])
            if terms is not None:
                return parse_payment(row, terms)
        return None

    def read_request(self, number: int, digest: bytes) -> Request | None:
        """Read a request by its number; None where it is missing, damaged, or another one."""
        for row in self._select("SELECT * FROM requests WHERE request = ?", (number,)):
            if not is_damaged(row) and row[1] == digest:
                return self._make_request(row)
        return None

    def _make_request(self, row: Row) -> Request | None:
        texts = [self._read_text(number) for number in (row[3], *unpack_numbers(row[4]))]
        if None in texts:
            return None
        setting, *messages = texts
        return Request(problem_id=row[2] or "", messages=tuple(messages), **setting)

    def _find_text(self, number: int) -> Any:
        """Find a message or, as a dictionary, a setting."""
        for row in self._select("SELECT * FROM texts WHERE text = ?", (number,)):
            if not is_damaged(row):
                return _decode_text(decompress_content(row[2], row[3]))
        return None

    def _select(self, query: str, values: Sequence[object]) -> list[Row]:
        """Select rows; none where the structure of the file is damaged there."""
        try:
            return self._connection.execute(query, values).fetchall()
        except DATABASE_ERRORS:
            return []


def _decode_text(content: bytes) -> Message | dict[str, Any]:
    return decode_setting(content) if content.startswith(b"{") else decode_message(content)
