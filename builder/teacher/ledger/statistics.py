"""What a ledger holds: answers, prompts and bytes, by model."""

from dataclasses import dataclass

from .layout import explain_database_errors
from .ledger import Ledger

_BY_MODEL = """
SELECT json_extract(request, '$.model') AS model, json_extract(request, '$.endpoint') AS endpoint,
       count(DISTINCT requests.digest), count(answers.digest)
FROM requests LEFT JOIN answers USING (digest) WHERE json_valid(request)
GROUP BY model, endpoint ORDER BY model, endpoint
"""


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
        models = [
            ModelStatistics(model=str(model), endpoint=str(endpoint), prompts=prompts, answers=answers)
            for model, endpoint, prompts, answers in connection.execute(_BY_MODEL)
        ]
        responses, size, stored = connection.execute(
            "SELECT count(*), sum(coalesce(size, length(body))), sum(length(body)) FROM responses"
        ).fetchone()
    return LedgerStatistics(
        models=tuple(models),
        responses=responses,
        response_bytes=size or 0,
        stored_bytes=stored or 0,
        forgotten=len(ledger.find_forgotten()),
    )
