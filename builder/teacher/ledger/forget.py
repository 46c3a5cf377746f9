"""Erase the answers to a problem, for a person who asks for it, and mark the versions that hold them as withdrawn."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ...errors import InputError
from ...store import Version, list_versions
from ...store.atomic import remove_leftovers
from ...store.withdrawal import mark_withdrawn
from .encoding import compute_checksum, is_damaged, pack_digest, unpack_digest, unpack_numbers
from .layout import explain_database_errors, permit_changes
from .ledger import Ledger
from .texts import select_where

_CHUNK = 500
"""Rows that are removed with one statement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgotten:
    """What was erased."""

    problem_id: str
    """The problem."""
    answers: int
    """Answers that were erased."""
    versions: tuple[str, ...]
    """Versions that hold the problem or its answers. They are marked as withdrawn; their files stay."""
    copies: tuple[Path, ...]
    """Damaged ledgers that an earlier check kept. They may hold the answers too, and stay."""


def forget_problem(ledger: Ledger, store: Path, problem_id: str) -> Forgotten:
    """Erase requests and answers of a problem from the ledger, and the stage results that may hold their texts.

    A tombstone stays: the problem is never requested again, and an import does not bring its answers back.

    Args:
        ledger: the ledger.
        store: its store.
        problem_id: the id of the problem.

    Raises:
        InputError: neither the ledger nor a version knows the problem, or a version can't be read.
        Stopped: the disk is full, or another command uses the ledger.
    """
    holding = [version for version in list_versions(store) if _has_problem(version, problem_id)]
    digests = {digest for version in holding for digest in _list_digests(version, problem_id)}
    digests |= _find_digests(ledger, problem_id)
    if not holding and not digests and problem_id not in ledger.find_forgotten():
        raise InputError(
            f"no version and no answer of the store {store} is about a problem {problem_id}",
            hint='cotloom sql REF "SELECT problem_id, question FROM problems" shows the ids',
        )
    answers = len(ledger.find_keys(digests))
    _delete_rows(ledger, problem_id, digests)
    shutil.rmtree(store / "stages", ignore_errors=True)
    remove_leftovers(store)
    for version in holding:
        mark_withdrawn(version, problem_id)
    copies = tuple(sorted(ledger.path.parent.glob(f"{ledger.path.stem}.damaged-*{ledger.path.suffix}")))
    return Forgotten(
        problem_id=problem_id,
        answers=answers,
        versions=tuple(version.ref for version in holding),
        copies=copies,
    )


def _has_problem(version: Version, problem_id: str) -> bool:
    return any((frame["problem_id"] == problem_id).any() for frame in version.iterate_table("problems", ["problem_id"]))


def _list_digests(version: Version, problem_id: str) -> Iterator[str]:
    for samples in version.iterate_table("samples", ["problem_id", "request_digests"]):
        yield from samples.filter(pl.col("problem_id") == problem_id)["request_digests"].explode().drop_nulls()


def _find_digests(ledger: Ledger, problem_id: str) -> set[str]:
    with explain_database_errors(ledger.path):
        rows = ledger.connection.execute("SELECT digest FROM requests WHERE problem_id = ?", [problem_id])
        return {unpack_digest(digest) for (digest,) in rows}


def _delete_rows(ledger: Ledger, problem_id: str, digests: set[str]) -> None:
    """Remove rows and overwrite what they were stored in, in the file and in the log of the last writes."""
    connection = ledger.connection
    now = datetime.now(UTC).isoformat(timespec="seconds")
    tombstone = (problem_id, now)
    with explain_database_errors(ledger.path):
        connection.execute("PRAGMA secure_delete = ON")
        with permit_changes(connection):
            packed = sorted(map(pack_digest, digests))
            _part_payments(connection, packed)
            for table in ("answers", "responses", "requests"):
                _delete_where(connection, table, "digest", packed)
            _delete_where(connection, "texts", "text", _list_unused_texts(connection))
            connection.execute(
                "INSERT OR IGNORE INTO forgotten VALUES (?, ?, ?)", (*tombstone, compute_checksum(tombstone))
            )
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _part_payments(connection: sqlite3.Connection, digests: Sequence[bytes]) -> None:
    """Part what was paid from responses that are erased: the sums stay, and say nothing of a problem."""
    responses = select_where(connection, "SELECT response FROM responses WHERE digest", digests)
    numbers = [number for (number,) in responses]
    for row in list(select_where(connection, "SELECT * FROM payments WHERE response", numbers)):
        if not is_damaged(row):
            values = (row[0], None, *row[2:-1])
            connection.execute(
                "UPDATE payments SET response = NULL, checksum = ? WHERE payment = ?",
                (compute_checksum(values), row[0]),
            )


def _list_unused_texts(connection: sqlite3.Connection) -> list[int]:
    """List the texts that no row refers to. A damaged request refers to nothing: what it said is not known."""
    terms = "SELECT terms FROM payments UNION SELECT terms FROM reservations"
    used: set[int] = {number for (number,) in connection.execute(terms)}
    for row in connection.execute("SELECT * FROM requests"):
        if not is_damaged(row):
            used.update((row[3], *unpack_numbers(row[4])))
    return [text for (text,) in connection.execute("SELECT text FROM texts") if text not in used]


def _delete_where(connection: sqlite3.Connection, table: str, column: str, values: Sequence[object]) -> None:
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        places = ", ".join("?" * len(chunk))
        connection.execute(f"DELETE FROM {table} WHERE {column} IN ({places})", chunk)  # noqa: S608 - our tables
