"""Look for all faults of a rationale that the policy asks for."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ....schemas.problem import AnswerType, Problem
from ....schemas.reasons import Reason
from ....schemas.recipe import FaultPolicy, Faults
from ....schemas.sample import FaultKind, Part, RationaleFault, StepOutcome
from ..reading import Reading
from ..steps import Steps
from .answer_first import find_early_answer
from .endings import find_cut
from .language import find_other_language
from .loops import find_loop
from .place import FaultPlace
from .refusals import find_refusal
from .restated import find_restating


class Rationale(NamedTuple):
    """A rationale, and what is known of it."""

    problem: Problem
    """The problem that it answers."""
    parts: Mapping[Part, str]
    """The response, and the reasoning where it was told apart."""
    reading: Reading | None
    """The answer that was read."""
    answer_part: Part
    """The part that it was read from."""
    steps: Steps
    """The equations."""
    is_limited: bool = False
    """Whether the server reports that it cut the answer off itself."""


def find_faults(rationale: Rationale, policy: Faults) -> tuple[RationaleFault, ...]:
    """Find the faults of a rationale that a policy does not ignore."""
    policies = policy.__dict__
    return tuple([
        RationaleFault(kind=kind, part=part, start=place.start, end=place.end, detail=place.detail)
        for part, text in rationale.parts.items()
        for kind, key, find in _FIND[part]
        if policies[key] is not FaultPolicy.IGNORE and (place := find(rationale, part, text)) is not None
    ])  # fmt: skip


_REASONS: Mapping[FaultKind, Reason] = {
    FaultKind.REFUSED: Reason.REFUSED,
    FaultKind.DEGENERATE: Reason.DEGENERATE,
    FaultKind.CUT_OFF: Reason.CUT_OFF,
    FaultKind.TRACE_CUT_OFF: Reason.TRACE_CUT_OFF,
    FaultKind.ANSWER_FIRST: Reason.ANSWER_FIRST,
    FaultKind.RESTATED: Reason.RESTATED,
    FaultKind.OTHER_LANGUAGE: Reason.OTHER_LANGUAGE,
    FaultKind.TRACE_LANGUAGE: Reason.TRACE_LANGUAGE,
}
"""The reason for which each fault drops a sample."""


def list_dropping(faults: tuple[RationaleFault, ...], policy: Faults) -> list[tuple[Reason, str | None]]:
    """List the faults for which a policy drops a sample, as reasons."""
    return [
        (_REASONS[fault.kind], fault.detail)
        for fault in faults
        if getattr(policy, fault.kind.value, FaultPolicy.TAG) is FaultPolicy.DROP
    ]


def _find_refusal(_rationale: Rationale, _part: Part, text: str) -> FaultPlace | None:
    return find_refusal(text)


def _find_loop(_rationale: Rationale, _part: Part, text: str) -> FaultPlace | None:
    return find_loop(text)


def _find_cut(rationale: Rationale, part: Part, text: str) -> FaultPlace | None:
    if rationale.is_limited:
        return None
    reading = rationale.reading if part is rationale.answer_part else None
    return find_cut(text, reading, rationale.problem.question or "")


def _find_language(rationale: Rationale, _part: Part, text: str) -> FaultPlace | None:
    problem = rationale.problem
    return find_other_language(problem.question or "", text, problem.language)


def _find_early_answer(rationale: Rationale, part: Part, text: str) -> FaultPlace | None:
    if len(rationale.parts) > 1 or part is not rationale.answer_part:
        return None
    problem = rationale.problem
    return find_early_answer(text, rationale.reading, problem.answer_type, problem.choices)


def _find_restating(rationale: Rationale, _part: Part, _text: str) -> FaultPlace | None:
    if any(step.outcome is not StepOutcome.UNCHECKED for step in rationale.steps.steps):
        return None
    problem, reading = rationale.problem, rationale.reading
    answers = [problem.answer or "", *([reading.answer] if reading else [])]
    is_logical = problem.answer_type is AnswerType.BOOLEAN
    return find_restating([problem.question or "", *problem.choices], answers, rationale.parts, is_logical=is_logical)


_Find = Callable[[Rationale, Part, str], FaultPlace | None]

_FIND: Mapping[Part, Sequence[tuple[FaultKind, str, _Find]]] = {
    Part.TEXT: (
        (FaultKind.REFUSED, "refused", _find_refusal),
        (FaultKind.DEGENERATE, "degenerate", _find_loop),
        (FaultKind.CUT_OFF, "cut_off", _find_cut),
        (FaultKind.ANSWER_FIRST, "answer_first", _find_early_answer),
        (FaultKind.RESTATED, "restated", _find_restating),
        (FaultKind.OTHER_LANGUAGE, "other_language", _find_language),
    ),
    Part.REASONING: (
        (FaultKind.DEGENERATE, "degenerate", _find_loop),
        (FaultKind.TRACE_CUT_OFF, "trace_cut_off", _find_cut),
        (FaultKind.TRACE_LANGUAGE, "trace_language", _find_language),
    ),
}
"""How each fault of a part is found, with its key in the policy."""
