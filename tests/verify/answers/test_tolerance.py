"""A tolerance is exact, about plain numbers only, and never makes two kinds of answers equal."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import ComparisonOutcome, compare, judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.recipe import Tolerance, Verify

CENT = Tolerance(relative=0.01)
EQUAL = ComparisonOutcome.EQUAL


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10**6), st.integers(-20, 20))
def test_the_limit_is_exact(gold, thousandths):
    answer = Fraction(gold) * (1000 + thousandths) / 1000
    found = compare(str(gold), f"{answer.numerator}/{answer.denominator}", AnswerType.NUMBER, tolerance=CENT)
    assert (found.outcome is EQUAL) is (abs(thousandths) <= 10)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(2, 10**6),
    st.sampled_from(["-{}", "{}0", "{} million", "0.{}", "{}!", "<{}", "at least {}", "almost {}", "not {}", "{}%",
                     "{} or 1", "{}x", "√{}"]),
)  # fmt: skip
def test_what_is_another_number_stays_another(gold, form):
    assert compare(str(gold), form.format(gold), AnswerType.NUMBER, tolerance=CENT).outcome is not EQUAL or (
        compare(str(gold), form.format(gold), AnswerType.NUMBER).outcome is EQUAL
    )


@pytest.mark.parametrize(
    ("kind", "gold", "answer"),
    [
        ("choice", "B", "C"),
        ("boolean", "yes", "no"),
        ("date", "2020-01-02", "2020-01-03"),
        ("time", "3:30 PM", "3:31 PM"),
        ("ratio", "100:1", "101:1"),
        ("list", "[100, 2]", "[101, 2]"),
        ("set", "{100}", "{101}"),
        ("expression", "100", "101"),
        ("text", "100", "101"),
        ("number", "5 km", "5 kg"),
        ("number", "5 hours", "5 m"),
        ("number", "$5", "€5"),
        ("number", "x", "5"),
        ("number", "5", "x"),
        ("number", "5", ""),
    ],
)
def test_other_types_and_other_units_have_no_tolerance(kind, gold, answer):
    near = compare(gold, answer, AnswerType(kind), tolerance=Tolerance(absolute=1000.0))
    assert near.outcome is compare(gold, answer, AnswerType(kind)).outcome is not EQUAL


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The answer is 2/3.", "correct"),
        ("The answer is 0.6667.", "correct"),
        ("The answer is 0.7.", "wrong"),
        ("The answer is 0.66 or 0.67.", "unverifiable"),
    ],
)
def test_samples_are_judged_with_the_tolerance_of_the_recipe(text, verdict):
    problem = Problem(problem_id="p", source="s", origin="o", question="How much?", answer="0.67")
    assert judge(problem, text, policy=Verify(tolerance=CENT)).verdict is Verdict(verdict)
    assert judge(problem, text).verdict is not Verdict.CORRECT


def test_agreement_has_no_tolerance():
    problem = Problem(problem_id="p", source="s", origin="o", question="How much?", answer=None)
    found = judge(problem, "The answer is 2.", policy=Verify(tolerance=CENT))
    assert found.verdict is Verdict.UNVERIFIABLE


@pytest.mark.parametrize(
    "keys", [{}, {"relative": 0.1, "absolute": 1.0}, {"relative": 0.0}, {"relative": 1.0}, {"absolute": -1.0},
             {"absolute": float("inf")}, {"absolute": float("nan")}], ids=str,
)  # fmt: skip
def test_a_tolerance_is_one_amount(keys):
    with pytest.raises(ValueError, match=r"give one|greater|less|finite"):
        Tolerance(**keys)
