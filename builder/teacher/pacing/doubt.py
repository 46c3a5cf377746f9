"""Doubt about the first refusals: whether a limit brought a 429, or chance did.

A limit that is met refuses much of what comes next, too. A gateway that answers 429 now and then does not, and to slow
down for it would cost hours. So as long as nothing is known of a limit, and the server does not say how long to wait,
refusals are added up against what it serves, in the order in which requests were sent: a cumulative sum (Page 1954,
"Continuous inspection schemes", section 2). Meanwhile each doubted refusal keeps its place among those in flight, so
that a server is not flooded however long the doubt lasts.
"""

import math
from collections.abc import Mapping

from .records import Ticket

_REFUSED, _SERVED, _ENOUGH = 3, -1, 15
"""What a refused and a served request add to the sum, which is never below zero, and the sum that is believed: five
refusals in a row, or seven among fourteen. A gateway that refuses by chance one request in twenty is believed after
more than 250,000 requests on average, one in ten after 12,000, one in three after 35 (simulated)."""

_STRONG, _HEARD = 6, 2
"""The sum from which on the next request waits until a refusal of the last would be heard."""

_SHORTEST_S, _TIMES = 0.5, 4
"""A request that is out for longer, and for so many times as long as a refusal takes, is not refused any more."""


class RefusalDoubt:
    """Refusals that are not believed yet."""

    def __init__(self) -> None:
        self._refused: set[int] = set()
        self._next = 0
        self._sum = 0
        self._patience_s = _SHORTEST_S
        self._refusal_s = 0.0

    @property
    def places(self) -> int:
        """Places among those in flight that doubted refusals keep."""
        return len(self._refused)

    def compute_gap(self, now: float, last: Ticket | None) -> float:
        """Compute the seconds until it would be known that the last request was refused, where doubt is small by now.

        So few requests more are refused while the last refusals that it takes are on their way.
        """
        if self._sum < _STRONG or last is None:
            return 0.0
        return max(0.0, last.started_s + _HEARD * self._refusal_s - now)

    def add(self, now: float, ticket: Ticket) -> None:
        """Add a refused request."""
        if not self._refused:
            self._next, self._sum = ticket.number, 0
        elif ticket.number < self._next:
            self._sum += _REFUSED  # it was taken for served, or came before the first that was heard of
        self._refused.add(ticket.number)
        self._refusal_s = now - ticket.started_s
        self._patience_s = max(_SHORTEST_S, _TIMES * self._refusal_s)

    def is_limit(self, now: float, in_flight: Mapping[int, Ticket], started: int) -> bool:
        """Whether a limit was met; refusals that came by chance are forgotten.

        Args:
            now: the present.
            in_flight: requests in flight, by number.
            started: requests so far.
        """
        while self._refused and self._sum < _ENOUGH:
            if self._next >= started or self._find_wait(now, in_flight) > 0:
                return False
            self._sum += _REFUSED if self._next in self._refused else _SERVED
            self._next += 1
            if self._sum <= 0:
                self._sum = 0
                self._refused = {number for number in self._refused if number >= self._next}
                self._next = min(self._refused, default=self._next)
        is_limit = bool(self._refused)
        self._refused.clear()
        return is_limit

    def _find_wait(self, now: float, in_flight: Mapping[int, Ticket]) -> float:
        """Find the seconds until it is known whether the next request was served; 0 where it is known."""
        ticket = in_flight.get(self._next)
        return 0.0 if ticket is None else max(0.0, ticket.started_s + self._patience_s - now)

    def compute_delay(self, now: float, in_flight: Mapping[int, Ticket]) -> float:
        """Compute the seconds until places may become free without any reply."""
        return self._find_wait(now, in_flight) if self._refused and self._next in in_flight else math.inf
