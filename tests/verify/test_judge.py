import json
from dataclasses import replace
from importlib import import_module
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import check_steps, compare, judge
from cotloom.schemas.problem import AnswerType, Problem, make_problem_id
from cotloom.schemas.reasons import ORDER, Reason, Verdict
from cotloom.schemas.recipe import Verify
from cotloom.schemas.sample import Hint, StepOutcome

QUESTION = "Janet has 9 eggs and sells each for $2. What does she make?"
PROBLEM = Problem(problem_id=make_problem_id(QUESTION), source="own", origin="own:0", question=QUESTION, answer="18")
RIGHT = "She sells 9 eggs, so 9 * 2 = 18. The answer is 18."
LUCKY = "She sells 9 eggs, so 9 * 2 = 19. The answer is 18."
PARROT = "The answer is given as 18."
DETAIL_OF_LUCKY = "9 * 2 = 19 (should be 18)"


@pytest.mark.parametrize(
    ("text", "finish", "verdict", "reason"),
    [
        (RIGHT, "stop", "correct", None),
        (RIGHT, None, "correct", None),
        (RIGHT, "length", "truncated", "truncated"),
        (LUCKY, "length", "truncated", "truncated"),
        ("The answer is 19.", "stop", "wrong", "wrong"),
        (LUCKY, "stop", "correct", "wrong_step"),
        ("The answer is 17 or 18.", "stop", "unverifiable", "unverifiable"),
        ("I don't know.", "stop", "no_answer", "no_answer"),
        ("", "stop", "no_answer", "no_answer"),
        (" \n", "stop", "no_answer", "no_answer"),
        (None, None, "no_answer", "no_answer"),
    ],
)
def test_a_text_gets_its_verdict_and_reason(text, finish, verdict, reason):
    judgement = judge(PROBLEM, text, finish_reason=finish)
    assert (judgement.verdict, judgement.reason) == (verdict, reason)


def test_a_judgement_says_what_was_read_and_where():
    judgement = judge(PROBLEM, RIGHT)
    assert (judgement.predicted, judgement.rule) == ("18", "answer_is")
    assert RIGHT[judgement.span.start : judgement.span.end] == "18"
    assert [(step.text, step.outcome) for step in judgement.steps] == [("9 * 2 = 18", StepOutcome.RIGHT)]


def test_a_wrong_answer_is_told_beside_the_gold_answer():
    assert judge(PROBLEM, "The answer is 19.").detail == "gold 18, read 19"


@pytest.mark.parametrize(("policy", "reason"), [("drop", Reason.WRONG_STEP), ("tag", None)])
def test_a_right_answer_over_a_wrong_step_is_dropped_or_tagged(policy, reason):
    judgement = judge(PROBLEM, LUCKY, policy=Verify(steps=policy))
    assert (judgement.verdict, judgement.reason) == (Verdict.CORRECT, reason)
    assert [step.outcome for step in judgement.steps] == [StepOutcome.WRONG]
    assert judgement.detail == (DETAIL_OF_LUCKY if reason else None)


@pytest.mark.parametrize(
    ("hint", "policy", "reason"),
    [
        (Hint.HINTED, "drop", Reason.HINT_PARROTED),
        (Hint.HINTED, "tag", None),
        (Hint.NONE, "drop", None),
        (Hint.NONE, "tag", None),
    ],
)
@pytest.mark.parametrize("text", [PARROT, "The answer is 18.", f"According to the hint, {RIGHT}"])
def test_a_hint_is_parroted_only_where_it_was_given(text, hint, policy, reason):
    assert judge(PROBLEM, text, hint=hint, policy=Verify(hint_parroting=policy)).reason == reason


def test_a_hinted_sample_that_works_is_kept():
    assert judge(PROBLEM, RIGHT, hint=Hint.HINTED).reason is None


def test_the_first_reason_wins_and_the_others_go_to_the_detail():
    judgement = judge(PROBLEM, f"By the hint: {LUCKY}", hint=Hint.HINTED)
    assert ORDER[Reason.WRONG_STEP] < ORDER[Reason.HINT_PARROTED]
    assert judgement.reason == Reason.WRONG_STEP
    assert judgement.detail == f"{DETAIL_OF_LUCKY}; also hint_parroted"


def test_a_wrong_answer_is_not_told_off_for_its_steps_too():
    judgement = judge(PROBLEM, "By the hint 9 * 2 = 19. The answer is 19.", hint=Hint.HINTED)
    assert (judgement.reason, judgement.detail) == (Reason.WRONG, "gold 18, read 19")


def test_the_pattern_of_the_policy_reads_the_answer():
    policy = Verify(pattern="A: (.+)")
    assert judge(PROBLEM, "A: 18", policy=policy).verdict == "correct"
    assert judge(PROBLEM, "#### 18", policy=policy).verdict == "no_answer"
    assert judge(PROBLEM, "A: 17\nB: 18", pattern="B: (.+)", policy=policy).verdict == "correct"


