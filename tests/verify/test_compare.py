import json
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import ComparisonOutcome, compare, is_readable
from cotloom.builder.verify.answers.numbers import read_quantity
from cotloom.schemas.problem import AnswerType


def outcome(gold, answer):
    return compare(gold, answer, AnswerType.NUMBER).outcome.value


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        ("18", "18", "equal"),
        ("18", "18.0", "equal"),
        ("18", "$18.00", "equal"),
        ("18", "18 eggs", "equal"),
        ("18", "eighteen", "equal"),
        ("18", "**18**", "equal"),
        ("18", "$18$", "equal"),
        ("18", "\\boxed{18}", "equal"),
        ("18", "19", "different"),
        ("18", "-18", "different"),
        ("18", "180", "different"),
        ("18", "1.8", "different"),
        ("1200", "1,200", "equal"),
        ("1200", "1 200", "equal"),
        ("3", "3,000", "different"),
        ("0.5", "1/2", "equal"),
        ("0.5", "½", "equal"),
        ("2.5", "2 1/2", "equal"),
        ("2.5", "2½", "equal"),
        ("0.5", "50 cents", "equal"),
        ("0.5", "50%", "equal"),
        ("50%", "50", "equal"),
        ("50%", "5%", "different"),
        ("1/3", "0.3333", "different"),
        ("1/3", "0.33", "different"),
        ("2/3", "0.666667", "equal"),
        ("100", "10^2", "equal"),
        ("100", "10²", "equal"),
        ("120000", "1.2×10⁵", "equal"),
        ("120000", "1.2e5", "equal"),
        ("36", "3 dozen", "equal"),
        ("1500000", "$1.5 million", "equal"),
        ("5 km", "5000 m", "equal"),
        ("5 km", "5 m", "different"),
        ("5 km", "5", "equal"),
        ("5 m", "5 seconds", "different"),
        ("10", "1010_2", "equal"),
        ("1", "1_000", "undecided"),
        ("12345678901234567891", "12345678901234567890", "different"),
        ("18", "17 or 18", "hedged"),
        ("18", "17 or 19", "different"),
        ("17", "17-18", "hedged"),
        ("18", "17-18", "hedged"),
        ("18", "17 - 19", "different"),
        ("18", "many", "undecided"),
        ("18", "", "undecided"),
        ("many", "18", "undecided"),
        ("", "18", "undecided"),
        ("inf", "∞", "equal"),
        ("inf", "-inf", "undecided"),
        ("18", "1e999999999", "undecided"),
        ("18", "9^9^9^9", "undecided"),
        ("18", "1/0", "undecided"),
    ],
)
def test_two_numbers_compare(gold, answer, expected):
    assert outcome(gold, answer) == expected


def test_a_comparison_that_does_not_decide_says_why():
    assert compare("18", "many", AnswerType.NUMBER).detail == "no number could be read from: many"


GOLDS = (
    st.integers(-(10**15), 10**15).map(str)
    | st.decimals(-(10**6), 10**6, places=3).map(str)
    | st.fractions(max_denominator=10**4).map(str)
    | st.integers(0, 10**4).map("{}%".format)
    | st.integers(0, 10**7).map("${:,}".format)
    | st.integers(0, 10**7).map(lambda cents: f"${cents / 100:,.2f}")
    | st.integers(1000, 10**15).map("{:,}".format)
)


@given(GOLDS)
@settings(max_examples=200, deadline=None)
def test_every_number_is_equal_to_itself_and_readable(gold):
    assert outcome(gold, gold) == "equal"
    assert is_readable(gold, AnswerType.NUMBER)


@pytest.mark.parametrize("gold", ["many", "", "x + 1", "12-year-old"])
def test_what_is_no_number_is_not_readable(gold):
    assert not is_readable(gold, AnswerType.NUMBER)


