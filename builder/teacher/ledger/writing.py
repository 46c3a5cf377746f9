"""Write responses to a ledger: a group in one transaction, each row once."""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..request import ReceivedResponse, Request
from .encoding import compress_content, compute_checksum, compute_key_checksum, pack_digest
from .payments import PaymentWriter, Settlement, WantedReservation
from .texts import TextIndex, find_next, select_where

Key = tuple[str, int]
"""Digest of the request, and sample index."""

NewEntry = ReceivedResponse | WantedReservation | Settlement
"""What is written."""
Written = frozenset[Key] | int | tuple[str, ...] | None
"""What becomes of it: of a response the keys that had an answer already; of a reservation its number, or the limits
that it would exceed; of a settlement nothing."""

_KEYS = "SELECT digest, sample_index, response FROM answers WHERE digest"
_REQUESTS = (
    "SELECT responses.digest, request FROM responses JOIN requests USING (request)"
    " WHERE requests.digest = responses.digest AND response"
)
"""The request of a response; its digest says whether the number is the right one."""


@dataclass(slots=True)
class _Recorded:
    """What is recorded of a request."""

    request: int = 0
    """Its number; 0 where it has no row yet."""
    response: int = 0
    """One of the responses to it; 0 where there is none that answers."""
    indexes: set[int] = field(default_factory=set)
    """Sample indexes that have an answer."""


class ResponseWriter:
    """Writes groups of responses; used by one thread at a time.

    A group takes few statements, each for all of its rows: a thread that writes beside a busy one may have to wait
    whenever a statement ends.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use a connection whose tables exist."""
        self._connection = connection
        self._texts = TextIndex(connection)
        self._payments = PaymentWriter(connection, self._texts)

    def write(self, received: Sequence[ReceivedResponse]) -> list[frozenset[Key]]:
        """Write responses and the keys that they answer, all or none. Returns once they are on disk.

        Returns:
            For each response the keys that had an answer already. That answer stays.

        Raises:
            sqlite3.DatabaseError: the file can't be written, or is damaged.
        """
        return [known for known in self.write_entries(received) if isinstance(known, frozenset)]

    def write_entries(self, entries: Sequence[NewEntry]) -> list[Written]:
        """Write responses, and what is reserved and settled, all or none: what is settled before what is reserved.

        Returns:
            What became of each, once all are on disk.

        Raises:
            sqlite3.DatabaseError: the file can't be written, or is damaged.
        """
        if not entries:
            return []
        received = [entry for entry in entries if isinstance(entry, ReceivedResponse)]
        bodies = [compress_content(item.response.body) for item in received]  # before the file is locked
        self._connection.execute("BEGIN IMMEDIATE")
        with self._connection:
            self._texts.start()
            known = iter(self._write_responses(received, bodies))
            self._payments.insert_settlements([entry for entry in entries if isinstance(entry, Settlement)])
            wanted = [entry for entry in entries if isinstance(entry, WantedReservation)]
            reserved = iter([self._payments.reserve(entry) for entry in wanted])
        self._texts.finish()
        return [
            next(known) if isinstance(entry, ReceivedResponse)
            else next(reserved) if isinstance(entry, WantedReservation) else None
            for entry in entries
        ]  # fmt: skip

    def _write_responses(
        self, received: Sequence[ReceivedResponse], bodies: Sequence[tuple[bytes, int | None]]
    ) -> list[frozenset[Key]]:
        if not received:
            return []
        recorded = self._find_recorded({pack_digest(item.request.digest) for item in received})
        self._insert_requests({item.request.digest: item.request for item in received}.values(), recorded)
        return self._insert_responses(received, bodies, recorded)

    def _find_recorded(self, digests: Iterable[bytes]) -> dict[bytes, _Recorded]:
        """Find what is recorded of some requests."""
        recorded = {digest: _Recorded() for digest in digests}
        for digest, index, response in select_where(self._connection, _KEYS, list(recorded)):
            if digest not in recorded:  # SQLite found a row where it is not
                raise sqlite3.DatabaseError("a key is not in its place")
            recorded[digest].response = response
            recorded[digest].indexes.add(index)
        responses = [before.response for before in recorded.values() if before.response]
        for digest, request in select_where(self._connection, _REQUESTS, responses):
            recorded[digest].request = request
        return recorded

    def _insert_requests(self, requests: Iterable[Request], recorded: dict[bytes, _Recorded]) -> None:
        """Insert the requests that have no row yet."""
        new = [(pack_digest(request.digest), request) for request in requests]
        new = [(digest, request) for digest, request in new if not recorded[digest].request]
        if not new:
            return
        first, rows = find_next(self._connection, "requests", "request"), []
        texts = self._texts.add([request for _, request in new])
        for number, ((digest, request), (setting, messages)) in enumerate(zip(new, texts, strict=True), first):
            recorded[digest].request = number
            values = (number, digest, request.problem_id, setting, messages)
            rows.append((*values, compute_checksum(values)))
        self._connection.executemany("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)", rows)

    def _insert_responses(
        self,
        received: Sequence[ReceivedResponse],
        bodies: Sequence[tuple[bytes, int | None]],
        recorded: dict[bytes, _Recorded],
    ) -> list[frozenset[Key]]:
        """Insert responses, and the keys that have no answer yet. Returns for each response the keys that have one."""
        responses, answers, known = [], [], []
        first, now = find_next(self._connection, "responses", "response"), int(time.time())
        for number, (item, body) in enumerate(zip(received, bodies, strict=True), first):
            digest = pack_digest(item.request.digest)
            before = recorded[digest]
            values = (number, digest, before.request, item.response.kind.value, *body, now)
            responses.append((*values, compute_checksum(values)))
            answers += [
                (digest, index, number, choice, compute_key_checksum(digest, index, number, choice))
                for index, choice in item.choices.items()
                if index not in before.indexes
            ]
            known.append(frozenset((item.request.digest, index) for index in before.indexes.intersection(item.choices)))
            before.indexes.update(item.choices)
        self._connection.executemany("INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?, ?, ?)", responses)
        self._connection.executemany("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", answers)
        paid = enumerate((item.payment for item in received), first)
        self._payments.insert_payments([(number, payment) for number, payment in paid if payment is not None])
        return known
