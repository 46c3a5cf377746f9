"""The sums of what was counted while a build samples: how many answers are right so far."""

from collections.abc import Sequence

from ....schemas.problem import Problem
from ....schemas.sample import Sample
from .path_counts import PathCounts
from .queues import ProblemQueue


class PathTally:
    """Counts paths, and adds up what was counted."""

    def __init__(self, queue: ProblemQueue[PathCounts]) -> None:
        """Count with a queue."""
        self._queue = queue
        self._last: dict[str, tuple[int, int]] = {}
        self.right = 0
        """Correct samples among those that were counted."""
        self.counted = 0
        """Samples that were counted."""
        self.saved = 0
        """Answers that no problem needed."""
        self.ended = 0
        """Problems that have all their answers."""

    async def count(self, problem: Problem, samples: Sequence[Sample]) -> PathCounts:
        """Count the paths of one problem."""
        counts = await self._queue.find(problem, samples)
        last = self._last.get(problem.problem_id, (0, 0))
        self._last[problem.problem_id] = (counts.correct, len(samples))
        self.right += counts.correct - last[0]
        self.counted += len(samples) - last[1]
        return counts

    def end(self, problem: Problem) -> None:
        """Forget a problem that is done."""
        self._last.pop(problem.problem_id, None)
