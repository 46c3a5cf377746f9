"""A limit that the user gives: sent evenly, never in a burst."""

_SHARE = 0.98
"""What is used of a limit, so that neither rounding nor the way to the server brings two requests too close."""

_LATENESS = 0.02
"""How much of an interval a timer may be late without the time being lost."""


class Steady:
    """Spaces amounts evenly, so that no span of time has more than its share.

    Args:
        per_minute: the most a minute.
    """

    def __init__(self, per_minute: float) -> None:
        self.per_s = per_minute / 60 * _SHARE
        self._next_s = float("-inf")

    def compute_delay(self, now: float) -> float:
        """Compute the seconds until the next may start."""
        return max(0.0, self._next_s - now)

    def start(self, now: float, amount: float) -> None:
        """Count an amount in."""
        late_s = _LATENESS / self.per_s
        self._next_s = max(self._next_s, now - late_s) + amount / self.per_s

    def correct(self, difference: float) -> None:
        """Correct an amount that was counted in, once the actual one is known."""
        self._next_s += difference / self.per_s
