"""Teachers that are asked by prompt: which requests a problem comes to, whoever answers them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cotloom.builder.teacher.backends.protocol import Answered, Failed, Wanted
from cotloom.builder.teacher.demonstrations import Demo, shown
from cotloom.builder.teacher.prompts import messages, second_call
from cotloom.builder.teacher.request import Answer, Request
from cotloom.schemas.example import Message
from cotloom.schemas.manifest import Input
from cotloom.schemas.problem import Problem
from cotloom.schemas.recipe import HintPolicy, Prompt
from cotloom.schemas.sample import Hint, Sample

Ask = Callable[[Sequence[Wanted]], Iterator[list[Answered | Failed]]]
"""Gets answers to what is wanted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompted:
    """A teacher that is asked by prompt."""

    model: str
    """The teacher's name."""
    endpoint: str
    """The server's name in the ledger."""
    prompt: Prompt
    """How a problem is put."""
    hint: HintPolicy
    """Where a hint stands."""
    sampling: Mapping[str, Any]
    """Sampling parameters."""
    seed: int
    """Key of the demonstrations' draw."""
    asks: Ask
    """Who answers."""
    demos: Sequence[Demo] = ()
    """The demonstrations there are."""
    inputs: list[Input] = field(default_factory=list)
    """The files they came from."""
    strays: list[Sample] = field(default_factory=list)
    """Nothing."""

    def wanted(self, problem: Problem, hint: Hint, indexes: range) -> list[Wanted]:
        """One request, and an answer to it for each index."""
        demos = shown(self.demos, problem, self.prompt.shots, self.seed)
        request = self._request(problem.problem_id, messages(problem, hint, self.prompt, self.hint, demos), hint)
        return [Wanted(problem, request, index) for index in indexes]

    def follow_up(self, wanted: Wanted, answer: Answer) -> Wanted | None:
        """The second call of a two-call prompt."""
        if self.prompt.template != "cot_two_call" or answer.text is None:
            return None
        chat = second_call(wanted.request.messages, answer.text, wanted.problem.answer_type)
        return Wanted(wanted.problem, self._request(wanted.problem.problem_id, chat, wanted.request.hint), 0)

    def ask(self, wanted: Sequence[Wanted]) -> Iterator[list[Answered | Failed]]:
        """Get answers."""
        return self.asks(wanted)

    def _request(self, problem_id: str, chat: tuple[Message, ...], hint: Hint) -> Request:
        return Request(
            problem_id=problem_id,
            messages=chat,
            model=self.model,
            endpoint=self.endpoint,
            sampling=self.sampling,
            hint=hint,
        )
