"""How many problems are on their way at once: enough to keep the teachers busy, and few enough for memory."""

import asyncio

from ....schemas.runtime import Runtime
from ..batches import ProblemTraffic

FRESH_AHEAD = 2
"""So many problems for each request at once are before the end of their first round: enough to keep a server busy."""

MOST_AHEAD = 8
"""So many for each request at once are on their way at all: others wait for their paths to be counted."""

FEWEST_AHEAD = 64
"""Problems that are on their way besides."""


class ProblemPlaces:
    """How many problems are on their way, and how many of them in their first round.

    With batches, as many as the runtime says: a batch holds the requests of all that wait.
    """

    def __init__(self, runtime: Runtime, traffic: ProblemTraffic) -> None:
        """Make room for as many problems as keep the teachers busy, and say in `traffic` how many there are."""
        fresh, most = FRESH_AHEAD * runtime.concurrency, MOST_AHEAD * runtime.concurrency
        if runtime.batch:
            fresh = most = runtime.batch_problems
        self.traffic = traffic
        self.fresh = asyncio.Semaphore(fresh + FEWEST_AHEAD)
        self.all = asyncio.Semaphore(most + FEWEST_AHEAD)

    async def enter(self) -> "ProblemPlace":
        """Wait until one more problem may start."""
        self.traffic.block()
        await self.all.acquire()
        await self.fresh.acquire()
        self.traffic.unblock()
        self.traffic.start_problem()
        return ProblemPlace(self)

    def close(self) -> None:
        """Note that no other problem starts."""
        self.traffic.block()


class ProblemPlace:
    """The place of one problem."""

    def __init__(self, places: ProblemPlaces) -> None:
        """Take a place."""
        self._places = places
        self._is_fresh = True

    def leave_first_round(self) -> None:
        """Make room for another problem's first round."""
        if self._is_fresh:
            self._is_fresh = False
            self._places.fresh.release()

    def leave(self) -> None:
        """Make room for another problem."""
        self.leave_first_round()
        self._places.all.release()
        self._places.traffic.end_problem()
