"""`check_steps`: an equation that the rationale quotes from its question is not a claim of the rationale."""

import pytest

from cotloom.builder.select.signatures import method
from cotloom.builder.text.equations import find_equations
from cotloom.builder.verify import check_steps, judge, steps
from cotloom.builder.verify.steps import MAX_STEPS
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.sample import Part, StepOutcome

RATIONALE = "3 + 4 = 7. The answer is 7."
QUESTION = "Tim wrote 3 + 4 = 8 on the board. By how much is his sum too large?"


def outcomes(question, rationale):
    return [(step.text, step.outcome.value) for step in check_steps(question, rationale).steps]


@pytest.mark.parametrize("quoted", ["3 + 4 = 8", "3+4=8", "3 + 4  =8"])
def test_a_wrong_equation_that_stands_in_the_question_is_quoted_not_claimed(quoted):
    rationale = f"Tim wrote {quoted}. But 8 - 7 = 1. The answer is 1."

    assert outcomes(QUESTION, rationale) == [(quoted, "unchecked"), ("8 - 7 = 1", "right")]
    assert check_steps(QUESTION, rationale).first_wrong is None


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        ("", "3 + 4 = 8"),
        ("What are 3 and 4 together?", "3 + 4 = 8"),
        ("Tim wrote 13 + 4 = 8.", "3 + 4 = 8"),
        ("Tim wrote 3 + 4 = 80.", "3 + 4 = 8"),
        ("Tim wrote 3 + 4 = 8.5.", "3 + 4 = 8"),
        ("Tim wrote 4 + 3 = 8.", "3 + 4 = 8"),
        ("Tim wrote 3 + 4 = 7.", "3 + 4 = 8"),
        ("Tim wrote 3 + 4 = 8.", "13 + 4 = 8"),
        ("Tim has 3 + 4 pens and 8 books.", "3 + 4 = 8"),
    ],
)
def test_a_wrong_equation_that_the_question_does_not_hold_stays_wrong(question, wrong):
    assert outcomes(question, f"So {wrong}.") == [(wrong, "wrong")]


def test_a_right_equation_of_the_question_stays_right_and_keeps_its_value():
    (step,) = check_steps("Tim knows that 3 + 4 = 7.", "As 3 + 4 = 7, the answer is 7.").steps
    assert (step.outcome, step.actual) == (StepOutcome.RIGHT, "7")


def test_a_quoted_equation_keeps_its_span_and_the_value_it_should_have():
    rationale = "He wrote 3 + 4 = 8."
    (step,) = check_steps(QUESTION, rationale).steps
    assert (rationale[step.start : step.end], step.actual) == ("3 + 4 = 8", "7")


def test_a_right_answer_that_quotes_a_wrong_equation_is_kept():
    problem = Problem(problem_id="p", source="own", origin="own:0", question=QUESTION, answer="1")
    text = "Tim wrote 3 + 4 = 8, and 3 + 4 = 7. So 8 - 7 = 1. The answer is 1."
    judgement = judge(problem, text)
    assert (judgement.verdict, judgement.reason) == (Verdict.CORRECT, None)


def test_only_so_many_equations_are_checked():
    assert len(check_steps("", "3 + 4 = 7. " * (MAX_STEPS + 5)).steps) == MAX_STEPS


@pytest.mark.parametrize("rationale", ["3 + 4 = 7, no: 3 + 4 = 8.", "3 + 4 = 7. " * (MAX_STEPS + 5), "So it is."])
def test_equations_that_were_found_before_give_the_same_steps_and_the_same_judgement(rationale):
    problem = Problem(problem_id="p", source="s", origin="o", question=QUESTION, answer="7")
    equations = find_equations(rationale)

    assert check_steps(QUESTION, rationale, equations) == check_steps(QUESTION, rationale)
    assert judge(problem, rationale, equations={Part.TEXT: equations}) == judge(problem, rationale)


def test_equations_that_were_found_before_are_not_looked_for_again(monkeypatch):
    problem = Problem(problem_id="p", source="s", origin="o", question=QUESTION, answer="7")
    equations = find_equations(RATIONALE)
    searched = []
    for module in (steps, method):
        monkeypatch.setattr(module, "find_equations", lambda text: searched.append(text) or [])
    assert judge(problem, RATIONALE, equations={Part.TEXT: equations}).verdict is Verdict.CORRECT
    assert method.read_method(RATIONALE, equations).signature == "3 + 4"
    assert searched == []


@pytest.mark.parametrize(
    ("rationale", "coverage"),
    [("3 + 4 = 7. 7 * 2 = 15.", 1), ("3 + 4 = 7. 2x + 3 = 11.", 0.5), ("2x + 3 = 11.", 0), ("So it is.", None)],
)
def test_the_share_of_checked_equations_is_known(rationale, coverage):
    assert check_steps("", rationale).coverage == coverage
