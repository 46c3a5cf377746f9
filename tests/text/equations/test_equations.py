import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.text.equations import find_equations

SIGNS = ("=", "equals", "≈", "~=", "\\approx")


def read_outcomes(text):
    return [(equation.outcome.value, text[equation.start : equation.end]) for equation in find_equations(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # calculator marks
        ("She sold 48/2 = <<48/2=24>>24 clips.", [("right", "48/2 = <<48/2=24>>24")]),
        ("That is <<48/2=24>>24.", [("right", "48/2=24")]),
        ("That is <<48/2=25>>25.", [("wrong", "48/2=25")]),
        # currency, thousands, signs
        ("$1,200 x 3 = $3,600", [("right", "$1,200 x 3 = $3,600")]),
        ("$5.00 * 3 = $16", [("wrong", "$5.00 * 3 = $16")]),
        ("\\$5 + \\$6 = \\$11", [("right", "\\$5 + \\$6 = \\$11")]),
        ("1,000,000 / 4 = 250,000", [("right", "1,000,000 / 4 = 250,000")]),
        ("5·3 = 15 and 5 × 3 = 16", [("right", "5·3 = 15"), ("wrong", "5 × 3 = 16")]),
        ("12 ÷ 4 = 3", [("right", "12 ÷ 4 = 3")]),
        ("12 − 4 = 8", [("right", "12 − 4 = 8")]),
        ("-5 + 3 = -2", [("right", "-5 + 3 = -2")]),
        ("10 * .5 = 5", [("right", "10 * .5 = 5")]),
        ("2^3 = 8, 2**3 = 9", [("right", "2^3 = 8"), ("wrong", "2**3 = 9")]),
        ("-3^2 = -9", [("right", "-3^2 = -9")]),
        ("(3 + 4) * 2 = 15", [("wrong", "(3 + 4) * 2 = 15")]),
        # in words
        ("5 plus 6 equals 12", [("wrong", "5 plus 6 equals 12")]),
        ("5 times 3 equals 15", [("right", "5 times 3 equals 15")]),
        ("50 divided by 5 equals 11", [("wrong", "50 divided by 5 equals 11")]),
        # units between
        ("3 red apples + 4 apples = 7 apples", [("right", "3 red apples + 4 apples = 7")]),
        ("3 red apples + 4 apples = 8 apples", [("wrong", "3 red apples + 4 apples = 8")]),
        ("5 minutes * 60 = 300 seconds", [("right", "5 minutes * 60 = 300")]),
        # percentages and shares
        ("20% of 50 = 10", [("right", "20% of 50 = 10")]),
        ("20% of 50 = 11", [("wrong", "20% of 50 = 11")]),
        ("10% + 5% = 15%", [("right", "10% + 5% = 15%")]),
        ("1/2 of 10 = 6", [("wrong", "1/2 of 10 = 6")]),
        ("\\frac{1}{2} of 10 = 5", [("right", "\\frac{1}{2} of 10 = 5")]),
        # chains and run-ons
        ("2*3=6=7", [("right", "2*3=6"), ("wrong", "6=7")]),
        ("2 * 3 = 6 = 6", [("right", "2 * 3 = 6"), ("right", "6 = 6")]),
        ("7*3=21-4=17", [("right", "7*3=21-4"), ("right", "21-4=17")]),
        ("7*3=21-4=18", [("right", "7*3=21-4"), ("wrong", "21-4=18")]),
        ("7*3=22-4=18", [("wrong", "7*3=22-4"), ("right", "22-4=18")]),
        ("x = 5 + 6 = 12", [("wrong", "5 + 6 = 12")]),
        # rounding
        ("1/3=0.33", [("rounded", "1/3=0.33")]),
        ("2/3=0.66 or 2/3=0.67", [("rounded", "2/3=0.66"), ("rounded", "2/3=0.67")]),
        ("1/3=0.35", [("wrong", "1/3=0.35")]),
        ("100/3=33", [("rounded", "100/3=33")]),
        ("100/3=35", [("wrong", "100/3=35")]),
        ("3.1 * 4 ≈ 12", [("rounded", "3.1 * 4 ≈ 12")]),
        ("3 * 4 ≈ 14", [("wrong", "3 * 4 ≈ 14")]),
        ("0.1 + 0.2 = 0.30000000000000004", [("rounded", "0.1 + 0.2 = 0.30000000000000004")]),
        # where it stands
        ("First, 8 * 7 = 58.", [("wrong", "8 * 7 = 58")]),
        ("Step 1: 5 + 6 = 12", [("wrong", "5 + 6 = 12")]),
        ("1. 5 + 6 = 12", [("wrong", "5 + 6 = 12")]),
        ("\\(5 + 6 = 12\\)", [("wrong", "5 + 6 = 12")]),
        ("List:\n- 8 * 7 = 56\n- 3 + 4 = 7", [("right", "8 * 7 = 56"), ("right", "3 + 4 = 7")]),
        ("* 8 * 7 = 56", [("right", "8 * 7 = 56")]),
        # nothing to check
        ("There are 5 pens.", []),
        ("x = y", []),
        ("5 + 6 != 12", []),
        ("", []),
    ],
)
def test_the_equations_of_a_text_are_found_and_checked(text, expected):
    assert read_outcomes(text) == expected


