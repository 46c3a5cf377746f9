"""The teacher: prompts, backends, rounds, and the ledger that keeps every answer it ever gave.

Law 3: an answer is in the ledger before anything else is done with it, and an answer that is there is never asked
for again. A recording, a simulation and a live model take the same way: request, ledger, sample.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import polars as pl

from builder.errors import InputError
from builder.recipe import LoadedRecipe
from builder.teacher import simulated
from builder.teacher.backend import Answered, Backend, Wanted
from builder.teacher.ledger import Ledger, open_ledger
from builder.teacher.prompts import messages
from builder.teacher.recorded import open_recording
from builder.teacher.request import Request
from builder.teacher.rounds import Calls, Examine, Worth, draw
from schemas.frames import from_frame, to_frame
from schemas.manifest import Input
from schemas.problem import Problem
from schemas.reasons import Fate
from schemas.recipe import HintPolicy, Paths, SimulatedTeacher
from schemas.sample import Hint, Sample

__all__ = ["CODE_VERSION", "Calls", "Drawn", "Examine", "Ledger", "Worth", "draw_samples", "open_ledger"]

CODE_VERSION = 1
"""Rises when the same ledger gives other samples."""

GROUP = 500
"""So many simulated answers are recorded together."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """All samples of a build."""

    frame: pl.DataFrame
    """Rows of `Sample`, not yet checked."""
    calls: Calls
    """How they came about."""
    inputs: list[Input]
    """The files that answers were read from."""


@dataclass(frozen=True, slots=True)
class _Simulated:
    """The stand-in as a backend."""

    teacher: SimulatedTeacher
    inputs: list[Input] = field(default_factory=list)
    strays: list[Sample] = field(default_factory=list)

    def wanted(self, problem: Problem, hint: Hint, indexes: range) -> list[Wanted]:
        request = Request(
            problem_id=problem.problem_id,
            messages=messages(problem, hint, self.teacher.hint),
            model="simulated",
            endpoint="simulated",
            sampling=_sampling(self.teacher),
            hint=hint,
        )
        return [Wanted(problem, request, index) for index in indexes]

    def ask(self, wanted: Sequence[Wanted]) -> Iterator[list[Answered]]:
        answered = (
            Answered(item, simulated.answer(item.problem, item.request, item.sample_index, self.teacher))
            for item in wanted
        )
        while group := list(islice(answered, GROUP)):
            yield group


def _sampling(teacher: SimulatedTeacher) -> dict[str, Any]:
    """What decides a simulated answer, beside the messages."""
    return {
        "slips": teacher.slips.model_dump(),
        **{name: value for name, value in teacher.sampling.model_dump().items() if value is not None},
    }


def _open_simulated(_loaded: LoadedRecipe, teacher: SimulatedTeacher, _problems: pl.DataFrame) -> Backend:
    return _Simulated(teacher)


BACKENDS: Mapping[str, Callable[[LoadedRecipe, Any, pl.DataFrame], Backend]] = {
    "recorded": open_recording,
    "simulated": _open_simulated,
}
"""How each teacher is opened."""


def draw_samples(loaded: LoadedRecipe, problems: pl.DataFrame, ledger: Ledger, examine: Examine) -> Drawn:
    """Draw the samples of all kept problems.

    Args:
        loaded: the recipe.
        problems: rows of `Problem`.
        ledger: where answers are kept, before anything else.
        examine: what the samples of each problem are worth; asked between rounds.

    Raises:
        InputError: the teacher can't answer these problems at all.
    """
    teacher = loaded.recipe.teacher
    backend = BACKENDS[teacher.backend](loaded, teacher, problems)
    open_problems = list(from_frame(problems.filter(pl.col("fate") == Fate.KEPT), Problem))
    samples, calls = draw(
        open_problems,
        backend,
        ledger,
        examine,
        paths=getattr(teacher, "paths", Paths()),
        hints=getattr(teacher, "hint", HintPolicy()),
    )
    if not samples:
        raise InputError(f"the teacher gave no answer to any of the {len(open_problems)} problems")
    return Drawn(to_frame([*samples, *backend.strays], Sample), calls, backend.inputs)
