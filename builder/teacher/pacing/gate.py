"""The gate that all requests to one server go through: `Pace`, with a clock, a queue and one timer."""

import asyncio
import heapq
import math
import random
import time
from collections.abc import Mapping
from dataclasses import replace

from .closing import Exhaustion
from .headers import NO_LIMITS, read_limits
from .pace import Pace, PaceState
from .records import RequestOutcome, Ticket

_READING_S = 0.01
"""Headers are read no more often: between two readings the pace counts by itself, and reading takes its time."""

_Waiting = tuple[int, int, float, asyncio.Future[Ticket]]
"""Priority, number in the queue, tokens, and who waits."""


class RequestGate:
    """Lets requests to one server through, at the pace that it bears. For one event loop.

    Args:
        concurrency: the most requests in flight.
        requests_per_minute: the user's limit, or None.
        tokens_per_minute: the user's limit, or None.
        source: where the jitter of pauses comes from.
    """

    def __init__(
        self,
        concurrency: int,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        source: random.Random | None = None,
    ) -> None:
        self._pace = Pace(concurrency, requests_per_minute, tokens_per_minute, source)
        self._queue: list[_Waiting] = []
        self._number = 0
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._next_reading_s = float("-inf")
        self._is_over = False

    async def enter(self, tokens: float, priority: int = 0) -> Ticket:
        """Wait until a request may be sent. Each `enter` that returns needs one `leave`.

        Args:
            tokens: its tokens, estimated.
            priority: lower goes first; among equals, who came first.

        Returns:
            The ticket to give to `leave`.
        """
        now = time.monotonic()
        if self._is_over or (not self._waiting and self._pace.compute_delay(now, tokens) == 0):
            return self._pace.start(now, tokens)
        future: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        self._number += 1
        self._waiting += 1
        heapq.heappush(self._queue, (priority, self._number, tokens, future))
        self._release_waiting()
        try:
            return await future
        except asyncio.CancelledError:
            self._give_back(future)
            raise

    def _give_back(self, future: asyncio.Future[Ticket]) -> None:
        """Give back what a cancelled task waits for, or was just given."""
        if future.cancelled():
            self._waiting -= 1
            self._release_waiting()
        elif future.done():
            self.leave(RequestOutcome.FAILED, ticket=future.result())

    def leave(
        self,
        outcome: RequestOutcome,
        tokens: float | None = None,
        headers: Mapping[str, str] | None = None,
        ticket: Ticket | None = None,
    ) -> None:
        """Say that a request has ended, however it did.

        Args:
            outcome: how.
            tokens: its actual tokens, where the server states them.
            headers: the headers of the reply.
            ticket: what `enter` returned; without it the oldest request is taken to have ended, and less is learned.
        """
        now = time.monotonic()
        limits = NO_LIMITS
        if headers and (outcome is RequestOutcome.THROTTLED or now >= self._next_reading_s):
            limits = read_limits(headers, time.time())
            self._next_reading_s = now + _READING_S
        self._pace.finish(now, outcome, tokens, limits, ticket)
        if self._waiting:
            self._release_waiting()

    def _release_waiting(self) -> None:
        """Let through whoever may go now, and set the timer for the next."""
        now = time.monotonic()
        while self._queue:
            _, _, tokens, future = self._queue[0]
            if future.done():
                heapq.heappop(self._queue)
                continue
            delay_s = self._pace.compute_delay(now, tokens)
            if delay_s > 0 and not self._is_over:
                self._set_timer(delay_s)
                return
            heapq.heappop(self._queue)
            self._waiting -= 1
            future.set_result(self._pace.start(now, tokens))
        self._set_timer(math.inf)

    def _set_timer(self, delay_s: float) -> None:
        """Set the one timer; an infinite delay is ended by a reply."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if delay_s < math.inf:
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._run_timer)

    def _run_timer(self) -> None:
        self._timer = None
        self._release_waiting()

    def find_exhaustion(self) -> Exhaustion | None:
        """Find out whether the server refuses everything for good. To be asked after each 429."""
        return self._pace.find_exhaustion(time.monotonic())

    def describe(self) -> PaceState:
        """Describe how the requests to the server stand."""
        return replace(self._pace.describe(time.monotonic()), waiting=self._waiting)

    def end(self) -> None:
        """Let everyone through at once, now and later: nothing is sent any more, and nobody need wait to hear so."""
        self._is_over = True
        self._release_waiting()

    def close(self) -> None:
        """Cancel the timer. Whoever still waits is not let through."""
        self._set_timer(math.inf)
