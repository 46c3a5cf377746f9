"""A pace for servers that tell nothing but 429: learned from when they accept, and from when they refuse.

A refusal says that the server's store is empty. Between two refusals it therefore let through just what came back in
that time: requests accepted, divided by seconds, is its limit, whether it keeps a bucket or a window. The pace is set a
little below, and then grows: hardly at first, and ever faster as long as nothing is refused.

Where the store is small (one or two requests) it overflows while we wait, and the quotient is too low. There the pace
before a refusal was accepted, and the pace at it was not: the limit lies between the two.
"""

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from .records import Ticket

_SMALL_STORE = 4
"""A server that let fewer through before its first refusal can hardly store anything."""

_ENOUGH = 8
"""Accepted requests from which on their number divided by time is a good estimate."""

_SHARE = 0.98
"""The pace, as a share of an estimated limit."""

_DECREASE = 0.88
"""What is left of the pace after a refusal so early that nothing can be estimated."""

_GROWTH = 0.1
"""How much the pace has grown after as many requests as it was estimated from."""

_SLOWEST_S = 25.0
"""So many seconds without a refusal let the pace grow as much, however slow it is; twice as many sixteen times that."""

_IDLE = 3.0
"""No more than so many intervals of the pace are counted between two requests: an idle hour teaches nothing."""

_FAST_SCALE, _SLOW_SCALE = 0.4, 0.55
"""The scale of growth where nothing is known; the second where refusals come late."""

_MOST_CERTAIN = 150.0
"""Growth is no slower than after an estimate from so many requests."""

_GAP_S = 0.004
"""Seconds between requests while a store is measured by emptying it."""

_MOST_STARTS = 1024
"""Requests whose times are remembered."""

_LONG_S = 5.0
"""A server that asks for a longer pause probably counts in windows: then all of its store comes back in that time."""

_SAME = 0.06
"""Two refusals at paces so close show a limit that stores nothing: a window."""

_DRAINED = 0.42
"""A refused pace of more than twice the estimate was lived on what the server had stored: it tells nothing."""

_COST = 5.0
"""Requests; where the server asks for a pause that is as long as these take, growth is half as fast."""

_HALVINGS = 40

_REST, _SMALL_REST = 0.5, 0.9
"""What is left in the store as it refuses: anything below one."""

_HEARD = 1.2
"""A request that is out for so many times as long as a refusal takes was not refused."""

_LEAST_CERTAIN = 8.0
"""Growth is no faster than after an estimate from so many requests."""

_AGREEMENT = 0.93
"""From here on an estimate and the refused pace agree."""

_FAST_REFUSAL_S = 0.05
"""A refusal that comes back sooner is heard before many others are sent."""


