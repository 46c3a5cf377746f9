"""Doubt about the first refusals: whether a limit brought a 429, or chance did.

A limit that is met refuses what comes next, too. A gateway that answers 429 now and then does not, and to slow down for
it would cost hours. So as long as nothing is known of a limit, and the server does not say how long to wait, a 429 is
believed when nearly all of the next few requests are refused as well.
"""

from collections.abc import Mapping
from enum import Enum

from .records import Ticket

_NEXT, _REFUSED = 5, 4
"""Of so many requests after a refused one, so many must be refused for it to be believed."""

_SHORTEST_S, _TIMES = 0.5, 4
"""A request that is out for longer, and for so many times as long as a refusal takes, is not refused any more."""


class Belief(Enum):
    """What the refusals so far say."""

    NONE = "none"
    """There is none that is doubted."""
    OPEN = "open"
    """It is too early to say."""
    LIMIT = "limit"
    """A limit is met."""


class RefusalDoubt:
    """Refusals that are not believed yet."""

    def __init__(self) -> None:
        self._refused: set[int] = set()
        self._patience_s = _SHORTEST_S

    def add(self, now: float, ticket: Ticket) -> None:
        """Add a refused request."""
        self._refused.add(ticket.number)
        self._patience_s = max(_SHORTEST_S, _TIMES * (now - ticket.started_s))

    def decide(self, now: float, in_flight: Mapping[int, Ticket], started: int) -> Belief:
        """Decide what can be decided, the earliest refusal first.

        Args:
            now: the present.
            in_flight: requests in flight, by number.
            started: requests so far.
        """
        while self._refused:
            first = min(self._refused)
            after = range(first + 1, first + 1 + _NEXT)
            if sum(number in self._refused for number in after) >= _REFUSED:
                self._refused.clear()
                return Belief.LIMIT
            served = sum(self._is_served(number, now, in_flight, started) for number in after)
            if served <= _NEXT - _REFUSED:
                return Belief.OPEN
            self._refused.remove(first)
        return Belief.NONE

    def _is_served(self, number: int, now: float, in_flight: Mapping[int, Ticket], started: int) -> bool:
        """Whether a request was not refused, and will not be."""
        if number in self._refused or number >= started:
            return False
        ticket = in_flight.get(number)
        return ticket is None or now - ticket.started_s > self._patience_s
