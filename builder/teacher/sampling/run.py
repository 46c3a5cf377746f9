"""Sample rationales for all problems of a build, into pieces: each problem on its own way through its rounds.

One event loop does the sending. As many problems are on their way as keep the teachers busy; counting their paths, and
writing to the disk, happen beside it in threads.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ....schemas.frames import from_frame
from ....schemas.manifest import Input
from ....schemas.problem import Problem
from ....schemas.reasons import Fate
from ....schemas.recipe import Recipe
from ....schemas.runtime import Runtime
from ....schemas.sample import Sample
from ....schemas.teacher import SampledTeacher
from ...costs import describe_spent, make_limits
from ...errors import CotloomError, InputError, LimitReached
from ...progress import ProgressBar, show_bar
from ...recipe import LoadedRecipe
from ..asked import AskedProblems
from ..backends import open_backend
from ..backends.protocol import OpenedBackend
from ..batches import ProblemTraffic
from ..ledger import Ledger
from ..shares import select_share, warn_unasked
from .completing import Calls, Completer, Stop
from .grading import AskedGrader, FindQuestions, enter_grader
from .loop import run_in_loop
from .metering import Look
from .opening import open_completers
from .path_counts import PathCounts
from .places import ProblemPlace, ProblemPlaces
from .queues import open_queue
from .rounds import AskedTeacher, CountPaths, CutOwnRationales, CutRationales, count_saved, sample_problem
from .rows import SampleWriter
from .tally import PathTally

TICK_S = 1.0
"""Seconds between two reports of progress."""


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
class Finders:
    """What is found out about samples while a build samples, with functions of other rooms."""

    paths: CountPaths
    """Counts the correct paths of some problems."""
    rationales: CutRationales | None = None
    """Cuts the rationales of hinted samples that are checked without the hint; None checks none."""
    questions: FindQuestions | None = None
    """Finds what a grader is asked about samples; None asks nothing."""


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


def sample_rationales(  # noqa: PLR0913, PLR0917 - what decides the samples, and where they go
    loaded: LoadedRecipe,
    problems: AskedProblems,
    ledger: Ledger,
    find: Finders,
    runtime: Runtime,
    folder: Path,
    look: Look | None = None,
) -> SampledAnswers:
    """Sample rationales for all kept problems.

    Args:
        loaded: the recipe; its answers are not recorded ones.
        problems: the problems that are asked.
        ledger: where answers are looked up and recorded.
        find: what is found out about samples in between; called in other threads, while requests are sent.
        runtime: concurrency, limits, timeouts and retries of a live teacher.
        folder: where the pieces are written.
        look: what is looked at of some problems; None for a build.

    Raises:
        InputError: the teacher can't answer these problems at all.
        Stopped: the server can't be reached or keeps failing. What was answered is in the ledger.
    """
    recipe = loaded.recipe
    teachers = {**recipe.sampled_teachers, **dict(filter(None, [recipe.grading_teacher]))}
    opened = {key: open_backend(loaded, key, each, problems, runtime) for key, each in teachers.items()}
    warn_unasked(recipe, problems.outline)
    run = _Run(recipe, opened, problems, ledger, runtime, SampleWriter(folder), look)
    calls = run_in_loop(run.sample_all(find))
    if not run.writer.rows:
        raise InputError(f"the teacher gave no answer to any of the {problems.outline.height} problems")
    inputs = [item for each in opened.values() for item in each.inputs]
    return SampledAnswers(pieces=tuple(run.writer.pieces), rows=run.writer.rows, calls=calls, inputs=inputs)


@dataclass(frozen=True, slots=True)
class _Run:
    """The sampling of one build."""

    recipe: Recipe
    opened: Mapping[str, OpenedBackend]
    problems: AskedProblems
    ledger: Ledger
    runtime: Runtime
    writer: SampleWriter
    look: Look | None = None

    @property
    def teachers(self) -> Mapping[str, SampledTeacher]:
        return self.recipe.sampled_teachers

    async def sample_all(self, find: Finders) -> Calls:
        """Sample all problems. Returns where the answers came from."""
        stop = Stop()
        places = ProblemPlaces(self.runtime, ProblemTraffic())
        async with AsyncExitStack() as stack:
            cutting = None if find.rationales is None else await stack.enter_async_context(open_queue(find.rationales))
            completers = await stack.enter_async_context(
                open_completers(self.recipe, self.runtime, self.opened, self.ledger, stop, places.traffic, self.look)
            )
            grader = await enter_grader(stack, self.recipe, self.opened, completers, find.questions)
            teachers = self._list_teachers(completers, None if cutting is None else cutting.find, grader)
            tally = PathTally(await stack.enter_async_context(open_queue(find.paths)))
            bar = stack.enter_context(show_bar("sampling the teacher", self.problems.outline.height))
            await stack.enter_async_context(_report(bar, completers, tally))
            await self._sample_problems(teachers, tally, stop, bar, places)
            await self.writer.flush()
        self._check_stop(stop, tally)
        parts = tuple((key, completer.calls) for key, completer in completers.items()) if len(completers) > 1 else ()
        return replace(_add_calls(completers), by_teacher=parts, saved=tally.saved)

    def _check_stop(self, stop: Stop, tally: PathTally) -> None:
        """Raise what ended the sampling; where a limit did, with what was spent, and what is missing.

        Raises:
            CotloomError: something did.
        """
        if isinstance(stop.error, LimitReached):
            spent = self.ledger.count_spent(f"{self.recipe.name}@{self.recipe.version}")
            missing = f"{tally.ended:,} of {self.problems.outline.height:,} problems have all their answers"
            raise LimitReached(
                f"{stop.error.message}: {describe_spent(make_limits(self.runtime), spent)}; {missing}",
                hint="the same command with a higher limit goes on from here; with --accept-failures it builds of what"
                " is there",
            )
        stop.check()

    def _list_teachers(
        self, completers: Mapping[str, Completer], cut_rationales: CutOwnRationales | None, grader: AskedGrader | None
    ) -> list[_OpenTeacher]:
        return [
            _OpenTeacher(
                key=key,
                problems=frozenset(select_share(self.problems.outline, teacher.share)["problem_id"]),
                completer=completers[key],
                asked=AskedTeacher(
                    backend=self.opened[key].backend,
                    complete=completers[key],
                    paths=teacher.paths,
                    hints=teacher.hint,
                    accept_failures=self.runtime.accept_failures,
                    cut_rationales=cut_rationales,
                    grader=grader,
                ),
            )
            for key, teacher in self.teachers.items()
        ]

    async def _sample_problems(
        self, teachers: Sequence[_OpenTeacher], tally: PathTally, stop: Stop, bar: ProgressBar, places: ProblemPlaces
    ) -> None:
        """Start one problem after the other, as many at once as there are places."""

        async def sample(problem: Problem, place: ProblemPlace) -> None:
            asked = [each.asked for each in teachers if problem.problem_id in each.problems]

            async def count_paths(problem: Problem, samples: Sequence[Sample]) -> PathCounts:
                place.leave_first_round()
                return await tally.count(problem, samples)

            try:
                samples = await sample_problem(problem, asked, count_paths)
                tally.ended += not any(sample.fate is Fate.DROPPED for sample in samples)
                if self.look is not None:
                    self.look.meter.note_paths(problem.problem_id, await tally.count(problem, samples))
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
            places.close()


def _iterate_problems(problems: AskedProblems) -> Iterator[Problem]:
    """Make the problems one after the other, so that only those on their way are in memory as records."""
    for piece in problems.iterate():
        for part in piece.iter_slices(1_000):
            yield from from_frame(part, Problem)


@asynccontextmanager
async def _report(bar: ProgressBar, completers: Mapping[str, Completer], tally: PathTally) -> AsyncIterator[None]:
    """Report how the sampling goes, until the block ends."""

    async def report() -> None:
        while True:
            bar.report(_describe(completers, tally))
            await asyncio.sleep(TICK_S)

    task = asyncio.get_running_loop().create_task(report())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bar.report(_describe(completers, tally))


def _add_calls(completers: Mapping[str, Completer]) -> Calls:
    return sum((completer.calls for completer in completers.values()), Calls())


def _describe(completers: Mapping[str, Completer], tally: PathTally) -> dict[str, int | float | str]:
    """Say how the sampling goes: answers, tokens, the share that is right, failures, and what the senders say."""
    calls = _add_calls(completers)
    facts: dict[str, Any] = {"new": calls.new, "ledger": calls.ledger, "failed": calls.failed, "refused": calls.refused}
    facts["tokens"] = sum(completer.tokens for completer in completers.values())
    if tally.counted:
        facts["right"] = round(tally.right / tally.counted, 4)
    senders = {id(each.sender): each.sender for each in completers.values()}  # teachers at one endpoint may share one
    for sender in senders.values():
        for name, value in sender.describe().items():
            facts[name] = facts[name] + value if isinstance(value, int) and name in facts else value
    return facts
