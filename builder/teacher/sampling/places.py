"""How many problems are on their way at once: enough to keep the teachers busy, and few enough for memory."""

import asyncio

FRESH_AHEAD = 2
"""So many problems for each request at once are before the end of their first round: enough to keep a server busy."""

MOST_AHEAD = 8
"""So many for each request at once are on their way at all: others wait for their paths to be counted."""

FEWEST_AHEAD = 64
"""Problems that are on their way besides."""


class ProblemPlaces:
    """How many problems are on their way, and how many of them in their first round."""

    def __init__(self, concurrency: int) -> None:
        """Make room for so many requests at once."""
        self.fresh = asyncio.Semaphore(FRESH_AHEAD * concurrency + FEWEST_AHEAD)
        self.all = asyncio.Semaphore(MOST_AHEAD * concurrency + FEWEST_AHEAD)

    async def enter(self) -> "ProblemPlace":
        """Wait until one more problem may start."""
        await self.all.acquire()
        await self.fresh.acquire()
        return ProblemPlace(self)


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
