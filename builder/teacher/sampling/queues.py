"""Look at problems beside the sending: what became ready while the last look ran is looked at together, in a thread."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from ....schemas.problem import Problem
from ....schemas.sample import Sample

MOST_TOGETHER = 512
"""The most problems that are looked at together."""

Finding = TypeVar("Finding")

_Waiting = tuple[Problem, Sequence[Sample], asyncio.Future[Finding]]


class ProblemQueue(Generic[Finding]):
    """Problems that wait for what a function finds among their samples."""

    def __init__(self, find: Callable[[Sequence[Problem], Sequence[Sample]], Mapping[str, Finding]]) -> None:
        """Use a function that takes many problems at once, and finds something of each, by problem id."""
        self._find = find
        self._waiting: list[_Waiting[Finding]] = []
        self._is_filled = asyncio.Event()

    async def find(self, problem: Problem, samples: Sequence[Sample]) -> Finding:
        """Find something of one problem, when its turn comes.

        Raises:
            CotloomError: the function raised it.
        """
        future: asyncio.Future[Finding] = asyncio.get_running_loop().create_future()
        self._waiting.append((problem, samples, future))
        self._is_filled.set()
        return await future

    async def run(self) -> None:
        """Look at what waits, until cancelled."""
        while True:
            await self._is_filled.wait()
            batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            if not self._waiting:
                self._is_filled.clear()
            await self._look(batch)

    async def _look(self, batch: Sequence[_Waiting[Finding]]) -> None:
        problems = [problem for problem, _, _ in batch]
        samples = [sample for _, own, _ in batch for sample in own]
        (found,) = await asyncio.gather(asyncio.to_thread(self._find, problems, samples), return_exceptions=True)
        for problem, _, future in batch:
            if future.cancelled():
                continue
            if isinstance(found, BaseException):
                future.set_exception(found)
            else:
                future.set_result(found[problem.problem_id])


@asynccontextmanager
async def open_queue(
    find: Callable[[Sequence[Problem], Sequence[Sample]], Mapping[str, Finding]],
) -> AsyncIterator[ProblemQueue[Finding]]:
    """Open a queue, and look at what it gets until the block ends."""
    queue = ProblemQueue(find)
    task = asyncio.get_running_loop().create_task(queue.run())
    try:
        yield queue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
