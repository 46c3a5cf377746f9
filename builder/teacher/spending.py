"""What was paid, added up by version, teacher and day, and what is reserved for requests of unknown outcome."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ..costs import Cost, Spent, Terms
from ..errors import InputError
from ..progress import show_bar
from .ledger import Ledger
from .ledger.encoding import is_damaged
from .ledger.layout import CHECK_HINT, explain_database_errors
from .ledger.payments import read_terms

DAY_S = 86_400
_STEP = 4_096
"""Rows between two steps of the bar."""
_UNKNOWN = Terms(version="", model="unknown", endpoint="unknown")
"""Terms that are lost."""


class CostKey(StrEnum):
    """What costs are added up by."""

    VERSION = "version"
    """NAME@VERSION whose build asked."""
    TEACHER = "teacher"
    """Model, server and delivery."""
    DAY = "day"
    """The day in UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CostLine:
    """What some responses cost."""

    version: str | None = None
    """NAME@VERSION whose build asked; null where lines are not added up by it, here and below."""
    model: str | None = None
    """The model."""
    endpoint: str | None = None
    """The server's name in the ledger."""
    delivery: str | None = None
    """How they were delivered: `live` or `batch`."""
    day: str | None = None
    """The day, in UTC."""
    responses: int = 0
    """Responses."""
    prompt_tokens: int = 0
    """Tokens of requests, where the server counted them."""
    cached_tokens: int = 0
    """Those that it had in its cache."""
    completion_tokens: int = 0
    """Tokens of answers, reasoning counted."""
    reasoning_tokens: int = 0
    """Those that are reasoning."""
    cost: Cost = field(default_factory=Cost)
    """What they cost when they were paid."""
    reserved: Spent = field(default_factory=Spent)
    """What is reserved for requests whose outcome nobody knows: the build was killed, or the connection broke."""


def parse_keys(words: str) -> list[CostKey]:
    """Parse keys that are separated by commas.

    Raises:
        InputError: a word is none.
    """
    names = [word.strip() for word in words.split(",")]
    unknown = [name for name in names if name not in set(CostKey)]
    if unknown:
        raise InputError(f"costs are not added up by {unknown[0]!r}", hint="give version, teacher or day: version,day")
    return [CostKey(name) for name in names]


def list_costs(ledger: Ledger, by: Iterable[CostKey]) -> list[CostLine]:
    """Add up what was paid, each line by all of some keys; sorted by them.

    Raises:
        InputError: a row is damaged.
    """
    keys, lines = frozenset(by), dict[CostLine, CostLine]()
    with explain_database_errors(ledger.path):
        for (terms, day), sums in _add_rows(ledger).items():
            head = _make_head(read_terms(ledger.connection, terms) or _UNKNOWN, day, keys)
            lines[head] = _add_sums(lines.get(head, head), sums)
    return [lines[head] for head in sorted(lines, key=_get_names)]


_Sums = dict[tuple[int, int], list[int]]
"""By terms and day: responses, picodollars, unknown costs, four kinds of tokens; what is reserved, in its order."""


def _add_rows(ledger: Ledger) -> _Sums:
    """Add up the rows of the books. Each is verified."""
    sums: _Sums = defaultdict(lambda: [0] * 10)
    for _, _, terms, paid, *tokens, _, paid_at, _ in _read_rows(ledger, "payments"):
        counts = (1, paid or 0, paid is None, *tokens)
        own = sums[terms, paid_at // DAY_S]
        own[:7] = [total + (amount or 0) for total, amount in zip(own, counts, strict=False)]
    settled = {row[1] for row in _read_rows(ledger, "settlements")}
    for number, terms, *amounts, reserved_at, _ in _read_rows(ledger, "reservations"):
        if number not in settled:
            own = sums[terms, reserved_at // DAY_S]
            own[7:] = [total + amount for total, amount in zip(own[7:], amounts, strict=True)]
    return sums


def _read_rows(ledger: Ledger, table: str) -> Iterator[Sequence[Any]]:
    (total,) = ledger.connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our tables
    rows = enumerate(ledger.connection.execute(f"SELECT * FROM {table}"), 1)  # noqa: S608 - our tables
    with show_bar(f"reading {table}", total) as advance:
        for number, row in rows:
            if is_damaged(row):
                raise InputError(f"row {row[0]} of {table} in the ledger {ledger.path} is damaged", hint=CHECK_HINT)
            yield row
            if number % _STEP == 0:
                advance(_STEP)


def _make_head(terms: Terms, day: int, keys: frozenset[CostKey]) -> CostLine:
    line = CostLine()
    if CostKey.VERSION in keys:
        line = replace(line, version=terms.version)
    if CostKey.TEACHER in keys:
        line = replace(line, model=terms.model, endpoint=terms.endpoint, delivery=terms.delivery.value)
    if CostKey.DAY in keys:
        line = replace(line, day=datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat())
    return line


def _get_names(line: CostLine) -> tuple[str, ...]:
    return (line.version or "", line.model or "", line.endpoint or "", line.delivery or "", line.day or "")


def _add_sums(line: CostLine, sums: Sequence[int]) -> CostLine:
    responses, paid, unknown, prompt, cached, completion, reasoning, reserved, requests, tokens = sums
    return replace(
        line,
        responses=line.responses + responses,
        prompt_tokens=line.prompt_tokens + prompt,
        cached_tokens=line.cached_tokens + cached,
        completion_tokens=line.completion_tokens + completion,
        reasoning_tokens=line.reasoning_tokens + reasoning,
        cost=line.cost + Cost(paid, unknown),
        reserved=Spent(
            picodollars=line.reserved.picodollars + reserved,
            requests=line.reserved.requests + requests,
            tokens=line.reserved.tokens + tokens,
        ),
    )
