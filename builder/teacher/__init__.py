"""The teacher: prompts, backends, rounds, and the ledger that keeps every answer it ever gave.

Law 3: an answer is in the ledger before anything else is done with it, and an answer that is there is never asked
for again. A recording, a simulation and a live model take the same way: request, ledger, sample.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.recipe import LoadedRecipe
from cotloom.builder.teacher.backends import transformers as checkpoint
from cotloom.builder.teacher.backends.prompted import Ask, Prompted
from cotloom.builder.teacher.backends.protocol import Answered, Backend, Failed, Wanted
from cotloom.builder.teacher.backends.recorded import open_recording
from cotloom.builder.teacher.demonstrations import find_demos
from cotloom.builder.teacher.ledger import Ledger, open_ledger
from cotloom.builder.teacher.request import Request
from cotloom.builder.teacher.rounds import Calls, Examine, Worth, draw
from cotloom.builder.teacher.simulated import answers as simulated
from cotloom.schemas.frames import from_frame, to_frame
from cotloom.schemas.manifest import Input
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Fate
from cotloom.schemas.recipe import (
    HintPolicy,
    OpenAITeacher,
    Paths,
    Prompt,
    RecordedTeacher,
    SimulatedTeacher,
    TransformersTeacher,
)
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Hint, Sample

__all__ = [
    "CODE_VERSION",
    "Calls",
    "Drawn",
    "Examine",
    "Foreseen",
    "Ledger",
    "Request",
    "Worth",
    "draw_samples",
    "foresee",
    "open_ledger",
]

CODE_VERSION = 2
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


def _open_simulated(loaded: LoadedRecipe, teacher: SimulatedTeacher, _problems: pl.DataFrame, _run: Runtime) -> Backend:
    def ask(wanted: Sequence[Wanted]) -> Iterator[list[Answered | Failed]]:
        answered = iter(wanted)
        while group := list(islice(answered, GROUP)):
            yield [
                Answered(item, simulated.answer(item.problem, item.request, item.sample_index, teacher))
                for item in group
            ]

    given = {name: value for name, value in teacher.sampling.model_dump().items() if value is not None}
    return Prompted(
        model="simulated",
        endpoint="simulated",
        prompt=Prompt(),
        hint=teacher.hint,
        sampling={"slips": teacher.slips.model_dump(), **_manner(teacher), **given},
        seed=loaded.recipe.seed,
        asks=ask,
    )


def _manner(teacher: SimulatedTeacher) -> dict[str, int | str]:
    """How it solves and words, where it is not as it always was: answers of before keep their keys."""
    manner: dict[str, int | str | None] = {
        "methods": teacher.methods,
        "wording": None if teacher.wording == "varied" else teacher.wording,
    }
    return {key: value for key, value in manner.items() if value is not None}


def _open_openai(loaded: LoadedRecipe, teacher: OpenAITeacher, problems: pl.DataFrame, runtime: Runtime) -> Backend:
    from cotloom.builder.teacher.backends import openai  # noqa: PLC0415 - a second to import, and most builds do without

    return _prompted(
        loaded,
        teacher,
        problems,
        model=teacher.model,
        endpoint=teacher.endpoint or openai.base_url_of(teacher),
        sampling=openai.sampling_of(teacher),
        asks=lambda wanted: openai.ask(wanted, teacher, runtime),
    )


def _open_checkpoint(
    loaded: LoadedRecipe, teacher: TransformersTeacher, problems: pl.DataFrame, runtime: Runtime
) -> Backend:
    return _prompted(
        loaded,
        teacher,
        problems,
        model=checkpoint.name_of(teacher),
        endpoint="transformers",
        sampling=checkpoint.sampling_of(teacher),
        asks=lambda wanted: checkpoint.ask(wanted, teacher, runtime),
    )


def _prompted(  # noqa: PLR0913 - what the two backends differ in
    loaded: LoadedRecipe,
    teacher: OpenAITeacher | TransformersTeacher,
    problems: pl.DataFrame,
    *,
    model: str,
    endpoint: str,
    sampling: Mapping[str, Any],
    asks: Ask,
) -> Prompted:
    """A model that is asked by prompt, with the demonstrations that the prompt names."""
    demos, inputs = find_demos(loaded, teacher.prompt, problems)
    return Prompted(
        model=model,
        endpoint=endpoint,
        prompt=teacher.prompt,
        hint=teacher.hint,
        sampling=sampling,
        seed=loaded.recipe.seed,
        asks=asks,
        demos=demos,
        inputs=inputs,
    )


def _open_recording(loaded: LoadedRecipe, teacher: RecordedTeacher, problems: pl.DataFrame, _run: Runtime) -> Backend:
    return open_recording(loaded, teacher, problems)


BACKENDS: Mapping[str, Callable[[LoadedRecipe, Any, pl.DataFrame, Runtime], Backend]] = {
    "openai": _open_openai,
    "recorded": _open_recording,
    "simulated": _open_simulated,
    "transformers": _open_checkpoint,
}
"""How each teacher is opened."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """What drawing samples would come to."""

    problems: int
    """Problems to ask about."""
    new: int
    """Answers of the first round that would be asked for."""
    ledger: int
    """Answers of the first round that the ledger has."""
    most: int
    """The most answers of all rounds, hinted ones too, each of one or two calls."""
    calls: int
    """Calls that one answer takes."""
    paid: bool
    """Whether somebody may want money for an answer."""
    request: Request | None
    """One of the requests."""


def foresee(loaded: LoadedRecipe, problems: pl.DataFrame, ledger: Ledger, runtime: Runtime) -> Foreseen:
    """Say what drawing samples would come to, without asking anybody.

    Args:
        loaded: the recipe.
        problems: rows of `Problem`.
        ledger: what is there already.
        runtime: how a live teacher is asked.
    """
    teacher = loaded.recipe.teacher
    backend = BACKENDS[teacher.backend](loaded, teacher, problems, runtime)
    paths, hints = getattr(teacher, "paths", Paths()), getattr(teacher, "hint", HintPolicy())
    first = Hint.HINTED if hints.mode == "always" else Hint.NONE
    asked = list(from_frame(problems.filter(pl.col("fate") == Fate.KEPT), Problem))
    wanted = [item for problem in asked for item in backend.wanted(problem, first, range(paths.round))]
    have = ledger.present(item.request.digest for item in wanted)
    known = sum((item.request.digest, item.sample_index) in have for item in wanted)
    each = max(paths.max or 0, paths.round) + (paths.round if hints.mode == "fallback" else 0)
    prompt = backend.prompt if isinstance(backend, Prompted) else None
    return Foreseen(
        problems=len(asked),
        new=len(wanted) - known,
        ledger=known,
        most=len(asked) * each if prompt else len(wanted),
        calls=2 if prompt and prompt.template == "cot_two_call" else 1,
        paid=teacher.backend == "openai",
        request=wanted[0].request if wanted else None,
    )


def draw_samples(
    loaded: LoadedRecipe, problems: pl.DataFrame, ledger: Ledger, examine: Examine, runtime: Runtime
) -> Drawn:
    """Draw the samples of all kept problems.

    Args:
        loaded: the recipe.
        problems: rows of `Problem`.
        ledger: where answers are kept, before anything else.
        examine: what the samples of each problem are worth; asked between rounds.
        runtime: how a live teacher is asked.

    Raises:
        InputError: the teacher can't answer these problems at all.
    """
    teacher = loaded.recipe.teacher
    backend = BACKENDS[teacher.backend](loaded, teacher, problems, runtime)
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
