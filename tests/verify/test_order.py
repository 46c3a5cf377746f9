"""A procedure is reasoned in its order: what comes too early, or is left out, is named with its place."""

import pytest

from cotloom.builder.errors import CotloomError
from cotloom.builder.recipe import load_recipe
from cotloom.builder.verify import judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Reason, Verdict
from cotloom.schemas.recipe import OrderStep, Verify

VISIT = tuple(
    OrderStep(name=name, pattern=pattern)
    for name, pattern in (
        ("symptoms", "(?i)symptoms?|complains"),
        ("course", "(?i)since|course"),
        ("history", "(?i)history|before this"),
        ("medication", "(?i)medication|takes (?:no|a) drug"),
    )
)
GOOD = "She complains of pain, since May. Her history is short; her medication none. The answer is yes."


def judge_text(text, *, reasoning=None, stop_at_first=False, order=VISIT, gold="yes"):
    problem = Problem(
        problem_id="p", source="s", origin="o", question="Admit her?", answer=gold, answer_type=AnswerType.BOOLEAN
    )
    policy = Verify(order=order, stop_at_first=stop_at_first)
    found = judge(problem, text, reasoning=reasoning, policy=policy)
    return found.reason, found.detail


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (GOOD, None),
        (GOOD.replace("since May", "and a history"), "course is not mentioned"),
        (GOOD.replace(", since May", ""), "course is not mentioned"),
        (
            "Her history is short. She complains of pain, since May; medication none. The answer is yes.",
            "history (character 4) comes before symptoms (character 26)",
        ),
        (
            "Symptoms: pain. Medication: none. Since May. History: none. The answer is yes.",
            "medication (character 16) comes before course (character 34)",
        ),
        ("She complains of pain, since May. Her history is short. The answer is yes.", "medication is not mentioned"),
        ("The answer is yes.", "symptoms is not mentioned"),
        # what is mentioned again later does not matter
        (f"{GOOD[:-18]} Her symptoms again. The answer is yes.", None),
    ],
)
def test_each_step_is_mentioned_first_in_its_turn(text, detail):
    assert judge_text(text) == ((Reason.OUT_OF_ORDER if detail else None, detail))


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("She complains of pain. The answer is yes.", None),
        ("She complains of pain, since May. The answer is yes.", None),
        ("She complains of pain. History: short. The answer is yes.", "history (character 23) comes without course"),
        ("The answer is yes.", "symptoms is not mentioned"),
    ],
)
def test_a_procedure_that_stops_at_the_first_rule_may_leave_out_what_follows(text, detail):
    assert judge_text(text, stop_at_first=True)[0] == (Reason.OUT_OF_ORDER if detail else None)
    if detail:
        assert judge_text(text, stop_at_first=True)[1] == detail


def test_the_response_counts_and_the_reasoning_where_the_response_goes_through_nothing():
    early = "Medication? No, first the symptoms, since when, the history."
    assert judge_text(GOOD, reasoning=early)[0] is None
    assert judge_text("The answer is yes.", reasoning=early) == (
        Reason.OUT_OF_ORDER,
        "medication (character 0) comes before symptoms (character 26)",
    )
    assert judge_text("The answer is yes.", reasoning=GOOD)[0] is None


def test_a_wrong_answer_is_wrong_whatever_its_order():
    assert judge_text("Her medication first. The answer is no.")[0] is Reason.WRONG


def test_two_reasons_are_both_named():
    text = "Symptoms cost 3 + 4 = 8. The answer is yes."
    reason, detail = judge_text(text)
    assert (reason, "also out_of_order" in detail) == (Reason.WRONG_STEP, True)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("[{name: a, pattern: '(?=x)'}]", "lookahead"),
        ("[{name: a, pattern: x}, {name: a, pattern: y}]", "the name a is used twice"),
    ],
)
def test_a_pattern_that_can_not_be_used_is_named_before_anything_is_read(write_recipe, tmp_path, order, said):
    path = write_recipe(tmp_path)
    with pytest.raises(CotloomError, match=said):
        load_recipe(str(path), [f"verify.order={order}"])


def test_the_verdict_stays():
    problem = Problem(
        problem_id="p", source="s", origin="o", question="?", answer="yes", answer_type=AnswerType.BOOLEAN
    )
    found = judge(problem, "The answer is yes.", policy=Verify(order=VISIT))
    assert (found.verdict, found.predicted) == (Verdict.CORRECT, "yes")
