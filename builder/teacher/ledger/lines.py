"""The lines of an exported ledger: one response each, with its request, what it answers and what was paid for it."""

from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from ....schemas.example import Message, Role
from ...costs import Payment, ResponseTokens
from ...costs.price import decode_terms
from ..request import ReceivedResponse, Request, Response, ResponseKind
from .entries import Entry, Tombstone


class LedgerRequest(BaseModel):
    """What a request says."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    messages: tuple[tuple[str, str], ...] = Field(strict=False)
    """Role and content of each message."""
    model: str
    """The model."""
    endpoint: str
    """The server's name."""
    sampling: dict[str, Any]
    """Sampling parameters."""


class LedgerPayment(BaseModel):
    """What was paid for a response."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    terms: dict[str, Any]
    """Version, model, endpoint, delivery and price."""
    picodollars: int | None = None
    """What it cost; null where unknown."""
    tokens: tuple[int | None, int | None, int | None, int | None] = Field((None, None, None, None), strict=False)
    """Tokens of the prompt, cached ones, of the answers, of reasoning."""
    paid_at: int | None = None
    """When, in seconds since 1970."""


class LedgerLine(BaseModel):
    """One response in an exported ledger, or one problem whose answers were erased."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    digest: str | None = None
    """The digest of the request."""
    problem_id: str | None = None
    """The problem."""
    request: LedgerRequest | None = None
    """What was requested."""
    kind: ResponseKind | None = Field(None, strict=False)
    """How the response is read."""
    body: str = ""
    """The response as it came, each byte as one character (Latin-1)."""
    choices: dict[int, int] = Field(default_factory=dict, strict=False)
    """For each sample index that it answers, the number of the choice."""
    payment: LedgerPayment | None = None
    """What was paid for it; null where unknown."""
    recorded_at: str = ""
    """When it was recorded, in UTC."""
    forgotten_at: str | None = None
    """When the answers to the problem were erased; then the line has nothing but the problem."""


def make_line(entry: Entry) -> LedgerLine:
    """Make the line of a response."""
    request, response = entry.received.request, entry.received.response
    return LedgerLine(
        digest=request.digest,
        problem_id=request.problem_id or None,
        request=LedgerRequest(
            messages=tuple((message.role.value, message.content) for message in request.messages),
            model=request.model,
            endpoint=request.endpoint,
            sampling=dict(request.sampling),
        ),
        kind=response.kind,
        body=response.body.decode("latin-1"),
        choices=dict(entry.received.choices),
        payment=None if entry.received.payment is None else _make_payment(entry.received.payment),
        recorded_at=datetime.fromtimestamp(entry.recorded_at, UTC).isoformat(timespec="seconds"),
    )


def _make_payment(payment: Payment) -> LedgerPayment:
    tokens = payment.tokens
    return LedgerPayment(
        terms=orjson.loads(payment.terms.encode()),
        picodollars=payment.picodollars,
        tokens=(tokens.prompt, tokens.cached, tokens.completion, tokens.reasoning),
        paid_at=payment.paid_at,
    )


def _read_payment(line: LedgerPayment) -> Payment:
    prompt, cached, completion, reasoning = line.tokens
    tokens = ResponseTokens(prompt=prompt, cached=cached, completion=completion, reasoning=reasoning)
    terms = decode_terms(line.terms)
    return Payment(terms=terms, tokens=tokens, picodollars=line.picodollars, paid_at=line.paid_at)


def read_line(line: LedgerLine) -> Entry | Tombstone:
    """Read a line as a response to the request it names, or a problem that was erased.

    Raises:
        ValueError: it is neither.
    """
    if line.request is not None and line.kind is not None:
        request = _make_request(line, line.request)
        if request.digest == line.digest:
            response = Response(line.kind, line.body.encode("latin-1"))
            payment = None if line.payment is None else _read_payment(line.payment)
            return Entry(ReceivedResponse(request, response, line.choices, payment=payment), 0)
    if line.request is None and line.forgotten_at is not None and line.problem_id is not None:
        return Tombstone(line.problem_id, line.forgotten_at)
    raise ValueError("it is no response to the request that it names")


def _make_request(line: LedgerLine, request: LedgerRequest) -> Request:
    return Request(
        problem_id=line.problem_id or "",
        messages=tuple(Message(role=Role(role), content=content) for role, content in request.messages),
        model=request.model,
        endpoint=request.endpoint,
        sampling=request.sampling,
    )
