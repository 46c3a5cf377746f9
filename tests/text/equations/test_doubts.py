import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.text.equations.test_equations import read_outcomes


@pytest.mark.parametrize(
    "text",
    [
        "3 dozen + 2 = 38",
        "2 dozens = 24",
        "5 thousand * 2 = 10",
        "30 minutes + 30 minutes = 1 hour",
        "2 hours + 30 minutes = 150 minutes",
        "$5 + 50 cents = $5.50",
        "2 feet + 6 inches = 30 inches",
        "12 inches * 2 = 2 feet",
        "3 weeks = 21 days",
        "2p + 3 = 11",
        "5x + 3 = 13",
        "3 N = 12",
        "(5/2)x + 5 = 10",
        "9:00 + 2 = 11:00",
        "9:30 + 0:45 = 10:15",
        "09 + 3 = 13",
        "6 / 1 / 2 = 12",
        "100 + 10% = 120",
        "1 / 0 = 5",
        "There are 60 minutes / hour * 30 minutes = 22 minutes",
        "f(3) + 4 = 9",
    ],
)
def test_what_may_be_misread_is_never_wrong(text):
    assert "wrong" not in [outcome for outcome, _ in read_outcomes(text)]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("1.5 * 1.33 = 2.0, 3 are left", "rounded"),
        ("2.5 * 1.33 = 3.33, 4 are left", "rounded"),
        ("5.01 * 2 = 10, 0.5 each", "wrong"),
    ],
)
def test_a_number_behind_an_equation_does_not_say_how_far_it_is_rounded(text, outcome):
    assert [result for result, _ in read_outcomes(text)] == [outcome]


NUMBERS = st.integers(0, 9999)


@given(NUMBERS, NUMBERS, st.sampled_from("+-*"))
@settings(max_examples=100, deadline=None)
def test_a_true_equation_is_right(one, other, sign):
    result = {"+": one + other, "-": one - other, "*": one * other}[sign]
    assert read_outcomes(f"So {one} {sign} {other} = {result}.") == [("right", f"{one} {sign} {other} = {result}")]


@given(st.integers(1, 9999), st.integers(1, 9999), st.sampled_from("+-*"), st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_a_false_equation_of_whole_numbers_is_wrong(one, other, sign, off):
    result = {"+": one + other, "-": one - other, "*": one * other}[sign] + off
    assert read_outcomes(f"So {one} {sign} {other} = {result}.") == [("wrong", f"{one} {sign} {other} = {result}")]
