"""Which problems are on their way, and which of them wait for a batch: a batch is sent when all of them do.

No clock decides when a file is complete. As long as one problem may still ask for something (its paths are counted, its
rationale is cut), its requests may come along; when everything on its way waits, nothing can.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...errors import CotloomError


class ProblemTraffic:
    """The problems of a build that are on their way, whatever teachers they ask."""

    def __init__(self) -> None:
        """Begin without a problem."""
        self.on_their_way = 0
        """Problems that have started and not ended."""
        self.error: CotloomError | None = None
        """What ended the sending at one of the servers; no problem gets further then."""
        self._is_blocked = False
        self._held = 0
        self._waiting: Counter[str] = Counter()
        self._watchers: list[Callable[[], None]] = []
        self._is_scheduled = False

    def watch(self, notify: Callable[[], None]) -> None:
        """Call a function whenever something has changed."""
        self._watchers.append(notify)

    def start_problem(self) -> None:
        """Count a problem that starts."""
        self.on_their_way += 1

    def end_problem(self) -> None:
        """Count a problem that ended."""
        self.on_their_way -= 1
        self._schedule()

    def block(self) -> None:
        """Note that no other problem starts before one of these ends, or at all."""
        self._is_blocked = True
        self._schedule()

    def unblock(self) -> None:
        """Note that another problem starts."""
        self._is_blocked = False

    def add_waiting(self, problem_id: str) -> None:
        """Note that requests of a problem wait for a batch."""
        self._waiting[problem_id] += 1
        self._schedule()

    def remove_waiting(self, problem_id: str) -> None:
        """Note that they wait no longer."""
        self._waiting[problem_id] -= 1
        if not self._waiting[problem_id]:
            del self._waiting[problem_id]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let nothing be complete while answers are handed out: problems go on with theirs meanwhile."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._schedule()

    @property
    def is_waiting(self) -> bool:
        """Whether everything that is on its way waits for a batch."""
        return self._is_blocked and not self._held and len(self._waiting) >= self.on_their_way

    def _schedule(self) -> None:
        """Notify once of all that changes in this turn of the event loop."""
        if self._watchers and not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._notify)

    def _notify(self) -> None:
        self._is_scheduled = False
        for notify in self._watchers:
            notify()
