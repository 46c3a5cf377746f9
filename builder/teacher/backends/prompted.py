"""Teachers that are sampled with a prompt: which requests a problem needs, whatever model answers them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import polars as pl

from ....schemas.example import Message
from ....schemas.problem import Problem
from ....schemas.prompt import HintPolicy, Prompt, PromptKey, SecondCall
from ....schemas.sample import Hint
from ....schemas.teacher import Grader, OpenAITeacher, TransformersTeacher
from ...errors import InputError
from ...recipe import LoadedRecipe, list_prompts
from ..asked import AskedProblems
from ..demonstrations import Demo, check_demos, find_demos, select_demos
from ..grading_prompts import GradingTask, format_grading
from ..prompts import format_blind_check, format_messages, format_second_call
from ..request import Answer, Request
from ..shares import select_share
from .protocol import CompletionRequest, OpenedBackend, OpenSender, PaidModel, Sender


@dataclass(frozen=True, slots=True)
class ReadyPrompt:
    """A prompt and its demonstrations."""

    prompt: Prompt
    """How a problem is formatted."""
    demos: Sequence[Demo] = ()
    """The demonstrations to choose from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptedBackend:
    """A teacher that is sampled with prompts."""

    model: str
    """The teacher's name."""
    endpoint: str
    """The server's name in the ledger."""
    prompts: Mapping[str | None, ReadyPrompt]
    """The prompt for each value of the column `by`; that of null is for all other problems."""
    by: PromptKey | None = None
    """The column of a problem that chooses its prompt; null where there is one prompt."""
    hint: HintPolicy
    """Where a hint stands in the prompt."""
    sampling: Mapping[str, Any]
    """Sampling parameters."""
    seed: int
    """Seed of the choice of demonstrations."""
    sending: OpenSender
    """Opens what sends requests to the model."""

    def list_requests(self, problem: Problem, hint: Hint, indexes: range) -> list[CompletionRequest]:
        """Make one request, and a completion of it for each index."""
        ready = self.find_prompt(problem)
        demos = select_demos(ready.demos, problem, ready.prompt.shots, self.seed)
        messages = format_messages(problem, hint, ready.prompt, self.hint, demos)
        request = self._make_request(problem.problem_id, messages, hint, self.sampling)
        return [CompletionRequest(problem, request, index) for index in indexes]

    def find_prompt(self, problem: Problem) -> ReadyPrompt:
        """Find the prompt of a problem."""
        value = None if self.by is None else getattr(problem, self.by)
        return self.prompts.get(value, self.prompts[None])

    def make_follow_up(self, request: CompletionRequest, answer: Answer) -> CompletionRequest | None:
        """Make the second request of a two-call prompt, after the text of the first answer, else its reasoning."""
        text = answer.reasoning if answer.reasoning and not answer.text else answer.text
        problem, first = request.problem, request.request
        prompt = self.find_prompt(problem).prompt
        if prompt.template != "cot_two_call" or text is None:
            return None
        messages = format_second_call(first.messages, text, problem, prompt)
        sampling = {**self.sampling, **dict(_list_changes(prompt.second_call, self.sampling))}
        return CompletionRequest(problem, self._make_request(problem.problem_id, messages, first.hint, sampling), 0)

    def make_blind_check(self, problem: Problem, rationale: str) -> CompletionRequest:
        """Make the request that asks for the answer to a rationale, without a hint, as a second call is sampled."""
        ready = self.find_prompt(problem)
        demos = select_demos(ready.demos, problem, ready.prompt.shots, self.seed)
        messages = format_blind_check(problem, ready.prompt, demos, rationale)
        sampling = {**self.sampling, **dict(_list_changes(ready.prompt.second_call, self.sampling))}
        return CompletionRequest(problem, self._make_request(problem.problem_id, messages, Hint.NONE, sampling), 0)

    def list_votes(self, problem: Problem, task: GradingTask, grader: Grader) -> list[CompletionRequest]:
        """Make the request that asks about a sample, and a completion of it for each vote."""
        messages = format_grading(problem, task, grader)
        request = self._make_request(problem.problem_id, messages, Hint.NONE, self.sampling)
        return [CompletionRequest(problem, request, index, task) for index in range(grader.votes)]

    def open_sender(self) -> AbstractAsyncContextManager[Sender]:
        """Open what sends requests to the model."""
        return self.sending()

    def _make_request(
        self, problem_id: str, messages: tuple[Message, ...], hint: Hint, sampling: Mapping[str, Any]
    ) -> Request:
        return Request(
            problem_id=problem_id,
            messages=messages,
            model=self.model,
            endpoint=self.endpoint,
            sampling=sampling,
            hint=hint,
        )


def _list_changes(second: SecondCall, sampling: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """List the sampling parameters that the second call changes."""
    if second.temperature is not None:
        yield "temperature", second.temperature
    if second.max_tokens is not None:
        longest = "max_completion_tokens"
        yield (longest if longest in sampling else "max_tokens"), second.max_tokens


def open_prompted(  # noqa: PLR0913 - what the backends differ in
    loaded: LoadedRecipe,
    key: str,
    teacher: OpenAITeacher | TransformersTeacher,
    problems: AskedProblems,
    *,
    model: str,
    endpoint: str,
    sampling: Mapping[str, Any],
    open_sender: OpenSender,
    url: str | None = None,
    longest: int | None = None,
) -> OpenedBackend:
    """Open a teacher with the prompts of its recipe, and find the demonstrations that they name.

    Builds take turns in asking it, by the name of its server.

    Raises:
        InputError: demonstrations can't be read, are too few, or answer other questions than those of the problems; or
            a prompt is for no problem.
    """
    by = teacher.prompts.by if teacher.prompts else None
    names = [None, *(teacher.prompts.of if teacher.prompts else ())]
    asked = select_share(problems.outline, teacher.share)
    prompts, inputs = {}, []
    for name, (place, prompt) in zip(names, list_prompts(teacher, key).items(), strict=True):
        own = _select_own(asked, by, name, names[1:], place)
        demos, read = find_demos(loaded, prompt, place, problems)
        check_demos(demos, own, place)
        prompts[name] = ReadyPrompt(prompt, demos)
        inputs += read
    backend = PromptedBackend(
        model=model,
        endpoint=endpoint,
        prompts=prompts,
        by=by,
        hint=teacher.hint,
        sampling=sampling,
        seed=loaded.recipe.seed,
        sending=open_sender,
    )
    paid = PaidModel(model=model, endpoint=endpoint, url=url, longest=longest)
    return OpenedBackend(backend, paid, inputs, endpoint)


def _select_own(
    asked: pl.DataFrame, by: PromptKey | None, name: str | None, named: Sequence[str], place: str
) -> pl.DataFrame:
    """Select the problems of a prompt: those of its name; for the first prompt, those of no name.

    Raises:
        InputError: no problem has that name.
    """
    if by is None:
        return asked
    if name is None:
        return asked.filter(pl.col(by).is_null() | ~pl.col(by).is_in(named))
    own = asked.filter(pl.col(by) == name)
    if asked.height and not own.height:
        known = ", ".join(map(str, asked[by].drop_nulls().unique().sort().head(10))) or "none"
        raise InputError(f"{place}: no problem has the {by} {name!r}", hint=f"there are: {known}", keys=(place,))
    return own
