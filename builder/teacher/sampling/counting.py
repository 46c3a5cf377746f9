"""Count paths beside the sending: what became ready while the last count ran is counted together, in a thread."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from ....schemas.problem import Problem
from ....schemas.sample import Sample
from .rounds import CountPaths, PathCounts

MOST_TOGETHER = 512
"""The most problems that are counted together."""

_Waiting = tuple[Problem, Sequence[Sample], asyncio.Future[PathCounts]]


class PathQueue:
    """Problems that wait until their paths are counted."""

    def __init__(self, count_paths: CountPaths) -> None:
        """Count with a function that takes many problems at once."""
        self._count_paths = count_paths
        self._waiting: list[_Waiting] = []
        self._is_filled = asyncio.Event()
        self._last: dict[str, tuple[int, int]] = {}
        self.right = 0
        """Correct samples among those that were counted."""
        self.counted = 0
        """Samples that were counted."""

    async def count(self, problem: Problem, samples: Sequence[Sample]) -> PathCounts:
        """Count the paths of one problem, when its turn comes.

        Raises:
            CotloomError: counting failed.
        """
        future: asyncio.Future[PathCounts] = asyncio.get_running_loop().create_future()
        self._waiting.append((problem, samples, future))
        self._is_filled.set()
        counts = await future
        self._note(problem.problem_id, counts.correct, len(samples))
        return counts

    def _note(self, problem: str, right: int, counted: int) -> None:
        """Add what is new of a problem to the sums."""
        last = self._last.get(problem, (0, 0))
        self._last[problem] = (right, counted)
        self.right += right - last[0]
        self.counted += counted - last[1]

    def end(self, problem: Problem) -> None:
        """Forget a problem that is done."""
        self._last.pop(problem.problem_id, None)

    async def run(self) -> None:
        """Count what waits, until cancelled."""
        while True:
            await self._is_filled.wait()
            batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            if not self._waiting:
                self._is_filled.clear()
            await self._count(batch)

    async def _count(self, batch: Sequence[_Waiting]) -> None:
        problems = [problem for problem, _, _ in batch]
        samples = [sample for _, own, _ in batch for sample in own]
        done = await asyncio.gather(asyncio.to_thread(self._count_paths, problems, samples), return_exceptions=True)
        for problem, _, future in batch:
            if future.cancelled():
                continue
            if isinstance(done[0], BaseException):
                future.set_exception(done[0])
            else:
                future.set_result(done[0][problem.problem_id])


@asynccontextmanager
async def open_queue(count_paths: CountPaths) -> AsyncIterator[PathQueue]:
    """Open a queue, and count what it gets until the block ends."""
    queue = PathQueue(count_paths)
    task = asyncio.get_running_loop().create_task(queue.run())
    try:
        yield queue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
