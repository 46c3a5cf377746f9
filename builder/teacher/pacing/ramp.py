"""Slow start: few requests at first, and many soon where the server accepts them."""

_FIRST, _FEW = 8, 16
"""Requests before the first reply; or this part of all that may be in flight, where it is more."""

_GAP_S = 0.0015
"""Seconds between the first requests, so that an early refusal is heard before many more are sent."""

_GENTLE = 34
"""With so many connections at most, each accepted request makes room for one more at first."""

_SPREAD = 3
"""Requests start so many times as often as they must to use all connections, for so many rounds of them."""

_LATENESS_S = 0.0015
"""How much of the time that a timer is late is made up for."""


class Ramp:
    """How many requests may be in flight, and how close together they start, until a limit shows itself.

    Both grow with the square of the requests accepted: nothing is known after eight, much after fifty.
    """

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency
        self._slope = max(1, concurrency // _GENTLE)
        self._accepted = 0
        self._gap_s = _GAP_S
        self._next_s = float("-inf")
        self._first = max(_FIRST, concurrency // _FEW)
        self.window = min(concurrency, self._first)
        self.is_over = False

    def compute_delay(self, now: float) -> float:
        """Compute the seconds until the next request may start."""
        return 0.0 if self.is_over else max(0.0, self._next_s - now)

    def start(self, now: float) -> None:
        """Count a request in."""
        if not self.is_over:
            self._next_s = max(self._next_s, now - max(0.0, _LATENESS_S - self._gap_s)) + self._gap_s

    def accept(self, latency_s: float) -> None:
        """Count a request that the server accepted."""
        if not self.is_over:
            self._accepted += 1
            self._gap_s = min(_GAP_S, latency_s / (_SPREAD * self._concurrency))
            steep = max(0, self._accepted - self._first) ** 2
            self.window = min(self._concurrency, self._first + self._accepted * self._slope + steep)
            self.is_over = self._accepted > _SPREAD * self._concurrency

    def end(self) -> None:
        """End the slow start: something better is known."""
        self.is_over = True
        self.window = self._concurrency
