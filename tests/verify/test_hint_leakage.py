"""A hinted rationale is parroted where it says nothing, however short or long it is."""

import pytest

from cotloom.builder.verify import judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Reason
from cotloom.schemas.sample import Hint
from tests.verify.rationales import PARROTED, REASONED


def parrots(question, answer, answer_type, choices, text) -> bool:
    problem = Problem(
        problem_id="p", source="s", origin="o", question=question, answer=answer, answer_type=AnswerType(answer_type),
        choices=choices,
    )  # fmt: skip
    found = judge(problem, text, hint=Hint.HINTED)
    assert found.verdict == "correct", found
    return found.reason == Reason.HINT_PARROTED


@pytest.mark.parametrize("case", REASONED, ids=lambda case: case[-1][:40])
def test_a_short_rationale_that_says_why_is_kept(case):
    assert not parrots(*case)


@pytest.mark.parametrize("case", PARROTED, ids=lambda case: case[-1][:40])
def test_a_rationale_that_says_nothing_is_parroted_at_any_length(case):
    *asked, text = case
    assert parrots(*asked, text)
    assert parrots(*asked, f"{text[:-1]}, so it is. " * 12 + text)
