"""What was paid for each response, and what is reserved for requests: `payments`, `reservations`, `settlements`.

A reservation counts as it is until a settlement says what was spent in its place. So a request whose outcome nobody
knows, because the build was killed or the connection broke, counts as the most that it can have cost.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ...costs import Limits, Payment, Reservation, ResponseTokens, Spent, Terms, list_exceeded
from ...costs.price import decode_terms
from .encoding import compute_checksum, decompress_content, is_damaged
from .texts import TextIndex, find_next

_TOKENS = ("prompt", "cached", "completion", "reasoning")


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedReservation:
    """What a request wants to reserve."""

    terms: Terms
    """The terms on which it is paid."""
    amount: Reservation
    """The most that it can spend."""
    limits: Limits
    """What all builds of the version may spend together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """What was spent in place of a reservation."""

    reservation: int
    """The number of the reservation."""
    spent: Spent
    """What counts from now on."""


@dataclass(slots=True)
class _Seen:
    """What was counted of the spending of one version."""

    spent: Spent = field(default_factory=Spent)
    open: dict[int, Reservation] = field(default_factory=dict)
    """Reservations that are not settled."""
    reservation: int = 0
    settlement: int = 0
    payment: int = 0
    """The last row of each table that was read."""


class PaymentWriter:
    """Writes payments, reservations and settlements, within transactions of a `ResponseWriter`."""

    def __init__(self, connection: sqlite3.Connection, texts: TextIndex) -> None:
        """Use a connection whose tables exist."""
        self._connection = connection
        self._texts = texts
        self._seen: dict[str, _Seen] = {}
        self._versions: dict[int, str] = {}

    def insert_payments(self, paid: Sequence[tuple[int, Payment]]) -> None:
        """Insert what was paid for some responses, by number; each takes the place of its reservation."""
        if not paid:
            return
        numbers = self._texts.add_terms([payment.terms.encode() for _, payment in paid])
        first, now, rows = find_next(self._connection, "payments", "payment"), int(time.time()), []
        for number, ((response, payment), terms) in enumerate(zip(paid, numbers, strict=True), first):
            values = (number, response, terms, *_list_amounts(payment), payment.paid_at or now)
            rows.append((*values, compute_checksum(values)))
        self._connection.executemany("INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self.insert_settlements(
            [
                Settlement(reservation=payment.reservation, spent=self._settle(payment))
                for _, payment in paid
                if payment.reservation is not None
            ]
        )

    def _settle(self, payment: Payment) -> Spent:
        """Say what counts in place of a reservation: what is known, and of the rest what was reserved."""
        query = "SELECT picodollars, tokens FROM reservations WHERE reservation = ?"
        reserved, most = self._connection.execute(query, [payment.reservation]).fetchone()
        counted = (payment.tokens.prompt, payment.tokens.completion)
        tokens = most if None in counted else sum(value for value in counted if value is not None)
        cost = reserved if payment.picodollars is None else payment.picodollars
        return Spent(picodollars=cost, requests=1, tokens=tokens)

    def insert_settlements(self, settlements: Sequence[Settlement]) -> None:
        """Insert what was spent in place of reservations."""
        first, rows = find_next(self._connection, "settlements", "settlement") if settlements else 0, []
        for number, each in enumerate(settlements, first):
            values = (number, each.reservation, each.spent.picodollars, each.spent.requests, each.spent.tokens)
            rows.append((*values, compute_checksum(values)))
        self._connection.executemany("INSERT INTO settlements VALUES (?, ?, ?, ?, ?, ?)", rows)

    def reserve(self, wanted: WantedReservation) -> int | tuple[str, ...]:
        """Reserve what a request can spend, where the limits permit it.

        Returns:
            The number of the reservation; else the limits that it would exceed.
        """
        amount, version = wanted.amount, wanted.terms.version
        exceeded = tuple(list_exceeded(wanted.limits, self.count_spent(version), amount))
        if exceeded:
            return exceeded
        (terms,) = self._texts.add_terms([wanted.terms.encode()])
        number = find_next(self._connection, "reservations", "reservation")
        values = (number, terms, amount.picodollars, amount.requests, amount.tokens, int(time.time()))
        row = (*values, compute_checksum(values))
        self._connection.execute("INSERT INTO reservations VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return number

    def count_spent(self, version: str) -> Spent:
        """Count what all builds of a version spent and have reserved. Only new rows are read.

        Raises:
            sqlite3.DatabaseError: a row is damaged.
        """
        seen = self._seen.setdefault(version, _Seen())
        for row in self._read_new("reservations", "reservation", seen.reservation):
            seen.reservation = row[0]
            if self._find_version(row[1]) == version:
                seen.open[row[0]] = Reservation(picodollars=row[2], requests=row[3], tokens=row[4])
                seen.spent = seen.spent.add(seen.open[row[0]])
        for row in self._read_new("settlements", "settlement", seen.settlement):
            seen.settlement = row[0]
            if row[1] in seen.open:
                seen.spent = seen.spent.add(seen.open.pop(row[1]), -1)
                seen.spent = seen.spent.add(Spent(picodollars=row[2], requests=row[3], tokens=row[4]))
        for row in self._read_new("payments", "payment", seen.payment):
            seen.payment = row[0]
            if row[8] is None and self._find_version(row[2]) == version:  # asked without a limit
                seen.spent = seen.spent.add(Reservation(picodollars=row[3] or 0, tokens=(row[4] or 0) + (row[6] or 0)))
        return seen.spent

    def _read_new(self, table: str, key: str, last: int) -> Iterator[Sequence[Any]]:
        query = f"SELECT * FROM {table} WHERE {key} > ? ORDER BY {key}"  # noqa: S608 - our tables
        for row in self._connection.execute(query, [last]).fetchall():
            if is_damaged(row):
                raise sqlite3.DatabaseError(f"row {row[0]} of {table} is damaged: what was spent is not known")
            yield row

    def _find_version(self, terms: int) -> str:
        if terms not in self._versions:
            found = read_terms(self._connection, terms)
            if found is None:
                raise sqlite3.DatabaseError("the terms of a payment are damaged: what was spent is not known")
            self._versions[terms] = found.version
        return self._versions[terms]


def _list_amounts(payment: Payment) -> tuple[int | None, ...]:
    tokens = tuple(getattr(payment.tokens, name) for name in _TOKENS)
    return (payment.picodollars, *tokens, payment.reservation)


def read_terms(connection: sqlite3.Connection, number: int) -> Terms | None:
    """Read terms of payment by their number; None where they are missing or damaged."""
    row = connection.execute("SELECT * FROM texts WHERE text = ?", [number]).fetchone()
    if row is None or is_damaged(row):
        return None
    try:
        return decode_terms(orjson.loads(decompress_content(row[2], row[3])))
    except ValueError:
        return None


def parse_payment(row: Sequence[Any], terms: Terms) -> Payment:
    """Parse a row of `payments`, without its reservation: in another ledger it has none."""
    tokens = ResponseTokens(**dict(zip(_TOKENS, row[4:8], strict=True)))
    return Payment(terms=terms, tokens=tokens, picodollars=row[3], paid_at=row[9])
