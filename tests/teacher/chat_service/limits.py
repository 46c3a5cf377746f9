"""Limits of requests and of tokens: how long a request would have to wait, and what the headers say."""

import math
import time
from collections import deque
from collections.abc import Iterator, Sequence
from email.utils import formatdate

from .settings import Limit, Throttling


class Bucket:
    """A bucket that fills again at a steady rate."""

    def __init__(self, limit: Limit) -> None:
        self._rate = limit.amount / limit.per_s
        self.capacity = limit.amount if limit.capacity is None else limit.capacity
        self._level, self._time = self.capacity, 0.0

    def compute_wait(self, now: float, needed: float) -> float:
        """Compute the seconds until so much may be taken."""
        self._fill(now)
        return max(0.0, (min(needed, self.capacity) - self._level) / self._rate)

    def take(self, now: float, amount: float) -> None:
        """Take from it."""
        self._fill(now)
        self._level -= amount

    def read_remaining(self, now: float) -> tuple[float, float]:
        """Read what is left, and the seconds until all is there again."""
        self._fill(now)
        return max(0.0, self._level), (self.capacity - self._level) / self._rate

    def _fill(self, now: float) -> None:
        if self._time:
            self._level = min(self.capacity, self._level + (now - self._time) * self._rate)
        self._time = now


class Window:
    """What was taken in the last seconds, or since the last multiple of them."""

    def __init__(self, limit: Limit) -> None:
        self.capacity, self._per_s, self._is_fixed = limit.amount, limit.per_s, limit.kind == "fixed"
        self._taken: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def compute_wait(self, now: float, needed: float) -> float:
        """Compute the seconds until so much may be taken."""
        self._forget(now)
        over, wait = self._sum + min(needed, self.capacity) - self.capacity, 0.0
        for end, amount in self._taken:
            if over <= 0:
                break
            over, wait = over - amount, end - now
        return wait

    def take(self, now: float, amount: float) -> None:
        """Take from it."""
        end = (now // self._per_s + 1) * self._per_s if self._is_fixed else now + self._per_s
        self._taken.append((end, amount))
        self._sum += amount

    def read_remaining(self, now: float) -> tuple[float, float]:
        """Read what is left, and the seconds until all is there again."""
        self._forget(now)
        return max(0.0, self.capacity - self._sum), self._taken[-1][0] - now if self._taken else 0.0

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0][0] <= now:
            self._sum -= self._taken.popleft()[1]


class Gate:
    """All limits of a server."""

    def __init__(self, limits: Sequence[Limit], throttling: Throttling) -> None:
        self._limits = [(limit.of, (Bucket if limit.kind == "bucket" else Window)(limit)) for limit in limits]
        self._throttling = throttling

    def admit(self, now: float, tokens: int) -> float:
        """Let a request in. Returns 0, or the seconds that it would have had to wait."""
        if not self._limits:
            return 0.0
        costs = [(meter, 1.0 if of == "requests" else float(tokens)) for of, meter in self._limits]
        wait = max(meter.compute_wait(now, cost) for meter, cost in costs)
        if wait <= 0:
            for meter, cost in costs:
                meter.take(now, cost)
        return wait

    def write_headers(self, now: float, wait: float = 0.0) -> bytes:
        """Write the headers of a reply, each with its end of line."""
        if not self._limits:
            return b""
        lines = [*self._list_retry_after(wait), *(self._list_meters(now) if self._throttling.headers else ())]
        return "".join(f"{line}\r\n" for line in lines).encode()

    def _list_retry_after(self, wait: float) -> Iterator[str]:
        if wait <= 0 or self._throttling.retry_after is None:
            return
        if self._throttling.retry_after == "date":
            yield f"Date: {formatdate(usegmt=True)}"
            yield f"Retry-After: {formatdate(math.ceil(wait) + time.time(), usegmt=True)}"
        else:
            yield f"Retry-After: {math.ceil(wait) if self._throttling.retry_after == 'seconds' else f'{wait:.3f}'}"

    def _list_meters(self, now: float) -> Iterator[str]:
        for of, meter in self._limits:
            left, until = meter.read_remaining(now)
            yield f"x-ratelimit-limit-{of}: {meter.capacity:.0f}"
            yield f"x-ratelimit-remaining-{of}: {math.floor(left)}"
            yield f"x-ratelimit-reset-{of}: {format_duration(until)}"


def format_duration(seconds: float) -> str:
    """Write a duration as OpenAI's servers do.

    >>> format_duration(0.0204), format_duration(1.5), format_duration(362.0)
    ('20ms', '1.5s', '6m2s')
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{f'{minutes:.0f}m' if minutes else ''}{rest:g}s"
