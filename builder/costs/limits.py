"""What a build may spend, and whether a request still fits: the pure part of `--max-usd` and its neighbours.

A request is sent when the most that it can cost was reserved. What it did cost takes the place of the reservation;
where nobody knows, the reservation stays. So what is spent is never more than the limit, whatever fails and whenever.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ...schemas.runtime import Runtime
from .amounts import format_usd, parse_usd


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The most that all builds of a version may spend together; null is no limit."""

    picodollars: int | None = None
    """Money."""
    requests: int | None = None
    """Requests that are sent, those that fail counted."""
    tokens: int | None = None
    """Tokens of requests and answers."""

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return (self.picodollars, self.requests, self.tokens) != (None, None, None)


def make_limits(runtime: Runtime) -> Limits:
    """Make the limits of a runtime."""
    usd = None if runtime.max_usd is None else parse_usd(runtime.max_usd)
    return Limits(picodollars=usd, requests=runtime.max_requests, tokens=runtime.max_tokens)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """The most that one request can spend."""

    picodollars: int = 0
    """Money."""
    requests: int = 1
    """Requests."""
    tokens: int = 0
    """Tokens of the request and its answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What was spent or is reserved."""

    picodollars: int = 0
    """Money."""
    requests: int = 0
    """Requests."""
    tokens: int = 0
    """Tokens."""

    def add(self, amount: "Reservation | Spent", sign: int = 1) -> "Spent":
        """Add an amount, or with a sign of -1 take it away."""
        return Spent(
            picodollars=self.picodollars + sign * amount.picodollars,
            requests=self.requests + sign * amount.requests,
            tokens=self.tokens + sign * amount.tokens,
        )


def list_exceeded(limits: Limits, spent: Spent, wanted: Reservation) -> Iterator[str]:
    """List the limits that a request would exceed, each as an option of the command line.

    >>> list(list_exceeded(Limits(requests=10, tokens=500), Spent(requests=10, tokens=100), Reservation(tokens=400)))
    ['--max-requests']
    """
    after = spent.add(wanted)
    pairs = {
        "--max-usd": (limits.picodollars, after.picodollars),
        "--max-requests": (limits.requests, after.requests),
        "--max-tokens": (limits.tokens, after.tokens),
    }
    return (name for name, (most, value) in pairs.items() if most is not None and value > most)


def describe_spent(limits: Limits, spent: Spent) -> str:
    """Say what was spent of what is limited.

    >>> describe_spent(Limits(picodollars=5 * 10**12, requests=400), Spent(picodollars=4 * 10**12, requests=38))
    '$4.00 of $5.00, 38 of 400 requests'
    """
    parts = []
    if limits.picodollars is not None:
        parts.append(f"{format_usd(spent.picodollars)} of {format_usd(limits.picodollars)}")
    if limits.requests is not None:
        parts.append(f"{spent.requests:,} of {limits.requests:,} requests")
    if limits.tokens is not None:
        parts.append(f"{spent.tokens:,} of {limits.tokens:,} tokens")
    return ", ".join(parts)
