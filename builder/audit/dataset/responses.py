"""What an audit knows of a response: its layout, whether it says anything, its verdict, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ....schemas.problem import Problem
from ....schemas.reasons import Verdict
from ....schemas.recipe import ConsensusRule, FaultPolicy, Faults, Verify
from ....schemas.sample import FaultKind
from ...teacher.recorded_rows import RawAnswer
from ...text.layouts import UNTAGGED, TraceShape, find_layout, has_empty_thoughts, is_placeholder
from ...text.traces import part_trace
from ...verify import Judgement, Steps, judge
from ...verify.reading import GUESSED
from .columns import FINISH, LABEL
from .questions import find_copied, find_garbled

COLUMN_LAYOUT = "a column of its own"
"""The layout of reasoning that stands beside its response."""

_LIMIT = frozenset({"length", "max_tokens", "max_length", "max_output_tokens"})
"""What a reason to stop says where a limit cut a response off."""

_POLICY = Verify(
    steps="tag",
    consensus=ConsensusRule(),
    faults=Faults(
        refused=FaultPolicy.TAG,
        degenerate=FaultPolicy.TAG,
        cut_off=FaultPolicy.TAG,
        answer_first=FaultPolicy.IGNORE,
        restated=FaultPolicy.IGNORE,
        other_language=FaultPolicy.TAG,
    ),
)
"""Nothing is dropped: every fault is only looked for."""

_FAULTS: Mapping[FaultKind, str] = {
    FaultKind.CUT_OFF: "cut",
    FaultKind.TRACE_CUT_OFF: "cut_trace",
    FaultKind.DEGENERATE: "loop",
    FaultKind.REFUSED: "refusal",
    FaultKind.OTHER_LANGUAGE: "foreign",
    FaultKind.TRACE_LANGUAGE: "foreign",
}
"""The field of each fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseFacts:
    """What is known of a response. The fields behind `judged` are null where it was not judged."""

    layout: str
    """How its reasoning is set apart."""
    shape: str
    """Whether the tags are balanced."""
    is_empty: bool
    """Whether it has neither reasoning nor a response."""
    thought: str
    """`filled`, `empty`, or `none` where no reasoning is set apart."""
    copied: str | None
    """Its end, where that stands in the question."""
    garbled: str | None
    """The first characters that were decoded wrongly."""
    judged: bool = False
    """Whether it was judged."""
    verdict: str | None = None
    """Its verdict against the gold answer; null without one."""
    predicted: str | None = None
    """The answer that was read."""
    guessed: bool | None = None
    """Whether it was read without a mark."""
    wrong_step: str | None = None
    """The first wrong equation of the response, with the correct value."""
    cut: str | None = None
    """How it ends in its middle."""
    cut_trace: str | None = None
    """How its reasoning does."""
    loop: str | None = None
    """What it repeats over and over."""
    refusal: str | None = None
    """How it refuses."""
    foreign: str | None = None
    """In which other language it is."""


def describe_response(problem: Problem, answer: RawAnswer) -> ResponseFacts:
    """Describe a response without judging it.

    Args:
        problem: the question.
        answer: the response as its row holds it.
    """
    trace = part_trace(answer.text, answer.reasoning)
    layout = find_layout(answer.text)
    has_channel = answer.item.reasoning is not None or answer.reasoning is not None
    is_apart = layout.name != UNTAGGED or has_channel
    thought = "none"
    if is_apart:
        is_blank = is_placeholder(trace.reasoning or "") and layout.name != "Thought:"
        thought = "empty" if is_blank or has_empty_thoughts(answer.text) else "filled"
    return ResponseFacts(
        layout=layout.name if layout.name != UNTAGGED or not has_channel else COLUMN_LAYOUT,
        shape=layout.shape.value,
        is_empty=not (trace.reasoning or "").strip() and not (trace.response or "").strip(),
        thought=thought,
        copied=find_copied(problem.question or "", answer.text),
        garbled=find_garbled(answer.text),
    )


def add_judgement(facts: ResponseFacts, problem: Problem, answer: RawAnswer, *, is_solution: bool) -> ResponseFacts:
    """Judge a response: its answer against the gold answer, its equations, its end and its language."""
    trace = part_trace(answer.text, answer.reasoning)
    finish = "length" if is_cut_off(answer) else None
    found = judge(problem, trace.response, reasoning=trace.reasoning, finish_reason=finish, policy=_POLICY)
    wrong = Steps(steps=found.steps).first_wrong
    has_gold = problem.answer is not None and not is_solution
    return replace(
        facts,
        judged=True,
        verdict=found.verdict.value if has_gold and not facts.is_empty else None,
        predicted=found.predicted if has_gold else None,
        guessed=None if found.rule is None else found.rule in GUESSED,
        wrong_step=None if wrong is None else f"{wrong.text} (should be {wrong.actual})",
        **_list_faults(found, is_unfinished=facts.shape == TraceShape.UNCLOSED),
    )


def _list_faults(found: Judgement, *, is_unfinished: bool) -> dict[str, Any]:
    """List the faults of a rationale by field. What never ends its reasoning is unclosed, and that says it."""
    if found.verdict is Verdict.TRUNCATED or is_unfinished:
        return {}
    return {_FAULTS[fault.kind]: fault.detail for fault in reversed(found.faults) if fault.kind in _FAULTS}


def is_cut_off(answer: RawAnswer) -> bool:
    """Whether its row says that a limit cut the response off."""
    return str(answer.labels.get(FINISH)).strip().lower() in _LIMIT


_FLAGS: Mapping[str, bool] = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def read_label(answer: RawAnswer) -> bool | None:
    """Read whether its row says that the response is correct; None where it does not say."""
    value: Any = answer.labels.get(LABEL)
    return _FLAGS.get(str(value).strip().lower())