@given(st.integers(), st.integers())
@settings(max_examples=200, deadline=None)
def test_two_different_whole_numbers_are_never_equal(gold, answer):
    assume(gold != answer)
    assert outcome(str(gold), str(answer)) == "different"


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.sampled_from(["{:,}", "${:,}", "{} eggs", "**{}**", "{}.", "{}.0"]),
)
@settings(max_examples=200, deadline=None)
def test_a_whole_number_in_dress_is_equal_to_itself_alone(gold, answer, dress):
    assert outcome(str(gold), dress.format(gold)) == "equal"
    assert gold == answer or outcome(str(gold), dress.format(answer)) == "different"


@given(st.text(), st.text())
@settings(max_examples=200, deadline=None)
def test_comparing_any_texts_gives_an_outcome(gold, answer):
    assert compare(gold, answer, AnswerType.NUMBER).outcome in ComparisonOutcome


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("forty-two", 42),
        ("three hundred and five", 305),
        ("two million", 2_000_000),
        ("minus seven", -7),
        ("$1,200.50", Fraction(2401, 2)),
        ("12,34,567", 1_234_567),
        ("1.234.567", 1_234_567),
        (".5", Fraction(1, 2)),
        ("- 5", -5),
        ("-$5", -5),
        ("$-5", -5),
        ("about 5", 5),
        ("≈ 5", 5),
        ("\n5\n", 5),
        ("٥", 5),
    ],
)
def test_a_quantity_is_read_to_its_exact_value(text, value):
    assert read_quantity(text).value == value


@pytest.mark.parametrize("text", ["12-year-old", "3 to 4", "x", "", "five apples and", "1" * 1000, "H2O"])
def test_what_is_more_or_less_than_one_number_is_no_quantity(text):
    assert read_quantity(text) is None


HOSTILE = {
    "spaces": " " * 50_000 + "x",
    "newlines": "\n" * 50_000 + "x",
    "equal signs": "=" * 20_000,
    "about": "about " * 8_000,
    "groups": "12 34 " * 8_000,
    "lakhs": "12,34," * 8_000,
    "fractions": "\\frac " + " " * 50_000,
    "exponents": "9e" * 25_000,
    "powers": "9^" * 25_000,
    "one long number": "9" * 50_000,
    "a base": "1_" + "9" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.usefixtures("ends")
def test_a_hostile_answer_is_compared_to_its_end(name):
    assert outcome("18", HOSTILE[name]) in {"different", "undecided"}


@pytest.fixture(scope="module")
def number_cases(data):
    path = data / "answer_cases.jsonl"
    if not path.is_file():
        pytest.skip(f"no {path.name}")
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [case for case in cases if case["answer_type"] == "number"]


def test_no_tricky_pair_of_numbers_comes_out_as_its_opposite(number_cases):
    opposite = {"equal": "different", "different": "equal"}
    wrong = [case for case in number_cases if outcome(case["gold"], case["answer"]) == opposite[case["expected"]]]
    assert wrong == []


def test_nearly_all_tricky_pairs_of_numbers_are_decided(number_cases):
    decided = sum(outcome(case["gold"], case["answer"]) == case["expected"] for case in number_cases)
    assert len(number_cases) == 55
    assert decided >= 51


@pytest.mark.parametrize(
    ("answer", "choices", "letter"),
    [
        ("A. Actually, B", (), "B"),
        ("(A), wait, (B)", (), "B"),
        ("(A), wait, no, (B)", (), "B"),
        ("A，不对，B", (), "B"),
        ("A, sorry", (), "A"),
        ("B. Actually run", ("run", "Actually run"), "B"),
        ("wait for help", ("run", "wait for help"), "B"),
    ],
)
def test_of_an_option_that_is_taken_back_the_last_one_counts(answer, choices, letter):
    outcomes = {gold: compare(gold, answer, AnswerType.CHOICE, choices).outcome.value for gold in "AB"}
    assert [gold for gold, outcome in outcomes.items() if outcome == "equal"] == [letter]