def test_a_true_calculator_mark_speaks_for_loose_words_around_it():
    assert "wrong" not in [outcome for outcome, _ in read_outcomes("24 a tray x 2 = <<24*2=48>>48")]


def test_a_false_calculator_mark_is_wrong_whatever_stands_around_it():
    assert "wrong" in [outcome for outcome, _ in read_outcomes("She has 3 + 4 = <<3+4=8>>8 pens")]


HOSTILE = {
    "equal signs": "=" * 20_000,
    "a sum without end": "1+" * 25_000,
    "sums and signs": "1+1=" * 12_500,
    "thousands": "111," * 12_500,
    "calculator marks": "<<1+1=3>>1+1=4 " * 3_000,
    "open marks": "<<" * 25_000,
    "brackets": "(" * 50_000 + " = 1",
    "minus signs": "-" * 50_000 + "1 = 2",
    "sides that can't be read": ("+ 1 " * 49 + ") = ( ") * 250,
    "one long number": "9" * 50_000 + " = 1",
    "fractions": "\\frac{" * 8_000,
    "a word": "a-" * 25_000,
    "a tower": "2^" * 25_000 + "2 = 1",
    "spaces": " " * 50_000,
    "brackets with signs": "(1+1=2)+" * 6_000 + "=3",
    "wrong steps": "1 + 1 = 3. " * 4_000,
    "worded": "half of 48 is 20 " * 3_000,
    "fractions within": "\\boxed{\\frac{1+1}{2}} = 3 " * 2_000,
    "powers": "^{1}" * 12_000,
    "bold": "1**" * 16_000,
    "rates": "3/day" * 10_000 + "=4",
    "products": "(3)" * 16_000 + "=3",
    "Chinese signs": "3 个加 4 等于" * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.usefixtures("ends")
def test_a_hostile_text_is_read_to_its_end(name):
    assert all(equation.start < equation.end for equation in find_equations(HOSTILE[name]))


PIECES = st.sampled_from(
    [*SIGNS, *"0123456789+-*/^%()x$.,: \n", "<<", ">>", "12", "1.5", " apples ", " of ", "\\frac{1}{2}"]
)


@given(st.text() | st.lists(PIECES, max_size=60).map("".join))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_and_every_span_lies_in_it(text):
    for equation in find_equations(text):
        assert 0 <= equation.start < equation.end <= len(text)
        assert any(sign in text[equation.start : equation.end].lower() for sign in SIGNS)


@pytest.mark.parametrize("text", ["2 + 2 = 4 $5", "2 + 2 = 4 $5 each"])
def test_a_result_before_a_price_may_be_cut_and_is_not_taken(text):
    assert find_equations(text) == []
