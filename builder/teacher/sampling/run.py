"""Sample rationales for all problems of a build, into pieces: each problem on its own way through its rounds.

One event loop does the sending. As many problems are on their way as keep the teachers busy; counting their paths, and
writing to the disk, happen beside it in threads.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ....schemas.frames import from_frame
from ....schemas.manifest import Input
from ....schemas.problem import Problem
from ....schemas.runtime import Runtime
from ....schemas.sample import Sample
from ....schemas.teacher import SampledTeacher
from ...errors import CotloomError, InputError
from ...progress import ProgressBar, show_bar
from ...recipe import LoadedRecipe
from ..asked import AskedProblems
from ..backends import open_backend
from ..backends.protocol import OpenedBackend
from ..ledger import Ledger, open_recorder
from ..shares import select_share, warn_unasked
from .completing import Calls, Completer, Stop
from .places import ProblemPlace, ProblemPlaces
from .queues import open_queue
from .rounds import AskedTeacher, CountPaths, CutOwnRationales, CutRationales, PathCounts, count_saved, sample_problem
from .rows import SampleWriter
from .tally import PathTally
from .turns import Turns

TICK_S = 1.0
"""Seconds between two reports of progress."""

COLLECTED = 10_000
"""How many new objects Python waits for until it looks for garbage; usually it is 700."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SampledAnswers:
    """All samples of a build, in pieces of rows of `Sample`, not yet verified."""

    pieces: tuple[Path, ...]
    """The pieces."""
    rows: int
    """Samples in them."""
    calls: Calls
    """How many answers were new, and what they cost."""
    inputs: Sequence[Input]
    """The files that the teacher was read from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _OpenTeacher:
    """A teacher of the recipe, ready to be asked."""

    key: str
    """The recipe key that it stands at."""
    problems: frozenset[str]
    """The problems of its share."""
    completer: Completer
    """Gets its answers."""
    asked: AskedTeacher
    """How it is asked."""


def sample_rationales(  # noqa: PLR0913 - what decides the samples, and where they go
    loaded: LoadedRecipe,
    problems: AskedProblems,
    ledger: Ledger,
    count_paths: CountPaths,
    runtime: Runtime,
    folder: Path,
    *,
    cut_rationales: CutRationales | None = None,
) -> SampledAnswers:
    """Sample rationales for all kept problems.

    Args:
        loaded: the recipe; its answers are not recorded ones.
        problems: the problems that are asked.
        ledger: where answers are looked up and recorded.
        count_paths: counts the correct paths of some problems; called in another thread, while requests are sent.
        runtime: concurrency, limits, timeouts and retries of a live teacher.
        folder: where the pieces are written.
        cut_rationales: cuts the rationales of hinted samples that are checked without the hint; None checks none.

    Raises:
        InputError: the teacher can't answer these problems at all.
        Stopped: the server can't be reached or keeps failing. What was answered is in the ledger.
    """
    teachers = loaded.recipe.sampled_teachers
    opened = {key: open_backend(loaded, key, each, problems, runtime) for key, each in teachers.items()}
    warn_unasked(loaded.recipe, problems.outline)
    run = _Run(loaded.recipe.sampled_teachers, opened, problems, ledger, runtime, SampleWriter(folder))
    with collect_seldom():
        calls = run_in_loop(run.sample_all(count_paths, cut_rationales))
    if not run.writer.rows:
        raise InputError(f"the teacher gave no answer to any of the {problems.outline.height} problems")
    inputs = [item for each in opened.values() for item in each.inputs]
    return SampledAnswers(pieces=tuple(run.writer.pieces), rows=run.writer.rows, calls=calls, inputs=inputs)


@dataclass(frozen=True, slots=True)
class _Run:
    """The sampling of one build."""

    teachers: Mapping[str, SampledTeacher]
    opened: Mapping[str, OpenedBackend]
    problems: AskedProblems
    ledger: Ledger
    runtime: Runtime
    writer: SampleWriter

    async def sample_all(self, count_paths: CountPaths, cut_rationales: CutRationales | None) -> Calls:
        """Sample all problems. Returns where the answers came from."""
        stop = Stop()
        async with AsyncExitStack() as stack:
            cutting = None if cut_rationales is None else await stack.enter_async_context(open_queue(cut_rationales))
            teachers = await self._open_teachers(stack, stop, None if cutting is None else cutting.find)
            tally = PathTally(await stack.enter_async_context(open_queue(count_paths)))
            bar = stack.enter_context(show_bar("sampling the teacher", self.problems.outline.height))
            await stack.enter_async_context(_report(bar, teachers, tally))
            await self._sample_problems(teachers, tally, stop, bar)
            await self.writer.flush()
        stop.check()
        calls = sum((each.completer.calls for each in teachers), Calls())
        parts = tuple((each.key, each.completer.calls) for each in teachers) if len(teachers) > 1 else ()
        return replace(calls, by_teacher=parts, saved=tally.saved)

    async def _open_teachers(
        self, stack: AsyncExitStack, stop: Stop, cut_rationales: CutOwnRationales | None
    ) -> list[_OpenTeacher]:
        recorder = await stack.enter_async_context(open_recorder(self.ledger.path))
        names = [each.turn for each in self.opened.values() if each.turn is not None]
        turns = stack.enter_context(contextlib.closing(Turns(self.ledger, names)))
        forgotten = frozenset(self.ledger.find_forgotten())
        return [
            await self._open_teacher(
                key,
                stack,
                cut_rationales,
                partial(
                    Completer,
                    ledger=self.ledger,
                    record=recorder.record,
                    forgotten=forgotten,
                    take_turn=turns.take,
                    stop=stop,
                ),
            )
            for key in self.teachers
        ]

    async def _open_teacher(
        self, key: str, stack: AsyncExitStack, cut_rationales: CutOwnRationales | None, make: Any
    ) -> _OpenTeacher:
        teacher, backend = self.teachers[key], self.opened[key].backend
        completer: Completer = make(sender=await stack.enter_async_context(backend.open_sender()))
        asked = AskedTeacher(
            backend=backend,
            complete=completer,
            paths=teacher.paths,
            hints=teacher.hint,
            accept_failures=self.runtime.accept_failures,
            cut_rationales=cut_rationales,
        )
        own = frozenset(select_share(self.problems.outline, teacher.share)["problem_id"])
        return _OpenTeacher(key=key, problems=own, completer=completer, asked=asked)

    async def _sample_problems(
        self, teachers: Sequence[_OpenTeacher], tally: PathTally, stop: Stop, bar: ProgressBar
    ) -> None:
        """Start one problem after the other, as many at once as keep the teachers busy."""
        places = ProblemPlaces(self.runtime.concurrency)

        async def sample(problem: Problem, place: ProblemPlace) -> None:
            asked = [each.asked for each in teachers if problem.problem_id in each.problems]

            async def count_paths(problem: Problem, samples: Sequence[Sample]) -> PathCounts:
                place.leave_first_round()
                return await tally.count(problem, samples)

            try:
                samples = await sample_problem(problem, asked, count_paths)
                tally.saved += count_saved(asked, samples)
                await self.writer.add(samples)
            except CotloomError as error:
                stop.set(error)
            finally:
                tally.end(problem)
                place.leave()
                bar(1)

        async with asyncio.TaskGroup() as tasks:
            for problem in _iterate_problems(self.problems):
                place = await places.enter()
                if stop.error is not None:
                    break
                tasks.create_task(sample(problem, place))


def _iterate_problems(problems: AskedProblems) -> Iterator[Problem]:
    """Make the problems one after the other, so that only those on their way are in memory as records."""
    for piece in problems.iterate():
        for part in piece.iter_slices(1_000):
            yield from from_frame(part, Problem)


@asynccontextmanager
async def _report(bar: ProgressBar, teachers: Sequence[_OpenTeacher], tally: PathTally) -> AsyncIterator[None]:
    """Report how the sampling goes, until the block ends."""

    async def report() -> None:
        while True:
            bar.report(_describe(teachers, tally))
            await asyncio.sleep(TICK_S)

    task = asyncio.get_running_loop().create_task(report())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bar.report(_describe(teachers, tally))


def _describe(teachers: Sequence[_OpenTeacher], tally: PathTally) -> dict[str, int | float | str]:
    """Say how the sampling goes: answers, tokens, the share that is right, failures, and what the senders say."""
    calls = sum((each.completer.calls for each in teachers), Calls())
    facts: dict[str, Any] = {"new": calls.new, "ledger": calls.ledger, "failed": calls.failed, "refused": calls.refused}
    facts["tokens"] = sum(each.completer.tokens for each in teachers)
    if tally.counted:
        facts["right"] = round(tally.right / tally.counted, 4)
    for each in teachers:
        for name, value in each.completer.sender.describe().items():
            facts[name] = facts[name] + value if isinstance(value, int) and name in facts else value
    return facts


@contextlib.contextmanager
def collect_seldom() -> Iterator[None]:
    """Collect garbage seldom within a block: each time, Python walks over all that the libraries hold.

    It takes a fifth of the time of a request else. What requests leave behind is freed without it, but for cycles.
    """
    usual = gc.get_threshold()
    gc.set_threshold(COLLECTED, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


Result = TypeVar("Result")


def run_in_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in an event loop of its own; in another thread where one runs here, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()
