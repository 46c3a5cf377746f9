import pytest
from cotloom.builder.text.equations import find_equations
from hypothesis import given, settings
from hypothesis import strategies as st

SIGNS = ("=", "equals", "≈", "~=", "\\approx")


def told(text):
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
    assert told(text) == expected


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
        "There are 7 days / week * 3 weeks = 22 days",
        "f(3) + 4 = 9",
    ],
)
def test_what_may_be_misread_is_never_wrong(text):
    assert "wrong" not in [outcome for outcome, _ in told(text)]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("1.5 * 1.33 = 2.0, 3 are left", "rounded"),
        ("2.5 * 1.33 = 3.33, 4 are left", "rounded"),
        ("5.01 * 2 = 10, 0.5 each", "wrong"),
    ],
)
def test_a_number_behind_an_equation_does_not_say_how_far_it_is_rounded(text, outcome):
    assert [found for found, _ in told(text)] == [outcome]


def test_a_true_calculator_mark_speaks_for_loose_words_around_it():
    assert "wrong" not in [outcome for outcome, _ in told("24 a tray x 2 = <<24*2=48>>48")]


def test_a_false_calculator_mark_is_wrong_whatever_stands_around_it():
    assert "wrong" in [outcome for outcome, _ in told("She has 3 + 4 = <<3+4=8>>8 pens")]


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


NUMBERS = st.integers(0, 9999)


@given(NUMBERS, NUMBERS, st.sampled_from("+-*"))
@settings(max_examples=100, deadline=None)
def test_a_true_equation_is_right(one, other, sign):
    result = {"+": one + other, "-": one - other, "*": one * other}[sign]
    assert told(f"So {one} {sign} {other} = {result}.") == [("right", f"{one} {sign} {other} = {result}")]


@given(st.integers(1, 9999), st.integers(1, 9999), st.sampled_from("+-*"), st.integers(1, 50))
@settings(max_examples=100, deadline=None)
def test_a_false_equation_of_whole_numbers_is_wrong(one, other, sign, off):
    result = {"+": one + other, "-": one - other, "*": one * other}[sign] + off
    assert told(f"So {one} {sign} {other} = {result}.") == [("wrong", f"{one} {sign} {other} = {result}")]
