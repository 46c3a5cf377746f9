"""What a ledger holds: answers, prompts and bytes, by model."""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass

from .encoding import decode_setting, decompress_content, is_damaged, unpack_numbers
from .layout import explain_database_errors
from .ledger import Ledger

_PROMPTS = "SELECT setting, count(DISTINCT digest) FROM requests GROUP BY setting"
_ANSWERS = (
    "SELECT setting, count(*) FROM answers JOIN responses USING (response) LEFT JOIN requests USING (request)"
    " GROUP BY setting"
)
_RESPONSES = "SELECT count(*), sum(coalesce(size, length(body))), sum(length(body)) FROM responses"
_TEXTS = "SELECT text, coalesce(size, length(content)), length(content) FROM texts"
_UNKNOWN = ("unknown", "unknown")
"""Model and server where the request is lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelStatistics:
    """What one model gave."""

    model: str
    """The model."""
    endpoint: str
    """The server's name."""
    prompts: int
    """Prompts that were sent."""
    answers: int
    """Answers to them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerStatistics:
    """What a ledger holds."""

    models: tuple[ModelStatistics, ...]
    """By model and server."""
    requests: int
    """Requests that were answered."""
    request_bytes: int
    """Their size, in bytes, if each were whole."""
    stored_request_bytes: int
    """Their size as stored: what they have in common once, texts compressed."""
    responses: int
    """Responses as they came; one may hold several answers, or none that can be read."""
    response_bytes: int
    """Their size, in bytes."""
    stored_bytes: int
    """Their size as stored, compressed."""
    forgotten: int
    """Problems whose answers were erased."""


def count_ledger(ledger: Ledger) -> LedgerStatistics:
    """Count what a ledger holds.

    Raises:
        InputError: it is damaged.
    """
    connection = ledger.connection
    with explain_database_errors(ledger.path):
        models = _count_models(connection)
        requests, request_bytes, stored_request_bytes = _measure_requests(connection)
        responses, size, stored = connection.execute(_RESPONSES).fetchone()
    return LedgerStatistics(
        models=models,
        requests=requests,
        request_bytes=request_bytes,
        stored_request_bytes=stored_request_bytes,
        responses=responses,
        response_bytes=size or 0,
        stored_bytes=stored or 0,
        forgotten=len(ledger.find_forgotten()),
    )


def _count_models(connection: sqlite3.Connection) -> tuple[ModelStatistics, ...]:
    """Count by model and server; requests that differ in their sampling alone are counted together."""
    prompts: dict[tuple[str, str], int] = defaultdict(int)
    answers: dict[tuple[str, str], int] = defaultdict(int)
    for counts, query in ((prompts, _PROMPTS), (answers, _ANSWERS)):
        for setting, count in connection.execute(query).fetchall():
            counts[_read_model(connection, setting)] += count
    return tuple(
        ModelStatistics(
            model=model, endpoint=endpoint, prompts=prompts[model, endpoint], answers=answers[model, endpoint]
        )
        for model, endpoint in sorted(prompts | answers)
    )


def _read_model(connection: sqlite3.Connection, setting: int | None) -> tuple[str, str]:
    row = connection.execute("SELECT * FROM texts WHERE text = ?", [setting]).fetchone()
    if row is None or is_damaged(row):
        return _UNKNOWN
    content = decode_setting(decompress_content(row[2], row[3]))
    return str(content["model"]), str(content["endpoint"])


def _measure_requests(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Count the requests. Returns their number, their size if each were whole, and their size as stored."""
    sizes, stored = dict[int, int](), 0
    for text, size, stored_size in connection.execute(_TEXTS):
        sizes[text] = size
        stored += stored_size
    requests = whole = 0
    for row in connection.execute("SELECT * FROM requests"):
        requests += 1
        numbers = () if is_damaged(row) else (row[3], *unpack_numbers(row[4]))
        stored += 4 * len(numbers)
        whole += sum(sizes.get(number, 0) for number in numbers)
    return requests, whole, stored