@pytest.mark.parametrize("error", [ValueError("broken"), RecursionError("deep"), ZeroDivisionError(), MemoryError()])
def test_a_check_that_breaks_is_neither_right_nor_wrong(monkeypatch, error):
    def broken(*_):
        raise error

    monkeypatch.setattr(
        import_module("cotloom.builder.verify.answers.compare"), "compare", broken
    )  # the function has its name too
    judgement = judge(PROBLEM, RIGHT)
    assert (judgement.verdict, judgement.reason) == (Verdict.CHECK_FAILED, Reason.CHECK_FAILED)
    assert type(error).__name__ in judgement.detail


@pytest.mark.parametrize("gold", ["many", "", None])
def test_an_unreadable_gold_answer_makes_every_answer_unverifiable(gold):
    assert judge(replace(PROBLEM, answer=gold), RIGHT).verdict == Verdict.UNVERIFIABLE


@given(
    st.none() | st.text(),
    st.sampled_from([None, "stop", "length", "content_filter"]),
    st.sampled_from(Hint),
    st.none() | st.text(),
)
@settings(max_examples=200, deadline=None)
def test_whatever_the_text_judging_gives_one_verdict_and_one_reason(text, finish, hint, gold):
    judgement = judge(replace(PROBLEM, answer=gold), text, finish_reason=finish, hint=hint)
    assert judgement.verdict in Verdict
    if judgement.verdict is not Verdict.CORRECT:
        assert judgement.reason == judgement.verdict.value


WORDS = st.sampled_from([*"0123456789+-*/^%=().,$\\{}<> \n", "####", "\\boxed{", "The answer is ", "A: ", "hint", "½"])


@given(st.lists(WORDS, max_size=80).map("".join), st.sampled_from(Hint))
@settings(max_examples=200, deadline=None)
def test_whatever_looks_like_an_answer_is_judged_without_a_fault(text, hint):
    judgement = judge(PROBLEM, text, hint=hint)
    assert judgement.verdict in Verdict
    assert judgement.verdict is not Verdict.CHECK_FAILED


@pytest.mark.parametrize(
    "text", ["1/0 = " * 5_000, "The answer is " + " " * 50_000, "the answer " * 5_000, "\nA:" * 15_000, "9" * 50_000]
)
@pytest.mark.usefixtures("ends")
def test_a_hostile_text_is_judged_to_its_end(text):
    assert judge(PROBLEM, text, hint=Hint.HINTED).verdict in Verdict


# Published data


def lines(path):
    if not path.is_file():
        pytest.skip(f"no {path.name}")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("pattern", [None, "A: (.+)"])
def test_published_solutions_are_judged_as_they_were_labelled(data, pattern):
    rows = lines(data / "gsm8k" / "model_solutions.jsonl")
    writers = [f"{size}_{kind}" for size, kind in product(["6b", "175b"], ["finetuning", "verification"])]
    apart, over_wrong_steps, judged = 0, 0, 0
    for row, writer in product(rows, writers):
        problem = replace(PROBLEM, question=row["question"], answer=row["ground_truth"].rpartition("A: ")[2])
        judgement = judge(problem, row[writer]["solution"], pattern=pattern)
        apart += (judgement.verdict is Verdict.CORRECT) != row[writer]["is_correct"]
        over_wrong_steps += judgement.reason is Reason.WRONG_STEP
        judged += 1
    assert judged == 2640
    assert apart <= 5
    assert over_wrong_steps == 10


def test_hardly_any_solution_by_people_holds_a_wrong_step(data):
    rows = lines(data / "gsm8k" / "train.jsonl")
    wrong = sum(check_steps(row["question"], row["answer"]).first_wrong is not None for row in rows)
    assert wrong / len(rows) <= 0.003


def test_every_published_gold_answer_is_equal_to_itself(data):
    golds = [row["answer"].rpartition("#### ")[2] for row in lines(data / "gsm8k" / "train.jsonl")]
    assert [gold for gold in golds if compare(gold, gold, AnswerType.NUMBER).outcome != "equal"] == []


@pytest.mark.parametrize(
    ("gold", "text", "verdict"),
    [
        ("no", "no, yes", "unverifiable"),
        ("yes", "The answer is yes, no.", "unverifiable"),
        ("yes", "The answer is yes, yes.", "correct"),
        ("no", "No, wait, yes.", "wrong"),
        ("yes", "Yes, no one is left.", "correct"),
    ],
)
def test_a_second_word_that_says_the_opposite_leaves_the_answer_open(gold, text, verdict):
    problem = Problem(problem_id="p", source="s", origin="o", answer=gold, answer_type=AnswerType.BOOLEAN)
    assert judge(problem, text).verdict == verdict


def test_a_bound_is_not_the_number():
    problem = Problem(problem_id="p", source="s", origin="o", answer="5")
    assert judge(problem, "The answer is at least 5.").verdict == "unverifiable"
