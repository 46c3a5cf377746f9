"""What a server's headers say is left, carried on to the present."""

import math

from .headers import Quota

_SHARE = 0.98
"""What is used of a refill, so that rounding never uses more than all of it."""

_LEAST_SHARE, _REDUCTION = 0.8, 0.96
"""The least share, and what is left of it after a refusal: what is left is stated in whole requests."""

_MARGIN_S = 0.01
"""Added to the end of a window: the way to the server is not always equally long."""

_ROUNDING_S = 1e-5
"""Sums of times are not exact."""

_LONGEST_S = 60.0
"""After so long one request is sent, whatever the last headers said."""

_PRECISE = 0.9
"""A quotient of about as much use as the best one so far is as exact."""

_RISE, _FADING = 0.03, 0.99
"""How much one quotient raises the refill, and what is left of the best one's use after each."""

_SURE = 4
"""A server that seemed to have windows is taken for a bucket after so many resets in a row that moved away."""

_FIRST_SHARE = 0.1
"""What of a new window is used before a reply tells what is really left."""

_SHORTEST_SPAN_S = 1.0
"""A window whose length nobody states is taken to be no shorter, when its end has passed without a reply."""


class Credit:
    """What is left of one limit: requests, or tokens.

    Two kinds of servers send the same headers. In one a bucket fills up all the time, and `reset` is when it will be
    full. In the other a window ends, and `reset` is when. They differ in this: as more is used, the first moves its
    reset away, and the second does not. A bucket is assumed until the headers show a window.

    Args:
        most_at_first: the most that is used of a new window before a reply tells what is really left.
    """

    def __init__(self, most_at_first: float = math.inf) -> None:
        self._most_at_first = most_at_first
        self.limit: float | None = None
        self.refill_per_s = math.inf
        self._is_window = False
        self._window_s: float | None = None
        self._number = -1
        self._left = math.inf
        self._at_s = 0.0
        self._end_s = math.inf
        self._span_s = _SHORTEST_SPAN_S
        self._is_rolled = False
        self._rolled_s = -math.inf
        self._first: tuple[float, float] | None = None
        self._touched_s = -math.inf
        self._share = _SHARE
        self._moves = 0
        self._weight = 0.0

    @property
    def is_known(self) -> bool:
        """Whether the headers tell what is left."""
        return self._number >= 0

    @property
    def per_s(self) -> float:
        """What comes back in a second; infinite where that is not known."""
        if self._is_window and self.limit is not None:
            return self.limit / (self._window_s or self._span_s)
        return self.refill_per_s

    def update(self, number: int, started_s: float, since: float, quota: Quota) -> None:
        """Take in what a reply's headers say.

        Args:
            number: the number of its request; replies to earlier ones tell nothing new.
            started_s: when the request started; what is left is taken to be as of then.
            since: the amount that started after it.
            quota: the headers.
        """
        if quota.remaining is None or quota.limit is None or number <= self._number or quota.limit <= 0:
            return
        if self._is_window and quota.reset_s is not None and started_s + quota.reset_s < self._rolled_s:
            return  # it tells of a window that has ended
        self._weight = self._weight if quota.limit == self.limit else 0.0
        self._set_left(started_s, quota.remaining, since, quota.limit)
        self._number, self.limit, self._is_rolled = number, quota.limit, False
        self._touched_s = max(self._touched_s, started_s)
        self._window_s = quota.window_s
        if quota.reset_s is not None:
            self._classify(started_s + quota.reset_s, max(0.0, quota.limit - quota.remaining), quota.reset_s)
        else:
            self._end_s = math.inf
        if quota.window_s:
            self.refill_per_s = quota.limit / quota.window_s

    def _set_left(self, started_s: float, remaining: float, since: float, limit: float) -> None:
        """Set what is left, as of the last request. A bucket that was full in between held no more than its limit."""
        self._left, own_left = remaining - since, self._left
        if self._is_window or not self.is_known or self.refill_per_s == math.inf or self._at_s < started_s:
            self._at_s = started_s
            return
        refilled = self.refill_per_s * self._share * (self._at_s - started_s)
        self._left = min(own_left, self._left + refilled) if remaining + refilled > limit else self._left + refilled

    def _classify(self, end_s: float, used: float, reset_s: float) -> None:
        """Find out from two replies whether the reset moves away as more is used; learn how fast a bucket fills."""
        first_end_s, first_used = self._first or (end_s, used)
        grown = used - first_used
        if self._first is None or grown < 0:
            self._first = (end_s, used)
        elif grown >= max(2.0, 0.01 * (self.limit or 0.0)) and reset_s > 0:
            stays = end_s - first_end_s < 0.5 * reset_s * grown / used
            self._moves = 0 if stays else self._moves + 1
            self._is_window = stays or (self._is_window and self._moves < _SURE)
            self._first = (end_s, used)
        self._end_s = end_s + _MARGIN_S
        self._span_s = max(self._span_s if self._is_window else _SHORTEST_SPAN_S, reset_s)
        if reset_s > 0 and not self._is_window and used >= max(1e-9, _PRECISE * self._weight):
            self._measure_refill(used / reset_s, used)

    def _measure_refill(self, per_s: float, used: float) -> None:
        """Measure how fast a bucket fills: what was used of it comes back until the reset.

        What is left is stated in whole requests, so that the quotient may be far too high: it rises slowly.
        """
        if used > self._weight / _PRECISE or per_s < self.refill_per_s:
            self.refill_per_s = per_s
        else:
            self.refill_per_s += _RISE * min(per_s - self.refill_per_s, self.refill_per_s)
        self._weight = max(used, _FADING * self._weight)

    def reduce(self) -> None:
        """Use less of what comes back: the server refused although there should have been enough."""
        self._share = max(_LEAST_SHARE, _REDUCTION * self._share)

    def start(self, now: float, amount: float) -> None:
        """Count an amount in."""
        self._begin_window(now)
        self._touched_s = now
        if self.refill_per_s < math.inf and not self._is_window and self.limit is not None:
            refilled = self._left + self.refill_per_s * self._share * (now - self._at_s)
            self._left, self._at_s = min(self.limit, refilled), now
        self._left -= amount

    def correct(self, difference: float) -> None:
        """Correct an amount that was counted in, once the actual one is known."""
        self._left -= difference

    @property
    def _first_amount(self) -> float:
        return min(self._most_at_first, (self.limit or 0.0) * _FIRST_SHARE)

    def _begin_window(self, now: float) -> None:
        """Begin a new window, carefully, once the old one has ended."""
        if not self._is_window or self.limit is None:
            return
        if self._is_rolled:
            self._left = min(self.limit, self._left + self._share * self.per_s * (now - self._at_s))
        elif now >= self._end_s - _ROUNDING_S:
            self._left = min(self.limit, self._left + self._first_amount)
            self._is_rolled, self._rolled_s = True, now
        self._at_s = now

    def compute_delay(self, now: float, amount: float) -> float:
        """Compute the seconds until there is enough left, or until it is time to ask again: headers may be wrong."""
        if self.limit is None:
            return 0.0
        return max(0.0, min(self._compute_refill_delay(now, amount), self._touched_s + _LONGEST_S - now))

    def _compute_refill_delay(self, now: float, amount: float) -> float:
        if self._is_window:
            return self._compute_window_delay(now, amount)
        limit = self.limit or 0.0
        if self.refill_per_s == math.inf:
            return 0.0 if self._left >= min(amount, limit) else max(0.0, self._end_s - now)
        refill = self.refill_per_s * self._share
        left = min(limit, self._left + refill * (now - self._at_s))
        return max(0.0, (min(amount, limit) - left) / refill)

    def _compute_window_delay(self, now: float, amount: float) -> float:
        """Compute the delay in a window; where replies come later than its end, as much a second as it lets through."""
        if not self._is_rolled:
            is_enough = self._left >= min(amount, self.limit or 0.0) - _ROUNDING_S
            return 0.0 if is_enough else max(0.0, self._end_s - now)
        per_s = self._share * self.per_s
        left = self._left + per_s * (now - self._at_s)
        return max(0.0, (min(amount, self._first_amount) - left) / per_s - _ROUNDING_S)
