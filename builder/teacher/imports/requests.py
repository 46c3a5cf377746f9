"""The requests that a recipe would make, found by what an answer from elsewhere has in common with them.

In memory are the problems and some hashes of each request; a request is formatted again when it is needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from ....schemas.example import Message
from ....schemas.frames import from_frame
from ....schemas.ids import NotCanonicalError, format_canonical
from ....schemas.problem import Problem
from ....schemas.runtime import Runtime
from ....schemas.sample import Hint
from ...errors import InputError
from ...recipe import LoadedRecipe
from ...text.options import format_question
from ..asked import AskedProblems
from ..backends import open_backend
from ..backends.prompted import PromptedBackend
from ..request import Request
from ..shares import select_share


class RequestAgreement(StrEnum):
    """What an answer has in common with the requests of a recipe: the most that is found."""

    REQUEST = "request"
    """It answers one of them."""
    MESSAGES = "messages"
    """Messages and model are those of one; endpoint or sampling differ, or are not recorded."""
    QUESTION = "question"
    """The question and the model are; the prompt differs, or is not recorded."""
    OTHER_QUESTION = "other_question"
    """The model is; the question is none of the recipe's, or more than one problem has it."""
    OTHER_MODEL = "other_model"
    """No teacher of the recipe is this model."""


@dataclass(frozen=True, slots=True)
class _Target:
    """A request that can be formatted."""

    backend: PromptedBackend
    problem: Problem
    hint: Hint

    def make_request(self) -> Request:
        """Format the request."""
        return self.backend.list_requests(self.problem, self.hint, range(1))[0].request


@dataclass(slots=True)
class RequestIndex:
    """The requests of a recipe."""

    endpoints: dict[str, str] = field(default_factory=dict)
    """For each model that is asked, the endpoint."""
    _targets: list[_Target] = field(default_factory=list)
    _digests: dict[str, int] = field(default_factory=dict)
    _chats: dict[bytes, int] = field(default_factory=dict)
    _questions: dict[bytes, int | None] = field(default_factory=dict)

    def add(self, backend: PromptedBackend, problem: Problem, hint: Hint) -> None:
        """Add the request of a problem. Of two with the same messages to one model, the first is found."""
        target = _Target(backend, problem, hint)
        request, number = target.make_request(), len(self._targets)
        self._targets.append(target)
        self.endpoints.setdefault(backend.model, backend.endpoint)
        self._digests.setdefault(request.digest, number)
        self._chats.setdefault(_hash_chat(backend.model, request.messages), number)
        if hint is Hint.NONE and backend.hint.mode != "always":
            self._add_question(backend.model, problem, number)

    def _add_question(self, model: str, problem: Problem, number: int) -> None:
        """Add a question; one that stands for two problems stands for none."""
        key = _hash_question(model, format_question(problem.question or "", problem.choices))
        other = self._questions.setdefault(key, number)
        if other is not None and self._targets[other].problem.problem_id != problem.problem_id:
            self._questions[key] = None

    def find(
        self, model: str, own: Request | None, messages: Sequence[Message] | None, question: str | None
    ) -> tuple[RequestAgreement, Request | None]:
        """Find the request that an answer has the most in common with; None where it is none of the recipe's.

        Args:
            model: who wrote the answer.
            own: the request that it answers, where that is known.
            messages: the prompt, where it is known.
            question: the question, where it is known.
        """
        if model not in self.endpoints:
            return RequestAgreement.OTHER_MODEL, None
        found = None if own is None else self._digests.get(own.digest)
        if found is not None:
            return RequestAgreement.REQUEST, self._targets[found].make_request()
        found = None if messages is None else self._chats.get(_hash_chat(model, messages))
        if found is not None:
            return RequestAgreement.MESSAGES, self._targets[found].make_request()
        found = None if question is None else self._questions.get(_hash_question(model, question))
        if found is not None:
            return RequestAgreement.QUESTION, self._targets[found].make_request()
        return RequestAgreement.OTHER_QUESTION, None


def index_requests(loaded: LoadedRecipe, problems: AskedProblems, runtime: Runtime) -> RequestIndex:
    """Index the first request of each problem to each teacher: without a hint, and with one where the recipe has it.

    Args:
        loaded: the recipe.
        problems: the problems that would be asked.
        runtime: how a live teacher is requested; nothing is.

    Raises:
        InputError: the recipe has no teacher that is asked with a prompt, or it can't be opened.
    """
    index, opened = RequestIndex(), {}
    for key, teacher in loaded.recipe.sampled_teachers.items():
        backend = open_backend(loaded, key, teacher, problems, runtime).backend
        if isinstance(backend, PromptedBackend):
            opened[key] = (teacher, backend)
    if not opened:
        raise InputError(
            f"the recipe {loaded.recipe.name} asks no model with a prompt, so imported answers can't be its own",
            hint="answers as they are: teacher: {backend: recorded, answers: {path: FILE, ...}}",
            keys=("teacher",),
        )
    for frame in problems.iterate():
        for teacher, backend in opened.values():
            for problem in from_frame(select_share(frame, teacher.share), Problem):
                for hint in _HINTS[teacher.hint.mode]:
                    index.add(backend, problem, hint)
    return index


_HINTS: Mapping[str, Sequence[Hint]] = {
    "none": (Hint.NONE,),
    "always": (Hint.HINTED,),
    "fallback": (Hint.NONE, Hint.HINTED),
}
"""The hints that the requests of a recipe may have."""


def _hash_chat(model: str, messages: Sequence[Message]) -> bytes:
    return _hash_values(model, *((message.role.value, message.content) for message in messages))


def _hash_question(model: str, question: str) -> bytes:
    """Hash a question; runs of white space are one space."""
    return _hash_values(model, " ".join(question.split()))


def _hash_values(*values: object) -> bytes:
    try:
        content = format_canonical(values)
    except NotCanonicalError:  # half of a surrogate pair: no request of ours has one
        return b""
    return blake2b(content.encode(), digest_size=16).digest()
