"""Backend `simulated`: answers that are computed from the problem, without a model."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from ....schemas.prompt import Prompt
from ....schemas.runtime import Runtime
from ....schemas.teacher import SimulatedTeacher
from ...errors import CotloomError, LimitReached
from ...recipe import LoadedRecipe
from ..asked import AskedProblems
from ..request import Answer
from ..simulated.answers import write_answer
from ..simulated.grades import write_grade
from .prompted import PromptedBackend, ReadyPrompt
from .protocol import (
    Books,
    CompletionRequest,
    FailedRequest,
    OpenedBackend,
    PaidModel,
    Results,
    make_received,
)


def open_backend(
    loaded: LoadedRecipe, _key: str, teacher: SimulatedTeacher, _problems: AskedProblems, _runtime: Runtime
) -> OpenedBackend:
    """Open the simulated teacher. It solves `arithmetic` problems only; requests for others raise an InputError."""
    backend = PromptedBackend(
        model="simulated",
        endpoint="simulated",
        prompts={None: ReadyPrompt(Prompt())},
        hint=teacher.hint,
        sampling=_make_sampling_parameters(teacher),
        seed=loaded.recipe.seed,
        sending=lambda: nullcontext(_SimulatedSender(teacher)),
    )
    longest = teacher.sampling.max_tokens or LONGEST
    return OpenedBackend(backend, PaidModel(model="simulated", endpoint="simulated", longest=longest))


LONGEST = 4_096
"""No simulated answer has more tokens."""


class _SimulatedSender:
    """Answers at once."""

    def __init__(self, teacher: SimulatedTeacher) -> None:
        self._teacher = teacher
        self.fatal: CotloomError | None = None

    async def send(self, group: Sequence[CompletionRequest], books: Books) -> Results:
        """Answer the completions of one prompt."""
        try:
            reservation = await books.reserve(group)
        except LimitReached as error:
            self.fatal = error
            return [FailedRequest(request, error) for request in group]
        (received,) = make_received([_write_answer(request, self._teacher) for request in group])
        await books.record(received, reservation)
        return [received]

    def describe(self) -> Mapping[str, int | float | str]:
        """There is nothing to say of the sending."""
        return {}


def _write_answer(request: CompletionRequest, teacher: SimulatedTeacher) -> tuple[CompletionRequest, Answer]:
    if request.grading is not None:
        return request, write_grade(request.problem, request.grading, request.request, request.sample_index, teacher)
    return request, write_answer(request.problem, request.request, request.sample_index, teacher)


def _make_sampling_parameters(teacher: SimulatedTeacher) -> dict[str, Any]:
    """Everything that changes an answer. Later options are left out at their default, so that ledger keys stay."""
    wording = None if teacher.wording == "varied" else teacher.wording
    options = {"methods": teacher.methods, "wording": wording, **teacher.sampling.model_dump()}
    return {
        "slips": teacher.slips.model_dump(),
        **{name: value for name, value in options.items() if value is not None},
    }
