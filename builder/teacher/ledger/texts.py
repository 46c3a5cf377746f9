"""The table `texts`: what rows have in common, each once: messages, settings (model, endpoint, sampling), terms."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from ..request import Request
from .encoding import (
    compress_content,
    compute_checksum,
    compute_hash,
    decompress_content,
    encode_message,
    encode_setting,
    is_damaged,
    pack_numbers,
)

_REMEMBERED = 8_192
"""Texts whose numbers are remembered."""
_CHUNK = 512
"""Rows that are looked up with one statement."""


class TextIndex:
    """Gives texts their numbers, within transactions for writing; a new text is added to the table."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use a connection whose tables exist."""
        self._connection = connection
        self._messages: dict[tuple[str, str], int] = {}
        self._settings: dict[bytes, int] = {}
        self._schema = -1
        self._is_writing = False

    def start(self) -> None:
        """Start a transaction. What was remembered counts unless rows were removed or never written.

        Whoever removes rows (`permit_changes`) makes the triggers anew, by which the version of the schema rises.
        """
        (schema,) = self._connection.execute("PRAGMA schema_version").fetchone()
        if self._is_writing or schema != self._schema or len(self._messages) > _REMEMBERED:
            self._messages.clear()
            self._settings.clear()
        self._schema, self._is_writing = schema, True

    def add(self, requests: Sequence[Request]) -> list[tuple[int, bytes]]:
        """Add the texts of some requests that are new. Returns the number of each one's setting, and of its messages.

        The caller has a transaction, after whose beginning it called `start`. `finish` has to be called before it ends.
        """
        settings = [encode_setting(request) for request in requests]
        unknown: dict[bytes, tuple[str, str] | None] = {text: None for text in settings if text not in self._settings}
        for request in requests:
            for message in request.messages:
                key: tuple[str, str] = (message.role, message.content)
                if key not in self._messages:
                    unknown[encode_message(*key)] = key
        for (text, message_key), number in zip(unknown.items(), self._number_texts(list(unknown)), strict=True):
            if message_key is None:
                self._settings[text] = number
            else:
                self._messages[message_key] = number
        numbers = self._messages
        return [
            (self._settings[setting], pack_numbers([numbers[m.role, m.content] for m in request.messages]))
            for setting, request in zip(settings, requests, strict=True)
        ]

    def add_terms(self, terms: Sequence[bytes]) -> list[int]:
        """Add terms of payment that are new, in the same way. Returns the number of each."""
        unknown = [text for text in dict.fromkeys(terms) if text not in self._settings]
        self._settings |= zip(unknown, self._number_texts(unknown), strict=True)
        return [self._settings[text] for text in terms]

    def finish(self) -> None:
        """Note that the transaction ends well; else what was remembered in it is forgotten when the next one starts."""
        self._is_writing = False

    def _number_texts(self, texts: Sequence[bytes]) -> list[int]:
        """Find the numbers of some texts, each given once; those that are not in the table are added."""
        hashes = list(map(compute_hash, texts))
        known = dict(self._find_texts(hashes))
        numbers = count(find_next(self._connection, "texts", "text"))
        found = [known[text] if text in known else next(numbers) for text in texts]
        rows = [
            (number, value, *compress_content(text))
            for text, value, number in zip(texts, hashes, found, strict=True)
            if text not in known
        ]
        checked = [(*row, compute_checksum(row)) for row in rows]
        self._connection.executemany("INSERT INTO texts VALUES (?, ?, ?, ?, ?)", checked)
        return found

    def _find_texts(self, hashes: Sequence[int]) -> Iterator[tuple[bytes, int]]:
        for row in select_where(self._connection, "SELECT * FROM texts WHERE hash", hashes):
            if not is_damaged(row):
                yield decompress_content(row[2], row[3]), row[0]


def select_where(
    connection: sqlite3.Connection, query: str, values: Sequence[object], order: str = ""
) -> Iterator[Sequence[Any]]:
    """Select the rows whose column, the last word of a query, has one of some values.

    The number of places is a power of two, so that few statements are prepared.
    """
    for start in range(0, len(values), _CHUNK):
        chunk = list(values[start : start + _CHUNK])
        places = 1 << (len(chunk) - 1).bit_length()
        chunk += chunk[-1:] * (places - len(chunk))
        yield from connection.execute(f"{query} IN ({', '.join('?' * places)}) {order}", chunk)


def find_next(connection: sqlite3.Connection, table: str, column: str) -> int:
    """Find the number of a table's next row, within a transaction for writing."""
    (last,) = connection.execute(f"SELECT max({column}) FROM {table}").fetchone()  # noqa: S608 - our tables
    return int(last or 0) + 1
