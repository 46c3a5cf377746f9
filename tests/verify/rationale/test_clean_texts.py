"""Texts that were written for other tests, in many styles and six languages: none of them has a fault that drops it."""

import pytest

from cotloom.builder.verify import judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.recipe import FaultPolicy, Faults
from tests.verify.rationales import REASONED
from tests.verify.test_reading_cases import FILES, load

DROPPING = {name for name, policy in Faults() if policy is FaultPolicy.DROP}
QUESTIONS = {"chinese": "一共有多少个？哪一个是对的？", "english": "How many are there, and which one is right?"}


def list_faults(text, answer_type, question, answer="7", choices=()):
    problem = Problem(
        problem_id="p", source="s", origin="o", question=question, answer=answer, answer_type=answer_type,
        choices=tuple(choices),
    )  # fmt: skip
    found = judge(problem, text)
    return [(fault.kind.value, fault.detail, text[-60:]) for fault in found.faults if fault.kind in DROPPING]


@pytest.mark.parametrize("name", FILES)
def test_cases_of_reading_have_no_fault_that_drops(name):
    question = QUESTIONS.get(name.partition("_")[0], "")
    cases = load(name)
    found = [fault for kind, gold, choices, text in cases for fault in list_faults(text, kind, question, gold, choices)]
    assert found == []


def test_short_rationales_that_say_why_have_no_fault_at_all():
    for question, answer, kind, choices, text in REASONED:
        assert list_faults(text, AnswerType(kind), question, answer, choices) == []
