"""Estimate the calls of a build before any is made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from ...schemas.frames import from_frame
from ...schemas.problem import AnswerType, Problem
from ...schemas.recipe import Recipe
from ...schemas.runtime import Runtime
from ...schemas.sample import Hint
from ...schemas.teacher import SampledTeacher
from ..recipe import LoadedRecipe
from ..text.traces import part_trace
from .asked import AskedProblems
from .backends import open_backend
from .backends.prompted import PromptedBackend
from .backends.protocol import Backend, OpenedBackend, PaidModel
from .ledger import Ledger
from .request import Request
from .shares import select_share, warn_unasked

LOOKED = 200
"""How many requests with answers in the ledger are looked at, to see whether the teacher reasons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEstimate:
    """How many answers a build would request."""

    problems: int
    """Problems to sample."""
    new: int
    """Answers of the first round that would be requested."""
    ledger: int
    """Answers of the first round that are in the ledger."""
    most: int
    """The most answers of all rounds, hinted ones too, each of one or two calls."""
    calls: int
    """Calls for each answer."""
    paid: bool
    """Whether an answer may cost money."""
    request: Request | None
    """The first request."""
    requests: tuple["PlannedRequest", ...] = ()
    """The first request of each prompt of each teacher."""
    blind: int = 0
    """The most calls of blind checks; they are among `most`."""
    graded: int = 0
    """The most votes of a grader; they come on top of `most`."""
    volumes: tuple["TeacherVolume", ...] = ()
    """What each teacher would be asked, those who solve before the one who grades."""
    reasoned: int = 0
    """Known answers with reasoning apart from their response; of those in the ledger, the first `LOOKED` are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TeacherVolume:
    """What one teacher would be asked."""

    paid: PaidModel
    """What decides its price."""
    new: int
    """Answers of the first round that are not in the ledger."""
    most: int
    """The most answers that are not in the ledger."""
    prompt_bytes: int
    """Bytes of a prompt, on average."""

    @property
    def longest(self) -> int | None:
        """The most tokens of one answer; None where the recipe sets no bound."""
        return self.paid.longest


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRequest:
    """The first request of a prompt."""

    prompt: str
    """The recipe key of the prompt; that of the teacher where it has none."""
    request: Request
    """The request."""


def estimate_calls(loaded: LoadedRecipe, problems: AskedProblems, ledger: Ledger, runtime: Runtime) -> CallEstimate:
    """Estimate how many answers a build would request. No request is sent.

    Args:
        loaded: the recipe.
        problems: the problems that would be asked.
        ledger: answers that are recorded already.
        runtime: concurrency, timeouts and retries of a live teacher.

    Raises:
        InputError: the teacher can't be opened.
    """
    warn_unasked(loaded.recipe, problems.outline)
    kept = problems.read()
    kinds = kept["answer_type"].to_list()
    parts: list[CallEstimate] = []
    for key, teacher in loaded.recipe.sampled_teachers.items():
        opened = open_backend(loaded, key, teacher, problems, runtime)
        own = list(from_frame(select_share(kept, teacher.share), Problem))
        part = _estimate_teacher(key, teacher, opened, own, ledger, is_first=not parts)
        parts.append(_add_blind_checks(part, teacher) if loaded.recipe.verify.blind_check == "hinted" else part)
    requests = tuple(request for part in parts for request in part.requests)
    return CallEstimate(
        problems=kept.height,
        new=sum(part.new for part in parts),
        ledger=sum(part.ledger for part in parts),
        most=sum(part.most for part in parts),
        calls=max(part.calls for part in parts),
        paid=any(part.paid for part in parts) or is_grader_paid(loaded.recipe),
        request=requests[0].request if requests else None,
        requests=requests,
        blind=sum(part.blind for part in parts),
        graded=sum(estimate_votes(loaded.recipe, kinds, part.most - part.blind) for part in parts),
        volumes=tuple(volume for part in parts for volume in part.volumes),
        reasoned=sum(part.reasoned for part in parts),
    )


def estimate_votes(recipe: Recipe, kinds: Sequence[str], answers: int) -> int:
    """Estimate the most votes that a recipe's grader gives on some answers, of which all problems have as many.

    Args:
        recipe: the recipe.
        kinds: the answer types of the problems.
        answers: the most answers to them.
    """
    if recipe.grader is None or not kinds:
        return 0
    share = list(kinds).count(AnswerType.MODEL_GRADED) / len(kinds)
    questions = share + (recipe.verify.model_graded == "rationale")
    return math.ceil(answers * questions) * recipe.grader.votes


def is_grader_paid(recipe: Recipe) -> bool:
    """Whether a vote of a recipe's grader may cost money."""
    return recipe.grading_teacher is not None and recipe.grading_teacher[1].backend == "openai"


