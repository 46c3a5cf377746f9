"""Ask a grader about samples whose answers are recorded ones: as many problems at once as keep it busy."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ....schemas.manifest import Input
from ....schemas.problem import Problem
from ....schemas.runtime import Runtime
from ....schemas.sample import Sample
from ...errors import CotloomError
from ...progress import ProgressBar, show_bar
from ...recipe import LoadedRecipe
from ..asked import AskedProblems
from ..backends import open_backend
from ..batches import ProblemTraffic
from ..ledger import Ledger
from .completing import Calls, Stop
from .grading import AskedGrader, FindQuestions, enter_grader, grade_samples
from .loop import run_in_loop
from .opening import open_completers
from .places import ProblemPlace, ProblemPlaces
from .rows import SampleWriter

Batch = Sequence[tuple[Problem, Sequence[Sample]]]
"""Some problems, each with its samples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedAnswers:
    """Samples of recorded answers that a grader was asked about."""

    pieces: tuple[Path, ...] = ()
    """Pieces of them, rows of `Sample`."""
    calls: Calls = field(default_factory=Calls)
    """How many votes were new, and what they cost."""
    inputs: Sequence[Input] = ()
    """The files that the grader was read from."""


def grade_recorded(  # noqa: PLR0913, PLR0917 - what decides the grades, and where they go
    loaded: LoadedRecipe,
    problems: AskedProblems,
    batches: Iterator[Batch],
    ledger: Ledger,
    find_questions: FindQuestions,
    runtime: Runtime,
    folder: Path,
) -> GradedAnswers:
    """Ask the grader of a recipe about recorded answers.

    Args:
        loaded: the recipe; it has a grader with a teacher of its own.
        problems: the problems of the answers.
        batches: the problems with their samples, part by part.
        ledger: where votes are looked up and recorded.
        find_questions: finds what the grader is asked; called in another thread.
        runtime: concurrency, limits, timeouts and retries.
        folder: where the pieces are written.

    Raises:
        InputError: the grader can't be opened.
        Stopped: the server can't be reached or keeps failing. What was answered is in the ledger.
    """
    found = loaded.recipe.grading_teacher
    if found is None:
        return GradedAnswers()
    key, teacher = found
    opened = {key: open_backend(loaded, key, teacher, problems, runtime)}
    writer, stop = SampleWriter(folder), Stop()

    async def grade() -> Calls:
        places = ProblemPlaces(runtime, ProblemTraffic())
        async with AsyncExitStack() as stack:
            opening = open_completers(loaded.recipe, runtime, opened, ledger, stop, places.traffic)
            completers = await stack.enter_async_context(opening)
            grader = await enter_grader(stack, loaded.recipe, opened, completers, find_questions)
            bar = stack.enter_context(show_bar("asking the grader", problems.outline.height))
            run = _GradeRun(grader, writer, stop, bar, places)
            await run.grade_all(batches)
            await writer.flush()
        stop.check()
        return completers[key].calls

    calls = run_in_loop(grade())
    return GradedAnswers(pieces=tuple(writer.pieces), calls=calls, inputs=opened[key].inputs)


@dataclass(frozen=True, slots=True)
class _GradeRun:
    """The grading of one build."""

    grader: AskedGrader | None
    writer: SampleWriter
    stop: Stop
    bar: ProgressBar
    places: ProblemPlaces

    async def grade_all(self, batches: Iterator[Batch]) -> None:
        """Start one problem after the other, as many at once as keep the grader busy; no batch waits for another."""

        async def grade(problem: Problem, samples: Sequence[Sample], place: ProblemPlace) -> None:
            try:
                graded, _ = await grade_samples(problem, self.grader, list(samples))
                await self.writer.add([sample for sample in graded if sample.grades])
            except CotloomError as error:
                self.stop.set(error)
            finally:
                place.leave()
                self.bar(1)

        async with asyncio.TaskGroup() as tasks:
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                for problem, samples in batch:
                    place = await self.places.enter()
                    if self.stop.error is not None:
                        self.places.close()
                        return
                    tasks.create_task(grade(problem, samples, place))
            self.places.close()
