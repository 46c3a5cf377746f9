"""Backend `simulated`: answers that are computed from the problem, without a model."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import polars as pl

from ....schemas.prompt import Prompt
from ....schemas.runtime import Runtime
from ....schemas.teacher import SimulatedTeacher
from ...recipe import LoadedRecipe
from ..request import Answer, ReceivedResponse
from ..simulated.answers import write_answer
from .prompted import PromptedBackend, ReadyPrompt
from .protocol import CompletionRequest, FailedRequest, OpenedBackend, make_received

GROUP = 500
"""Number of answers that are recorded together."""


def open_backend(
    loaded: LoadedRecipe, _key: str, teacher: SimulatedTeacher, _problems: pl.DataFrame, _runtime: Runtime
) -> OpenedBackend:
    """Open the simulated teacher. It solves `arithmetic` problems only; requests for others raise an InputError."""

    def send(requests: Sequence[CompletionRequest]) -> Iterator[list[ReceivedResponse | FailedRequest]]:
        remaining = iter(requests)
        while group := list(islice(remaining, GROUP)):
            yield [*make_received([_write_answer(request, teacher) for request in group])]

    backend = PromptedBackend(
        model="simulated",
        endpoint="simulated",
        prompts={None: ReadyPrompt(Prompt())},
        hint=teacher.hint,
        sampling=_make_sampling_parameters(teacher),
        seed=loaded.recipe.seed,
        send=send,
    )
    return OpenedBackend(backend)


def _write_answer(request: CompletionRequest, teacher: SimulatedTeacher) -> tuple[CompletionRequest, Answer]:
    return request, write_answer(request.problem, request.request, request.sample_index, teacher)


def _make_sampling_parameters(teacher: SimulatedTeacher) -> dict[str, Any]:
    """Everything that changes an answer. Later options are left out at their default, so that ledger keys stay."""
    wording = None if teacher.wording == "varied" else teacher.wording
    options = {"methods": teacher.methods, "wording": wording, **teacher.sampling.model_dump()}
    return {
        "slips": teacher.slips.model_dump(),
        **{name: value for name, value in options.items() if value is not None},
    }
