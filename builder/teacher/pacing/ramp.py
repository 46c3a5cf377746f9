"""Slow start: few requests at first, and many soon where the server accepts them."""

_FIRST = 8
"""Requests before the first reply."""

_GAP_S = 0.002
"""Seconds between the first requests, so that an early refusal is heard before many more are sent."""

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
        self._accepted = 0
        self._gap_s = _GAP_S
        self._next_s = float("-inf")
        self.window = min(concurrency, _FIRST)
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
            self.window = min(self._concurrency, _FIRST + self._accepted + max(0, self._accepted - _FIRST) ** 2)
            self.is_over = self._accepted > _SPREAD * self._concurrency

    def end(self) -> None:
        """End the slow start: something better is known."""
        self.is_over = True
        self.window = self._concurrency
