"""Judge one text against one problem: the pure core of the room."""

from collections.abc import Mapping
from dataclasses import dataclass

from cotloom.builder.verify.compare import Comparison, Outcome, compare
from cotloom.builder.verify.hint_leakage import parroted
from cotloom.builder.verify.read import Reading, read_answer
from cotloom.builder.verify.steps import Steps, check_steps
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import ORDER, Reason, Verdict
from cotloom.schemas.recipe import Verify
from cotloom.schemas.sample import Hint, Span, Step

_VERDICTS: Mapping[Outcome, Verdict] = {
    Outcome.EQUAL: Verdict.CORRECT,
    Outcome.DIFFERENT: Verdict.WRONG,
    Outcome.UNDECIDED: Verdict.UNVERIFIABLE,
    Outcome.FAILED: Verdict.CHECK_FAILED,
}


CUT_OFF = "length"
"""The finish reason of an answer that ended at its token limit."""

_AT_THE_LIMIT = "the teacher was cut off at its token limit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What checking one sample found."""

    verdict: Verdict
    """What was found of its final answer."""
    predicted: str | None = None
    """The final answer as read."""
    span: Span | None = None
    """Where it stands."""
    rule: str | None = None
    """The rule that found it."""
    steps: tuple[Step, ...] = ()
    """Its equations, checked."""
    reason: Reason | None = None
    """Why the sample is dropped; null where it is not."""
    detail: str | None = None
    """More about it, for a person to read."""


def judge(
    problem: Problem,
    text: str | None,
    *,
    finish_reason: str | None = None,
    hint: Hint = Hint.NONE,
    pattern: str | None = None,
    policy: Verify | None = None,
) -> Judgement:
    """Judge a text as an answer to a problem.

    Args:
        problem: what was asked, with its gold answer.
        text: the answer; None where nothing came.
        finish_reason: why the teacher stopped; `length` makes it truncated, whatever it says.
        hint: whether the teacher was shown the gold answer.
        pattern: see `read_answer`; the policy's pattern where None.
        policy: what happens to right answers over wrong steps and to parroted hints.
    """
    policy = policy or Verify()
    if text is None or not text.strip():
        return _empty(finish_reason)
    reading = read_answer(text, problem.answer_type, problem.choices, pattern or policy.pattern)
    steps = check_steps(problem.question or "", text)
    verdict, detail = _verdict(problem, reading, finish_reason)
    reasons = [*_of_verdict(verdict, detail), *_of_rationale(verdict, text, reading, steps, hint, policy)]
    reasons.sort(key=lambda found: ORDER[found[0]])
    reason, why = _first(reasons)
    return Judgement(
        verdict=verdict,
        predicted=reading.answer if reading else None,
        span=reading.span if reading else None,
        rule=reading.rule if reading else None,
        steps=steps.steps,
        reason=reason,
        detail=why,
    )


def _empty(finish_reason: str | None) -> Judgement:
    """Nothing was written; where the tokens ran out before (in a channel of its own), that is why."""
    if finish_reason == CUT_OFF:
        return Judgement(verdict=Verdict.TRUNCATED, reason=Reason.TRUNCATED, detail=_AT_THE_LIMIT)
    return Judgement(verdict=Verdict.NO_ANSWER, reason=Reason.NO_ANSWER, detail="the answer is empty")


def _verdict(problem: Problem, reading: Reading | None, finish_reason: str | None) -> tuple[Verdict, str | None]:
    if finish_reason == CUT_OFF:
        return Verdict.TRUNCATED, _AT_THE_LIMIT
    if reading is None:
        return Verdict.NO_ANSWER, "no final answer was found"
    comparison = _compared(problem, reading)
    told = f"gold {problem.answer}, read {reading.answer}"
    return _VERDICTS[comparison.outcome], comparison.detail or told


def _compared(problem: Problem, reading: Reading) -> Comparison:
    try:
        return compare(problem.answer or "", reading.answer, problem.answer_type, problem.choices)
    except Exception as error:  # noqa: BLE001 - law 2: a check that breaks is check_failed, never right or wrong
        return Comparison(outcome=Outcome.FAILED, detail=f"{type(error).__name__}: {error}")


def _of_verdict(verdict: Verdict, detail: str | None) -> list[tuple[Reason, str | None]]:
    return [] if verdict is Verdict.CORRECT else [(Reason(verdict.value), detail)]


def _of_rationale(
    verdict: Verdict, text: str, reading: Reading | None, steps: Steps, hint: Hint, policy: Verify
) -> list[tuple[Reason, str | None]]:
    """What is wrong with the reasoning of a right answer, where the policy drops it."""
    if verdict is not Verdict.CORRECT:
        return []
    found: list[tuple[Reason, str | None]] = []
    wrong = steps.first_wrong
    if wrong and policy.steps == "drop":
        found.append((Reason.WRONG_STEP, f"{wrong.text} (should be {wrong.actual})"))
    handed_back = parroted(text, steps.steps, reading.span if reading else None) if hint is Hint.HINTED else None
    if handed_back and policy.hint_parroting == "drop":
        found.append((Reason.HINT_PARROTED, handed_back))
    return found


def _first(reasons: list[tuple[Reason, str | None]]) -> tuple[Reason | None, str | None]:
    """The first reason wins; the others go to its detail."""
    if not reasons:
        return None, None
    (reason, detail), *others = reasons
    return reason, "; ".join([detail or "", *(f"also {other.value}" for other, _ in others)]).strip("; ") or None
