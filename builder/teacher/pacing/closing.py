"""The gate after a 429: closed for everyone, then one probe, then open."""

import math
import random
from dataclasses import dataclass

from .records import Ticket

LONGEST_PAUSE_S = 60.0
"""The longest pause that we choose ourselves; a server may ask for a longer one."""

_FIRST_MINUTE_PAUSE_S = 20.0
"""The longest pause in the first minute, in which a limit by the minute comes back."""

_JITTER = 0.1
"""Pauses that we choose are up to so much longer, so that several programs do not come back at the same time."""

_MOST_GROWTH = 8.0
"""A server that refuses the probe after the time that it asked for is given up to so many times as long."""

_MARGIN_S = 0.005
"""Added to what the server asks for: our clocks do not agree to the millisecond."""

LONGEST_WAIT_S = 600.0
"""A server that asks for a longer wait has no more to give for now."""

PATIENCE_S = 300.0
"""For so long every probe may be refused."""

_PROBES = 4
"""So many must have been refused in that time."""


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """Why it makes no sense to wait any longer."""

    reason: str
    """For a person."""
    wait_s: float | None = None
    """Seconds until the server would go on, where it says so."""


class Closing:
    """Whether the gate is closed, and for how long."""

    def __init__(self, source: random.Random) -> None:
        self._random = source
        self._until_s = float("-inf")
        self._is_open = True
        self._probe: Ticket | None = None
        self._first_number = 0
        self._since_s = math.inf
        self._probe_wait_s = 1.0
        self._pause_s = 0.0
        self.refused = 0
        """429s in a row that opened the gate to nobody: the first, and those of probes."""
        self.asked_s: float | None = None
        """What the server asked to wait for, the last time."""

    def compute_delay(self, now: float) -> float:
        """Compute the seconds until the next request may start."""
        if self._is_open:
            return 0.0
        if self._probe is None:
            return max(0.0, self._until_s - now)
        return max(0.0, self._probe.started_s + self._probe_wait_s - now)

    def start(self, ticket: Ticket) -> bool:
        """Count a request in. Returns whether it is a probe."""
        if self._is_open:
            return False
        if self._probe is None:
            self._probe, self._first_number = ticket, ticket.number
            return True
        self._is_open, self.refused = True, 0  # the probe has been out for longer than a refusal takes
        return False

    def accept(self, ticket: Ticket) -> None:
        """Count a request that the server let through."""
        if ticket.number >= self._first_number and (self._is_open or self._probe is not None):
            self._is_open, self.refused, self._since_s = True, 0, math.inf

    def _is_straggler(self, ticket: Ticket) -> bool:
        """Whether a request was on its way as the gate closed: its refusal tells nothing new."""
        return ticket.number < self._first_number or (not self._is_open and self._probe is None)

    def is_news(self, ticket: Ticket) -> bool:
        """Whether a refusal is the first after accepted requests."""
        return self.refused == 0 and not self._is_straggler(ticket)

    def close(self, now: float, ticket: Ticket, asked_s: float | None, pause_s: float, refusal_s: float) -> None:
        """Close the gate after a 429.

        Args:
            now: the present.
            ticket: the request that was refused.
            asked_s: what the server asks to wait for.
            pause_s: how long to wait where it does not, the first time; it doubles.
            refusal_s: how long a refusal takes to come back.
        """
        if self._is_straggler(ticket):
            if asked_s:
                self.asked_s, self._until_s = asked_s, max(self._until_s, now + asked_s + _MARGIN_S)
            return
        self.asked_s = asked_s
        self._pause_s = pause_s if self.refused == 0 else self._pause_s
        self.refused += 1
        self._since_s = min(self._since_s, now)
        self._is_open, self._probe, self._probe_wait_s = False, None, max(0.05, 4 * refusal_s)
        growth = min(2.0 ** min(self.refused - 1, 30), _MOST_GROWTH)
        self._until_s = now + (asked_s * growth + _MARGIN_S if asked_s else self._choose_pause(now))

    def _choose_pause(self, now: float) -> float:
        longest = _FIRST_MINUTE_PAUSE_S if now - self._since_s < LONGEST_PAUSE_S else LONGEST_PAUSE_S
        doubled = min(max(longest, self._pause_s), self._pause_s * 2.0 ** min(self.refused - 1, 30))
        return min(LONGEST_PAUSE_S, doubled * (1 + _JITTER * self._random.random()))

    def is_closed(self, now: float) -> bool:
        """Whether nothing but a probe may start."""
        return not self._is_open and self.compute_delay(now) > 0

    def find_exhaustion(self, now: float) -> Exhaustion | None:
        """Find out whether the server refuses everything for good."""
        wait_s = self._until_s - now
        if not self._is_open and self.asked_s is not None and wait_s > LONGEST_WAIT_S:
            return Exhaustion(f"the server asks to wait for {wait_s / 60:.0f} more minutes", wait_s)
        if now - self._since_s >= PATIENCE_S and self.refused >= _PROBES:
            minutes = (now - self._since_s) / 60
            return Exhaustion(f"the server has refused every request for {minutes:.0f} minutes (429)")
        return None