def _estimate_teacher(
    key: str, teacher: SampledTeacher, opened: OpenedBackend, kept: Sequence[Problem], ledger: Ledger, *, is_first: bool
) -> CallEstimate:
    """Estimate the answers of one teacher. What a later one with a target is asked depends on the earlier ones."""
    backend = opened.backend
    paths, hints = teacher.paths, teacher.hint
    first_hint = Hint.HINTED if hints.mode == "always" else Hint.NONE
    requests = [request for p in kept for request in backend.list_requests(p, first_hint, range(paths.round))]
    first_texts = [request.request.messages for request in requests[:LOOKED]]
    sizes = [sum(len(message.content.encode(errors="replace")) for message in messages) for messages in first_texts]
    is_certain = is_first or paths.target is None
    recorded = ledger.find_keys(request.request.digest for request in requests)
    known = sum(request.key in recorded for request in requests)
    most_each = max(paths.max or 0, paths.round) + (paths.round if hints.mode == "fallback" else 0)
    prompts = {request.problem.problem_id: _name_prompt(key, backend, request.problem) for request in requests}
    first = {prompts[request.problem.problem_id]: request.request for request in reversed(requests)}
    templates = [ready.prompt.template for ready in backend.prompts.values()] if _is_prompted(backend) else []
    new = len(requests) - known if is_certain else 0
    most = len(kept) * most_each if templates else len(requests)
    size = sum(sizes) // max(len(sizes), 1)
    return CallEstimate(
        problems=len(kept),
        new=new,
        ledger=known,
        most=most,
        volumes=(TeacherVolume(paid=opened.paid, new=new, most=most - known, prompt_bytes=size),),
        calls=2 if "cot_two_call" in templates else 1,
        paid=teacher.backend == "openai",
        request=requests[0].request if requests else None,
        requests=tuple(PlannedRequest(prompt=prompt, request=first[prompt]) for prompt in sorted(first)),
        reasoned=_count_reasoned(ledger, sorted({digest for digest, _ in recorded})[:LOOKED]),
    )


def _add_blind_checks(estimate: CallEstimate, teacher: SampledTeacher) -> CallEstimate:
    """Add one call for each hinted answer: at most all of them are right, and checked."""
    paths, mode = teacher.paths, teacher.hint.mode
    hinted = {"none": 0, "fallback": paths.round, "always": max(paths.max or 0, paths.round)}[mode]
    blind = estimate.problems * hinted
    return replace(estimate, most=estimate.most + blind, blind=blind)


def _is_prompted(backend: Backend) -> TypeGuard[PromptedBackend]:
    return isinstance(backend, PromptedBackend)


def _name_prompt(key: str, backend: Backend, problem: Problem) -> str:
    """Name the recipe key of the prompt that a problem gets."""
    if not _is_prompted(backend) or backend.by is None:
        return key
    value = getattr(problem, backend.by)
    return f"{key}.prompts.of.{value}" if value in backend.prompts else f"{key}.prompt"


def _count_reasoned(ledger: Ledger, digests: Sequence[str]) -> int:
    """Count the answers to some requests that have reasoning of their own."""
    answers = (answer for _, answer in ledger.read_answers(digests))
    return sum(part_trace(answer.text, answer.reasoning).reasoning is not None for answer in answers)
