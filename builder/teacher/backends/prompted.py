"""Teachers that are sampled with a prompt: which requests a problem needs, whatever model answers them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ....schemas.example import Message
from ....schemas.problem import Problem
from ....schemas.sample import Hint
from ....schemas.teacher import HintPolicy, OpenAITeacher, Prompt, TransformersTeacher
from ...recipe import LoadedRecipe
from ..demonstrations import Demo, find_demos, select_demos
from ..prompts import format_messages, format_second_call
from ..request import Answer, ReceivedResponse, Request
from .protocol import (
    CompletionRequest,
    FailedRequest,
    OpenedBackend,
    RequestCompletions,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptedBackend:
    """A teacher that is sampled with a prompt."""

    model: str
    """The teacher's name."""
    endpoint: str
    """The server's name in the ledger."""
    prompt: Prompt
    """How a problem is formatted."""
    hint: HintPolicy
    """Where a hint stands in the prompt."""
    sampling: Mapping[str, Any]
    """Sampling parameters."""
    seed: int
    """Seed of the choice of demonstrations."""
    send: RequestCompletions
    """Sends requests to the model."""
    demos: Sequence[Demo] = ()
    """The demonstrations to choose from."""

    def list_requests(self, problem: Problem, hint: Hint, indexes: range) -> list[CompletionRequest]:
        """Make one request, and a completion of it for each index."""
        demos = select_demos(self.demos, problem, self.prompt.shots, self.seed)
        messages = format_messages(problem, hint, self.prompt, self.hint, demos)
        request = self._make_request(problem.problem_id, messages, hint)
        return [CompletionRequest(problem, request, index) for index in indexes]

    def make_follow_up(self, request: CompletionRequest, answer: Answer) -> CompletionRequest | None:
        """Make the second request of a two-call prompt, after the text of the first answer, else its reasoning."""
        text = answer.reasoning if answer.reasoning and not answer.text else answer.text
        if self.prompt.template != "cot_two_call" or text is None:
            return None
        problem, first = request.problem, request.request
        messages = format_second_call(first.messages, text, problem)
        return CompletionRequest(problem, self._make_request(problem.problem_id, messages, first.hint), 0)

    def request_completions(
        self, requests: Sequence[CompletionRequest]
    ) -> Iterator[list[ReceivedResponse | FailedRequest]]:
        """Send requests to the model."""
        return self.send(requests)

    def _make_request(self, problem_id: str, messages: tuple[Message, ...], hint: Hint) -> Request:
        return Request(
            problem_id=problem_id,
            messages=messages,
            model=self.model,
            endpoint=self.endpoint,
            sampling=self.sampling,
            hint=hint,
        )


def open_prompted(  # noqa: PLR0913 - what the backends differ in
    loaded: LoadedRecipe,
    teacher: OpenAITeacher | TransformersTeacher,
    problems: pl.DataFrame,
    *,
    model: str,
    endpoint: str,
    sampling: Mapping[str, Any],
    send: RequestCompletions,
) -> OpenedBackend:
    """Open a teacher with the prompt of its recipe, and find the demonstrations that the prompt names.

    Raises:
        InputError: the demonstrations can't be read or are too few.
    """
    demos, inputs = find_demos(loaded, teacher.prompt, problems)
    backend = PromptedBackend(
        model=model,
        endpoint=endpoint,
        prompt=teacher.prompt,
        hint=teacher.hint,
        sampling=sampling,
        seed=loaded.recipe.seed,
        send=send,
        demos=demos,
    )
    return OpenedBackend(backend, inputs)
