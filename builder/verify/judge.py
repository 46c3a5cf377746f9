"""Judge one text against one problem, as a pure function."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...schemas.problem import Problem
from ...schemas.reasons import ORDER, Reason, Verdict
from ...schemas.recipe import Verify
from ...schemas.sample import (
    ExternalFinding,
    FaultKind,
    Grade,
    GradeQuestion,
    Hint,
    Part,
    RationaleFault,
    Span,
    Step,
    Votes,
)
from ..patterns import SearchError
from ..text.equations import Equation
from ..text.options import format_question
from ..text.traces import join_parts
from .blind import check_blind, cut_before_answer
from .graded import check_rationale
from .hint_leakage import find_parroting
from .order import find_disorder
from .rationale import Rationale, find_faults, list_dropping
from .steps import Steps, check_parts
from .verdict import AT_THE_LIMIT, CUT_OFF, FoundAnswer, SampleFacts, find_answer

_KEPT = frozenset({Verdict.CORRECT, Verdict.UNCHECKED})
"""The verdicts of samples that are kept, unless their reasoning is dropped. `agreed` is none that one text can get: see
`consensus`."""

_SOUND = _KEPT | {Verdict.NO_CONSENSUS}
"""The verdicts of samples whose reasoning decides, now or once the samples of their problem agree."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """The result of checking one sample."""

    verdict: Verdict
    """Whether its final answer is correct, or why that is not known."""
    predicted: str | None = None
    """The final answer as read."""
    span: Span | None = None
    """Its position in the part that states it."""
    answer_part: Part | None = None
    """That part."""
    rule: str | None = None
    """The reading rule that found it."""
    steps: tuple[Step, ...] = ()
    """Its checked equations."""
    faults: tuple[RationaleFault, ...] = ()
    """What else is wrong with its rationale."""
    blind_predicted: str | None = None
    """The final answer of the blind check."""
    answer_votes: Votes | None = None
    """A grader's votes on the answer."""
    rationale_votes: Votes | None = None
    """A grader's votes on the rationale."""
    external: ExternalFinding | None = None
    """What a command of the user's found."""
    open_question: GradeQuestion | None = None
    """What a grader is still to be asked before the sample can be kept."""
    reason: Reason | None = None
    """Why the sample is dropped; None where it is kept."""
    detail: str | None = None
    """An explanation of verdict and reason."""
    rationale_reason: Reason | None = None
    """Of a problem without a gold answer: why its reasoning drops the sample even where others agree with it."""
    rationale_detail: str | None = None
    """An explanation of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _CheckedRationale:
    """What was found about a rationale, whatever its answer is."""

    steps: Steps
    faults: tuple[RationaleFault, ...]
    parroting: str | None
    disorder: str | None
    parts: Mapping[Part, str]


def judge(  # noqa: PLR0913 - what a caller knows of a text is handed in, each by its name
    problem: Problem,
    text: str | None,
    *,
    reasoning: str | None = None,
    finish_reason: str | None = None,
    hint: Hint = Hint.NONE,
    blind_text: str | None = None,
    grades: Sequence[Grade] = (),
    external: ExternalFinding | None = None,
    pattern: str | None = None,
    policy: Verify | None = None,
    equations: Mapping[Part, Sequence[Equation]] | None = None,
) -> Judgement:
    """Judge an answer to a problem.

    The final answer is read from the text; from the reasoning only where the text states none. Equations of both are
    checked, and only those of the text can drop the answer: what reasoning says may be withdrawn later in it.

    Args:
        problem: the question and its gold answer. Without one, and with `verify.consensus`, the verdict on a single
            text is `no_consensus`; `decide_consensus` decides about all samples of a problem.
        text: the text of the answer; None where there is none.
        reasoning: its reasoning, where it was told apart.
        finish_reason: why generation stopped; `length` makes the verdict truncated, whatever the text says.
        hint: whether the teacher was shown the gold answer.
        blind_text: what the teacher answered after the rationale alone, without the hint; None where it was not asked.
        grades: what a grading model wrote about it.
        external: what a command of the user's found about it.
        pattern: see `read_answer`; by default the policy's pattern.
        policy: whether correct answers with wrong steps or parroted hints are dropped, and the longest text.
        equations: the equations of each part from `find_equations`, where the caller has found them already.

    Raises:
        PatternError: the pattern can't be used.
    """
    policy = policy or Verify()
    parts = {part: words for part, words in ((Part.REASONING, reasoning), (Part.TEXT, text)) if words and words.strip()}
    length = sum(map(len, parts.values()))
    facts = SampleFacts(finish_reason=finish_reason, hint=hint, grades=grades, external=external)
    if not parts:
        return _judge_empty(finish_reason)
    if length > policy.max_characters:
        return _judge_long(length, policy.max_characters, finish_reason)
    try:
        answer = find_answer(problem, parts, facts, policy, pattern)
    except SearchError as error:
        return Judgement(verdict=Verdict.CHECK_FAILED, reason=Reason.CHECK_FAILED, detail=error.message)
    rationale = _check_rationale(problem, parts, facts, answer, policy, equations)
    judgement = _join_findings(answer, rationale, policy, external)
    if hint is Hint.HINTED and policy.blind_check == "hinted" and judgement.reason is None:
        judgement = _add_blind_check(problem, parts, judgement, blind_text, policy)
    if policy.model_graded == "rationale" and _may_be_kept(judgement):
        judgement = _add_rationale_votes(parts, judgement, grades)
    return judgement


def _check_rationale(
    problem: Problem,
    parts: Mapping[Part, str],
    facts: SampleFacts,
    answer: FoundAnswer,
    policy: Verify,
    equations: Mapping[Part, Sequence[Equation]] | None,
) -> _CheckedRationale:
    """Check the equations of a rationale, and look for its faults."""
    reading, part, verdict, _ = answer.found
    steps = check_parts(problem.question or "", parts, equations)
    rationale = Rationale(
        problem=problem,
        parts=parts,
        reading=reading,
        answer_part=part,
        steps=steps,
        is_limited=facts.finish_reason == CUT_OFF,
    )
    parroting = None
    if facts.hint is Hint.HINTED and verdict is Verdict.CORRECT and reading is not None:
        asked = f"{format_question(problem.question or '', problem.choices)}\n{problem.answer}"
        whole = join_parts(parts.get(Part.REASONING), parts.get(Part.TEXT))
        parroting = find_parroting(asked, whole, steps.steps, reading.span, part)
    return _CheckedRationale(
        steps=steps,
        faults=find_faults(rationale, policy.faults),
        parroting=parroting,
        disorder=find_disorder(parts, policy.order, stop_at_first=policy.stop_at_first) if policy.order else None,
        parts=parts,
    )


def _join_findings(
    answer: FoundAnswer, rationale: _CheckedRationale, policy: Verify, external: ExternalFinding | None
) -> Judgement:
    """Join what was found about answer and rationale: the reason of the first rank decides."""
    reading, part, verdict, detail = answer.found
    refusals = _list_refusals(rationale.faults, policy)
    own = _list_rationale_reasons(rationale, policy) if verdict in _SOUND else []
    reason, detail = _merge_reasons([*_list_answer_reasons(verdict, detail), *refusals, *own])
    alone = _merge_reasons([*refusals, *own]) if verdict is Verdict.NO_CONSENSUS else (None, None)
    return Judgement(
        verdict=verdict,
        predicted=reading.answer if reading else None,
        span=reading.span if reading else None,
        answer_part=part if reading else None,
        rule=reading.rule if reading else None,
        steps=rationale.steps.steps,
        faults=(*rationale.faults, *_list_found_faults(rationale)),
        answer_votes=answer.votes,
        external=external,
        open_question=None if reason is Reason.REFUSED else answer.question,
        reason=reason,
        detail=detail,
        rationale_reason=alone[0],
        rationale_detail=alone[1],
    )


def _list_found_faults(rationale: _CheckedRationale) -> Iterator[RationaleFault]:
    """List as faults what the hint and the order of the reasoning showed."""
    if rationale.parroting:
        yield _make_fault(FaultKind.HINT_PARROTED, rationale.parts, rationale.parroting)
    if rationale.disorder:
        yield _make_fault(FaultKind.OUT_OF_ORDER, rationale.parts, rationale.disorder)


def _may_be_kept(judgement: Judgement) -> bool:
    """Whether a sample would be kept, at once or where the samples of its problem agree."""
    is_alone = judgement.verdict is Verdict.NO_CONSENSUS
    return (judgement.rationale_reason if is_alone else judgement.reason) is None


def _add_rationale_votes(parts: Mapping[Part, str], judgement: Judgement, grades: Sequence[Grade]) -> Judgement:
    """Drop a sample whose rationale a grader rejects."""
    found = check_rationale(parts, grades)
    judgement = replace(judgement, rationale_votes=found.votes, open_question=found.question)
    if found.reason is None:
        return judgement
    if judgement.verdict is Verdict.NO_CONSENSUS:
        return replace(judgement, rationale_reason=found.reason, rationale_detail=found.detail)
    return replace(judgement, reason=found.reason, detail=found.detail)


def _add_blind_check(
    problem: Problem, parts: Mapping[Part, str], judgement: Judgement, blind_text: str | None, policy: Verify
) -> Judgement:
    """Drop a hinted sample whose answer does not follow from its rationale."""
    rationale = cut_before_answer(
        problem,
        text=parts.get(Part.TEXT),
        reasoning=parts.get(Part.REASONING),
        span=judgement.span,
        answer_part=judgement.answer_part,
    )
    found = check_blind(problem, blind_text, rationale, policy)
    return replace(judgement, blind_predicted=found.predicted, reason=found.reason, detail=found.detail)


def _judge_empty(finish_reason: str | None) -> Judgement:
    """Judge an empty answer: truncated where the token limit was reached, else no answer."""
    if finish_reason == CUT_OFF:
        return Judgement(verdict=Verdict.TRUNCATED, reason=Reason.TRUNCATED, detail=AT_THE_LIMIT)
    return Judgement(verdict=Verdict.NO_ANSWER, reason=Reason.NO_ANSWER, detail="the answer is empty")


def _judge_long(length: int, limit: int, finish_reason: str | None) -> Judgement:
    """Judge a text that is too long to be read: nothing is known of its answer."""
    detail = f"{length:,} characters; verify.max_characters is {limit:,}"
    if finish_reason == CUT_OFF:
        return Judgement(
            verdict=Verdict.TRUNCATED, reason=Reason.TRUNCATED, detail=f"{AT_THE_LIMIT}; also too_long: {detail}"
        )
    return Judgement(verdict=Verdict.UNVERIFIABLE, reason=Reason.TOO_LONG, detail=detail)


def _list_answer_reasons(verdict: Verdict, detail: str | None) -> list[tuple[Reason, str | None]]:
    return [] if verdict in _KEPT else [(Reason(verdict.value), detail)]


def _list_refusals(faults: Sequence[RationaleFault], policy: Verify) -> list[tuple[Reason, str | None]]:
    """List the refusal, which is the reason whatever the verdict is."""
    return [item for item in list_dropping(tuple(faults), policy.faults) if item[0] is Reason.REFUSED]


def _make_fault(kind: FaultKind, parts: Mapping[Part, str], detail: str) -> RationaleFault:
    """Make the fault of a whole part: of the response, where there is one."""
    part = Part.TEXT if Part.TEXT in parts else Part.REASONING
    return RationaleFault(kind=kind, part=part, start=0, end=len(parts[part]), detail=detail)


def _list_rationale_reasons(rationale: _CheckedRationale, policy: Verify) -> list[tuple[Reason, str | None]]:
    """List what is wrong with the reasoning of an answer that is kept, where the policy drops it."""
    reasons: list[tuple[Reason, str | None]] = []
    wrong = rationale.steps.first_wrong
    if wrong and policy.steps != "tag":
        reasons.append((Reason.WRONG_STEP, f"{wrong.text} (should be {wrong.actual})"))
    if rationale.disorder:
        reasons.append((Reason.OUT_OF_ORDER, rationale.disorder))
    if rationale.parroting and policy.hint_parroting == "drop":
        reasons.append((Reason.HINT_PARROTED, rationale.parroting))
    faults = list_dropping(rationale.faults, policy.faults)
    return reasons + [item for item in faults if item[0] is not Reason.REFUSED]


def _merge_reasons(reasons: list[tuple[Reason, str | None]]) -> tuple[Reason | None, str | None]:
    """Take the first reason in the order of all; the others are named in its detail."""
    if not reasons:
        return None, None
    (reason, detail), *others = sorted(reasons, key=lambda item: ORDER[item[0]])
    return reason, "; ".join([detail or "", *(f"also {other.value}" for other, _ in others)]).strip("; ") or None
