"""What a recipe does about the faults of rationales: drop, tag or ignore; and where they are kept."""

import pytest

from cotloom.builder.verify import judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import ORDER, Reason, Verdict
from cotloom.schemas.recipe import FaultPolicy, Faults, OrderStep, Verify
from cotloom.schemas.sample import FaultKind, Hint, Part

QUESTION = "Ann has 3 eggs and gets 4 more from the farm. How many eggs does Ann have?"
GOOD = "Ann begins with three eggs and gets four more, and 3 + 4 = 7. The answer is 7."
LOOPED = "We add the numbers of eggs. " * 9 + GOOD
CASES = {
    "refused": "I'm sorry, but I can't help with that. The answer is 7.",
    "degenerate": LOOPED,
    "cut_off": f"{GOOD} Now let us check this with the",
    "answer_first": f"The answer is 7. {GOOD}",
    "restated": "Ann has 3 eggs and gets 4 more from the farm. The answer is 7.",
    "other_language": "安有三个鸡蛋，又从农场得到四个，所以三加四一共是七个。答案是7。",
}
TRACES = {
    "degenerate": LOOPED,
    "trace_cut_off": f"{GOOD} Now let us check this with the",
    "trace_language": CASES["other_language"],
}


def judge_text(text, *, reasoning=None, finish_reason="stop", hint=Hint.NONE, language=None, **keys):
    problem = Problem(
        problem_id="p", source="s", origin="o", question=QUESTION, answer="7", answer_type=AnswerType.NUMBER,
        language=language,
    )  # fmt: skip
    policy = Verify(**keys)
    return judge(problem, text, reasoning=reasoning, finish_reason=finish_reason, hint=hint, policy=policy)


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("policy", FaultPolicy)
def test_a_policy_drops_tags_or_ignores(kind, policy):
    found = judge_text(CASES[kind], faults=Faults(**{kind: policy}))
    assert found.verdict is Verdict.CORRECT
    assert (found.reason == kind) == (policy is FaultPolicy.DROP)
    assert [fault.kind for fault in found.faults] == ([] if policy is FaultPolicy.IGNORE else [kind])
    assert found.detail == (found.faults[0].detail if policy is FaultPolicy.DROP else None)


@pytest.mark.parametrize("kind", TRACES)
def test_reasoning_that_was_told_apart_has_faults_of_its_own(kind):
    (fault,) = judge_text(GOOD, reasoning=TRACES[kind]).faults
    assert (fault.kind, fault.part) == (kind, Part.REASONING)
    assert TRACES[kind][fault.start : fault.end]


def test_a_good_rationale_has_none():
    found = judge_text(GOOD)
    assert (found.reason, found.faults) == (None, ())


def test_with_reasoning_told_apart_the_response_may_begin_with_its_answer():
    assert judge_text(CASES["answer_first"], reasoning=GOOD).faults == ()


def test_a_refusal_is_the_reason_whatever_the_verdict():
    found = judge_text("I'm sorry, but I can't help with that.")
    assert (found.verdict, found.reason) == (Verdict.NO_ANSWER, Reason.REFUSED)
    assert "also no_answer" in found.detail
    assert judge_text("I cannot help with this. The answer is 8.").reason is Reason.REFUSED


def test_other_faults_of_a_wrong_answer_are_kept_and_its_reason_is_that_it_is_wrong():
    found = judge_text(LOOPED.replace("is 7.", "is 8."))
    assert (found.reason, [fault.kind for fault in found.faults]) == (Reason.WRONG, ["degenerate"])


def test_what_the_server_cut_off_is_truncated_and_no_more():
    found = judge_text(CASES["cut_off"], finish_reason="length")
    assert (found.reason, found.faults) == (Reason.TRUNCATED, ())


def test_the_problem_s_language_is_allowed():
    assert judge_text(CASES["other_language"], language="zh").faults == ()


def test_parroting_and_disorder_stand_among_the_faults_when_they_are_only_tagged():
    found = judge_text("By the hint, 3 + 4 = 7. The answer is 7.", hint=Hint.HINTED, hint_parroting="tag")
    assert (found.reason, [fault.kind for fault in found.faults]) == (None, [FaultKind.HINT_PARROTED])
    order = (OrderStep(name="first", pattern="begins"), OrderStep(name="last", pattern="lamps"))
    assert [fault.kind for fault in judge_text(GOOD, order=order).faults] == [FaultKind.OUT_OF_ORDER]


def test_several_reasons_stand_in_their_order():
    found = judge_text(f"{LOOPED} 3 + 5 = 9. Now let us check this with the")
    assert found.reason is Reason.WRONG_STEP
    assert found.detail.endswith("also cut_off; also degenerate")
    assert ORDER[Reason.WRONG_STEP] < ORDER[Reason.CUT_OFF] < ORDER[Reason.DEGENERATE]


def test_every_fault_is_a_reason_and_every_key_a_fault():
    assert {kind.value for kind in FaultKind} <= {reason.value for reason in Reason}
    own = {FaultKind.HINT_PARROTED, FaultKind.OUT_OF_ORDER}
    assert set(Faults.model_fields) == {kind.value for kind in FaultKind} - own


def test_by_default_only_what_has_few_false_alarms_is_dropped():
    dropping = {name for name, policy in Faults() if policy is FaultPolicy.DROP}
    assert dropping == {"refused", "degenerate", "cut_off", "other_language"}
