"""The checks of a sample in the order in which they count: what each looked at, and what it found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ....schemas.reasons import Verdict
from ....schemas.sample import GradeQuestion, Part, StepOutcome

_MOST_QUOTED = 200
"""So many characters of a text are repeated as the input of a check."""


class CheckOutcome(StrEnum):
    """What a check came to."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    """It could not tell, or was not meant to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleCheck:
    """One check of a sample."""

    check: str
    """Its name."""
    outcome: CheckOutcome
    """What it came to."""
    inputs: Mapping[str, Any]
    """What it looked at."""
    finding: str
    """What it found, for a person."""


_OUTCOMES: Mapping[str, CheckOutcome] = {
    Verdict.CORRECT: CheckOutcome.PASSED,
    Verdict.AGREED: CheckOutcome.PASSED,
    Verdict.ACCEPTED: CheckOutcome.PASSED,
    Verdict.PROVIDED: CheckOutcome.PASSED,
    Verdict.WRONG: CheckOutcome.FAILED,
    Verdict.NO_ANSWER: CheckOutcome.FAILED,
    Verdict.TRUNCATED: CheckOutcome.FAILED,
    Verdict.DISAGREED: CheckOutcome.FAILED,
}
"""What a verdict comes to; any other is undecided."""


def list_checks(
    sample: Mapping[str, Any], problem: Mapping[str, Any] | None, policy: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """List the checks of a sample.

    Args:
        sample: a row of `samples`.
        problem: its row of `problems`; None where it has none.
        policy: the section `verify` of the recipe.

    Returns:
        For each check that was made: `check`, `outcome` (passed, failed, undecided), `inputs`, `finding`.
    """
    if sample["verdict"] is None:
        return []
    checks = [check for find in _CHECKS for check in find(sample, problem or {}, policy)]
    return [asdict(check) for check in checks]


Row = Mapping[str, Any]


def _check_ending(sample: Row, _problem: Row, _policy: Row) -> Iterator[SampleCheck]:
    if sample["finish_reason"] is None:
        return
    is_cut = sample["verdict"] == Verdict.TRUNCATED
    yield SampleCheck(
        check="ending",
        outcome=CheckOutcome.FAILED if is_cut else CheckOutcome.PASSED,
        inputs={"finish_reason": sample["finish_reason"]},
        finding=f"the server says {sample['finish_reason']}",
    )


def _check_answer(sample: Row, problem: Row, policy: Row) -> Iterator[SampleCheck]:
    part = Part.REASONING if sample["answer_part"] == Part.REASONING else Part.TEXT
    span = sample["span"]
    quote = None if span is None else (sample[part] or "")[span["start"] : span["end"]]
    inputs = {
        "read": sample["predicted"],
        "rule": sample["rule"],
        "part": sample["answer_part"],
        "span": span,
        "quote": None if quote is None else quote[:_MOST_QUOTED],
        "gold": problem.get("answer"),
        "answer_type": problem.get("answer_type"),
        "tolerance": policy.get("tolerance"),
    }
    yield SampleCheck(
        check="answer",
        outcome=_OUTCOMES.get(sample["verdict"], CheckOutcome.UNDECIDED),
        inputs=inputs,
        finding=f"{sample['verdict']}: {_describe_reading(sample)}{_describe_gold(sample, problem, policy)}",
    )


def _describe_reading(sample: Row) -> str:
    if sample["answer_votes"] is not None or sample["external"] is not None:
        return "no comparison"
    if sample["predicted"] is None:
        return "no answer found"
    where = " in the reasoning" if sample["answer_part"] == Part.REASONING else ""
    return f"answer {sample['predicted']}, read by the rule {sample['rule']}{where}"


def _describe_gold(sample: Row, problem: Row, policy: Row) -> str:
    if problem.get("answer") is None or sample["predicted"] is None:
        return ""
    tolerance = {key: value for key, value in (policy.get("tolerance") or {}).items() if value is not None}
    within = "".join(f", within {value} ({key})" for key, value in tolerance.items())
    return f"; the gold answer is {problem['answer']} ({problem.get('answer_type')}{within})"


def _check_agreement(sample: Row, _problem: Row, policy: Row) -> Iterator[SampleCheck]:
    found = sample["consensus"]
    if not found:
        return
    count = f"{found['agreeing']} of {found['answered']} samples"
    rule = policy.get("consensus") or {}
    needed = f"; it takes {rule['least']}, and {rule['share']:.0%}" if {"least", "share"} <= set(rule) else ""
    if found["answer"] is None:
        finding = f"no consensus: at most {count} say the same{needed}, and there is no gold answer"
    else:
        finding = f"{count} say {found['answer']}{needed}; there is no gold answer"
    yield SampleCheck(
        check="agreement",
        outcome=_OUTCOMES.get(sample["verdict"], CheckOutcome.UNDECIDED),
        inputs={**found, "rule": policy.get("consensus")},
        finding=finding,
    )


def _check_steps(sample: Row, _problem: Row, policy: Row) -> Iterator[SampleCheck]:
    steps: Sequence[Row] = sample["steps"] or []
    if not steps:
        return
    counts = {outcome.value: sum(step["outcome"] == outcome for step in steps) for outcome in StepOutcome}
    wrong = next((step for step in steps if step["outcome"] == StepOutcome.WRONG), None)
    listed = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    first = "" if wrong is None else f"; the first wrong one is {wrong['text']} (should be {wrong['actual']})"
    treated = "" if wrong is None else f"; the recipe says {policy.get('steps')}"
    yield SampleCheck(
        check="steps",
        outcome=CheckOutcome.PASSED if wrong is None else CheckOutcome.FAILED,
        inputs={"equations": len(steps), **counts, "first_wrong": wrong, "policy": policy.get("steps")},
        finding=f"{len(steps)} written equation{'s' * (len(steps) != 1)}: {listed}{first}{treated}",
    )


def _check_faults(sample: Row, _problem: Row, policy: Row) -> Iterator[SampleCheck]:
    policies: Mapping[str, str] = {kind: do for kind, do in (policy.get("faults") or {}).items() if do != "ignore"}
    found = list(dict.fromkeys(fault["kind"] for fault in sample["faults"] or []))
    if not policies and not found:
        return
    looked_for = f"looked for {', '.join(policies)}"
    listed = ", ".join(f"{kind} (the recipe says {_find_fault_policy(kind, policy)})" for kind in found)
    yield SampleCheck(
        check="faults",
        outcome=CheckOutcome.FAILED if found else CheckOutcome.PASSED,
        inputs={"policy": policies, "found": found},
        finding=listed or f"none; {looked_for}",
    )


def _find_fault_policy(kind: str, policy: Row) -> str:
    """Find what the recipe does about a fault; two kinds have keys outside `verify.faults`."""
    if kind == "hint_parroted":
        return str(policy.get("hint_parroting"))
    return str((policy.get("faults") or {}).get(kind, "drop"))


def _check_blindly(sample: Row, problem: Row, _policy: Row) -> Iterator[SampleCheck]:
    if sample["blind_text"] is None:
        return
    answer = "no answer found" if sample["blind_predicted"] is None else f"answer {sample['blind_predicted']}"
    has_failed = sample["reason"] == "blind_check_failed"
    yield SampleCheck(
        check="blind",
        outcome=CheckOutcome.FAILED if has_failed else CheckOutcome.PASSED,
        inputs={"text": sample["blind_text"], "read": sample["blind_predicted"], "gold": problem.get("answer")},
        finding=f"{answer}, after the reasoning alone, without the hint",
    )


_VOTES = {GradeQuestion.ANSWER: "answer_votes", GradeQuestion.RATIONALE: "rationale_votes"}


def _check_grades(sample: Row, _problem: Row, _policy: Row) -> Iterator[SampleCheck]:
    for question, column in _VOTES.items():
        votes = sample[column]
        if votes is None:
            continue
        own = [grade for grade in sample["grades"] or [] if grade["question"] == question]
        names = ", ".join(sorted({f"{each['grader']}, prompt {each['prompt']}" for each in own}))
        agreement = "no vote" if votes["agreement"] is None else f"agreement {votes['agreement']:.0%}"
        counts = f"{votes['correct']} for it, {votes['wrong']} against, {votes['unread']} unreadable"
        simulated = ", simulated" if any(each["simulated"] for each in own) else ""
        yield SampleCheck(
            check="grader",
            outcome=_compare_votes(votes),
            inputs={"question": question.value, **votes, "requests": sorted({each["request"] for each in own})},
            finding=f"on the {question}: {counts}; {agreement} ({names}{simulated})",
        )


def _compare_votes(votes: Row) -> CheckOutcome:
    if votes["correct"] == votes["wrong"]:
        return CheckOutcome.UNDECIDED
    return CheckOutcome.PASSED if votes["correct"] > votes["wrong"] else CheckOutcome.FAILED


_EXTERNAL = {"correct": CheckOutcome.PASSED, "wrong": CheckOutcome.FAILED}


def _check_externally(sample: Row, _problem: Row, _policy: Row) -> Iterator[SampleCheck]:
    found = sample["external"]
    if found is None:
        return
    detail = f": {found['detail']}" if found["detail"] else ""
    yield SampleCheck(
        check="external",
        outcome=_EXTERNAL.get(found["verdict"], CheckOutcome.UNDECIDED),
        inputs={"verifier": found["verifier"], "command": found["command"]},
        finding=f"{found['verifier']} ({found['command']}) says {found['verdict']}{detail}",
    )


_REVIEWED = {"accept": CheckOutcome.PASSED, "reject": CheckOutcome.FAILED, "edit": CheckOutcome.PASSED}


def _check_review(sample: Row, _problem: Row, _policy: Row) -> Iterator[SampleCheck]:
    mark = sample["review"]
    if not mark:
        return
    because = f": {mark['reason']}" if mark["reason"] else ""
    before = f"; its check had found {mark['verdict']}" if mark["verdict"] else ""
    edited = f", of {mark['edited']}" if mark["edited"] else ""
    yield SampleCheck(
        check="review",
        outcome=_REVIEWED.get(mark["action"], CheckOutcome.UNDECIDED),
        inputs=dict(mark),
        finding=f"{mark['action']} by {mark['by']}{edited}{because}{before}",
    )


_CHECKS = (
    _check_ending,
    _check_answer,
    _check_agreement,
    _check_steps,
    _check_faults,
    _check_blindly,
    _check_grades,
    _check_externally,
    _check_review,
)