class LearnedRate:
    """A pace in requests a second; infinite until the first refusal."""

    def __init__(self) -> None:
        self.refusal_s = 0.25
        """How long a refusal takes to come back; so long is assumed until one came."""
        self._base = math.inf
        self._scale = 1.0
        self._anchor: Ticket | None = None
        self._refused_since = 0
        self._store = math.inf
        self._next_s = float("-inf")
        self._is_measuring = False
        self._is_guess = False
        self._fallback = math.inf
        self._measured_s = 0.0
        self._asked_s = self._first_asked_s = 0.0
        self._refused_rate = math.inf
        self._starts: dict[int, float] = {}
        self._unheard: deque[float] = deque()
        self._heard = 0
        self._busy_s = self._at_s = 0.0
        self._last: deque[float] = deque(maxlen=3)

    @property
    def is_known(self) -> bool:
        """Whether there is any pace yet."""
        return self._anchor is not None

    @property
    def is_fast(self) -> bool:
        """Whether refusals come back so soon that whatever is still on its way was accepted."""
        return self.refusal_s <= _FAST_REFUSAL_S

    @property
    def rate(self) -> float:
        """The pace, in requests a second. It grows with the requests whose refusal would be known by now."""
        progress = max(self._heard / self._scale, (self._busy_s / _SLOWEST_S) ** 2)
        return self._base * (1 + _GROWTH * progress**2)

    def compute_delay(self, now: float) -> float:
        """Compute the seconds until the next request may start."""
        return max(0.0, self._next_s - now)

    def compute_window(self) -> float:
        """Compute how many may be in flight: few while a store is measured whose refusals come late."""
        if not self._is_measuring or self.is_fast:
            return math.inf
        return max(2.0, self._store / 2, self._heard / 2)

    def start(self, ticket: Ticket) -> None:
        """Count a request in."""
        if self._anchor is None:
            return
        self._keep_start(ticket)
        if self._base < math.inf:
            self._last.append(self.rate)
            interval_s = 1 / self._last[-1]
            self._next_s = max(self._next_s, ticket.started_s - 0.02 * interval_s) + interval_s

    def _keep_start(self, ticket: Ticket) -> None:
        if self._base < math.inf:
            self._busy_s += min(ticket.started_s - self._at_s, _IDLE / self.rate)
        self._at_s = self._starts[ticket.number] = ticket.started_s
        if len(self._starts) > _MOST_STARTS:
            del self._starts[next(iter(self._starts))]
        self._unheard.append(ticket.started_s)
        while self._unheard[0] < ticket.started_s - _HEARD * self.refusal_s:
            self._unheard.popleft()
            self._heard += 1

    def probe(self, ticket: Ticket, accepted: int) -> None:
        """Begin anew after the first pause: by measuring how much comes back in a time, or else at a slow pace.

        Args:
            ticket: the probe.
            accepted: requests accepted so far.
        """
        if self._anchor is None or self._store < math.inf:
            return
        self._store, self._heard, self._first_asked_s = float(accepted), 0, self._asked_s
        self._busy_s, self._at_s = 0.0, ticket.started_s
        if accepted >= _SMALL_STORE:
            self._is_measuring = True
            self._base, self._scale = 1 / max(_GAP_S, self.refusal_s / 3), float(accepted)
        else:
            self._base = 1 / max(_GAP_S, ticket.started_s - self._anchor.started_s)
            self._scale = _FAST_SCALE if self.is_fast else _SLOW_SCALE

    def note_refusal(self, now: float, ticket: Ticket, asked_s: float | None) -> None:
        """Count a 429 in."""
        self._refused_since += 1
        self._asked_s = asked_s or 0.0
        self._starts.pop(ticket.number, None)
        late_s = now - ticket.started_s
        is_first = self._refused_since == 1 and self._anchor is None
        self.refusal_s = late_s if is_first else max(late_s, 0.7 * self.refusal_s + 0.3 * late_s)

    def suggest_pause(self, accepted: int) -> float:
        """Suggest seconds to wait after a refusal: what a server stores it does not lose while we wait."""
        if self._base == math.inf or self._is_measuring:
            return min(8.0, max(0.3, 0.32 * math.sqrt(accepted)))
        pause_s, self._measured_s = max(0.02, 1.1 / self._base, self._measured_s), 0.0
        return pause_s

    def learn(self, ticket: Ticket) -> None:
        """Learn from a refusal that follows accepted requests."""
        anchor, refused = self._anchor, self._refused_since
        self._anchor, self._refused_since = ticket, 1
        starts = [at_s for at_s in self._starts.values() if at_s < ticket.started_s]
        self._starts.clear()
        if anchor is None or self._base == math.inf:
            return
        accepted = ticket.number - anchor.number - (refused - 1)
        seconds = ticket.started_s - anchor.started_s
        if accepted <= 0 or seconds <= 0:
            self._set(self._base * _DECREASE, self._scale)
        elif accepted >= _ENOUGH or self._is_measuring:
            self._estimate(accepted / seconds, [anchor.started_s, *starts, ticket.started_s])
        else:
            self._reduce()

    def _reduce(self) -> None:
        """Set the pace after a refusal so early that only the last steps of its growth tell anything."""
        if self._scale < 1 and len(self._last) == self._last.maxlen:
            accepted, refused, _ = self._last
            self._set(math.sqrt(accepted * refused), _ENOUGH)
        elif self._is_guess:
            self._set(_SHARE * self._fallback, 2 * self._scale)
        else:
            self._set(self.rate * _DECREASE, 2 * self._scale)

    def _estimate(self, accepted_per_s: float, times: Sequence[float]) -> None:
        """Set the pace by what was accepted since the last refusal; `times` are those of both, and between."""
        refused, accepted = self.rate, len(times) - 2
        if self._is_measuring:
            self._finish_measuring(accepted_per_s, accepted, times[1] - times[0])
            return
        rate = min(refused, max(accepted_per_s, fit_refill(times, max(1.0, self._store))))
        is_same = abs(refused / self._refused_rate - 1) < _SAME
        self._refused_rate = refused
        if rate > _AGREEMENT * refused:
            self._set(_SHARE * rate, max(accepted, 2 * self._scale))
        elif is_same:
            self._set(_AGREEMENT * refused, max(_ENOUGH, 2 * self._scale))
        elif self._is_guess or rate < _DRAINED * refused:
            self._set(_SHARE * rate, max(_ENOUGH, 2 * self._scale))
        else:
            self._set(_SHARE * math.sqrt(rate * refused), max(_ENOUGH, accepted * (rate / refused) ** 2))
            self._is_guess, self._fallback = True, rate

    def _finish_measuring(self, rate: float, accepted: int, waited_s: float) -> None:
        """Set the pace by what came back while the gate was closed."""
        by_window = self._store / waited_s if self._first_asked_s > _LONG_S else rate
        self._set(_SHARE * math.sqrt(rate * max(rate, by_window)), accepted if by_window <= 2 * rate else _ENOUGH)
        self._measured_s = waited_s

    def _set(self, rate: float, certain: float) -> None:
        self._is_measuring, self._is_guess, self._heard = False, False, 0
        cost = 1 + min(3.0, self._asked_s * rate / _COST)  # a pause that costs much is not risked often
        self._base, self._scale = rate, cost * min(_MOST_CERTAIN, max(_LEAST_CERTAIN, certain))
        self._next_s, self._busy_s = float("-inf"), 0.0
        self._unheard.clear()


def fit_refill(times: Sequence[float], store: float) -> float:
    """Find the limit, in requests a second, that lets requests through and refuses the last.

    Args:
        times: when each started; at the first the store was empty, and the last was refused.
        store: how many requests the server can store.
    """
    low, high = 1e-6, 1e6
    target = _SMALL_REST if store < _SMALL_STORE else _REST
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if _fill(times, store, middle) > target else (middle, high)
    return low


def _fill(times: Sequence[float], store: float, per_s: float) -> float:
    """Compute what a limit would leave in the store at the last of these times."""
    level = 0.5
    for before_s, at_s in pairwise(times):
        level = min(store, level + per_s * (at_s - before_s)) - 1
    return level + 1
