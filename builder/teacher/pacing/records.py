"""What is known of one request that goes to a server."""

from enum import Enum
from typing import NamedTuple


class RequestOutcome(Enum):
    """How a request ended, as far as its pace is concerned."""

    SUCCEEDED = "succeeded"
    THROTTLED = "throttled"
    """429: the server refused it because of a limit."""
    FAILED = "failed"
    """Anything else: another status, no reply, an unreadable one, or cancelled."""


class Ticket(NamedTuple):
    """A request in flight."""

    number: int
    """Requests that started before it."""
    started_s: float
    tokens: float
    """Its tokens, estimated."""
    tokens_before: float
    """Estimated tokens of all requests that started before it."""
