"""Carry the answers of the first layout over: one row for each answer, its fields in columns, without checksums."""

import sqlite3
from collections.abc import Iterator

import orjson

from ....schemas.sample import Usage
from ..request import Answer
from ..responses import decode_logprobs, encode_answers
from .encoding import compress_body, compute_checksum

_COLUMNS = (
    "digest, sample_index, text, reasoning, finish_reason, prompt_tokens, completion_tokens, cost_usd, token_logprobs,"
    " labels, simulated, recorded_at"
)


def migrate_first_layout(connection: sqlite3.Connection) -> None:
    """Copy requests and answers from the tables `first_requests` and `first_answers`, and remove these."""
    requests = connection.execute("SELECT digest, request FROM first_requests").fetchall()
    connection.executemany(
        "INSERT INTO requests VALUES (?, NULL, ?, ?)",
        ((digest, request, compute_checksum([digest, None, request])) for digest, request in requests),
    )
    for number, (digest, index, response, recorded_at) in enumerate(_read_first_answers(connection), 1):
        body, size = compress_body(response)
        values = (digest, "answers", body, size, recorded_at)
        connection.execute(
            "INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *values, compute_checksum(values))
        )
        key = (digest, index, number, 0)
        connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", (*key, compute_checksum(key)))
    connection.execute("DROP TABLE first_answers")
    connection.execute("DROP TABLE first_requests")


def _read_first_answers(connection: sqlite3.Connection) -> Iterator[tuple[str, int, bytes, str]]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM first_answers ORDER BY entry")  # noqa: S608 - our columns
    for digest, index, text, reasoning, finish_reason, prompt, completion, *rest in rows:
        cost, logprobs, labels, simulated, recorded_at = rest
        answer = Answer(
            text=text,
            reasoning=reasoning,
            finish_reason=finish_reason,
            usage=Usage(prompt_tokens=prompt, completion_tokens=completion),
            cost_usd=cost,
            token_logprobs=None if logprobs is None else decode_logprobs(orjson.loads(logprobs)),
            labels=labels,
            simulated=bool(simulated),
        )
        yield digest, index, encode_answers([answer]).body, recorded_at
