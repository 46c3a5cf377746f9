import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.select import read_method
from cotloom.builder.select.signatures import MAX_READ, UNKNOWN, ProblemContext, forget_methods
from cotloom.builder.select.signatures.roles import name_numbers
from cotloom.builder.text.equations import find_equations, format_value

SAME = [
    ("16 - 3 = 13. 13 - 4 = 9.", "16 - 3 - 4 = 9", "how finely the work is cut"),
    ("3 + 4 = 7", "So we get: 4 + 3 = 7!", "the order of a sum"),
    ("3 * 4 = 12", "4 x 3 = 12", "the order of a product, and its sign"),
    ("16 - 3 - 4 = 9", "16 - 4 - 3 = 9", "the order of what is taken away"),
    ("3 + (4 + 5) = 12", "(5 + 3) + 4 = 12", "brackets in a sum"),
    ("2 * 3 = 6. 6 + 1 = 7.", "2 * 3 + 1 = 7", "a result put in"),
    ("3 apples + 4 apples = 7 apples", "$3 + $4 = $7", "units"),
    ("48/2 = <<48/2=24>>24", "48 / 2 = 24", "calculator marks"),
    ("3 + 4 = 7", "3 + 4 = 7. So 3 + 4 = 7.", "saying it twice"),
    ("3 + 4 = 7", "3 + 4 = 7, and 2p + 3 = 11", "what could not be checked"),
]
DIFFERENT = [
    ("16 - 3 = 13. 13 - 4 = 9.", "3 + 4 = 7. 16 - 7 = 9.", "taking away one by one, or together"),
    ("16 - 3 = 13", "3 - 16 = -13", "the order of a subtraction"),
    ("12 / 4 = 3", "4 / 12 = 1/3", "the order of a division"),
    ("9 * 2 = 18", "9 + 9 = 18", "the operation"),
    ("2 * (3 + 4) = 14", "2 * 3 + 2 * 4 = 14", "multiplying out"),
    ("24 / 4 / 3 = 2", "24 / (4 / 3) = 18", "brackets in a division"),
    ("9 * 2 = 18", "9 * 2 = 18. 18 + 1 = 19.", "a step more"),
]


@pytest.mark.parametrize(("one", "other"), [case[:2] for case in SAME], ids=[case[2] for case in SAME])
def test_what_does_not_change_the_method(one, other):
    assert read_method(one).signature is not None
    assert read_method(one).signature == read_method(other).signature


@pytest.mark.parametrize(("one", "other"), [case[:2] for case in DIFFERENT], ids=[case[2] for case in DIFFERENT])
def test_what_makes_another_method(one, other):
    assert read_method(one).signature != read_method(other).signature


@pytest.mark.parametrize(
    "text",
    [
        "",
        "So 18.",
        "2p + 3 = 11",
        "The answer is 18.",
        "Elle en vend neuf au marché et elle en garde deux pour ses amis.",
    ],
)
def test_a_text_that_says_no_method_has_none(text):
    assert read_method(text) == UNKNOWN


def test_the_operations_are_those_that_were_written():
    assert read_method("16 - (4 + 3) = 9").operations == {"3 + 4", "16 - 7"}
    assert read_method("16 - 4 - 3 = 9").operations == {"16 - 3 - 4"}


def test_two_results_that_are_not_joined_are_two_parts_of_the_method():
    assert read_method("4 + 3 = 7. 2 * 5 = 10.").signature == "2 * 5; 3 + 4"


@given(st.permutations(["2 + 3 = 5.", "7 * 6 = 42.", "90 - 11 = 79.", "64 / 4 = 16."]))
@settings(max_examples=50, deadline=None)
def test_steps_that_do_not_depend_on_one_another_may_come_in_any_order(steps):
    assert read_method(" ".join(steps)) == read_method("2 + 3 = 5. 7 * 6 = 42. 90 - 11 = 79. 64 / 4 = 16.")


def test_no_text_makes_a_signature_grow_without_end():
    doubling = " ".join(f"{2**step} + {2**step} = {2 ** (step + 1)}." for step in range(60))
    assert len(read_method(doubling).signature) <= 120


@given(st.text() | st.lists(st.sampled_from([*"0123456789+-*/=()^. "]), max_size=60).map("".join))
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_method_or_none(text):
    assert (read_method(text).signature is None) == (read_method(text).operations == frozenset())


def test_no_equation_behind_the_limit_counts_wherever_it_was_found():
    text = "3 + 4 = 7" + " " * MAX_READ + "5 * 5 = 25"
    assert read_method(text, find_equations(text)) == read_method(text) == read_method("3 + 4 = 7")


@pytest.mark.parametrize(
    "text",
    [
        "3 - 3 = 1. 6 / 1 = 6.",
        "1 + 1 = 64. 10 ^ 64 = 5.",
        "2 * 2 = 90000000. 3 ^ 4 = 81.",
        " ".join(["99999 * 99999 = 3.", *["3 * 99999 = 3."] * 5_000, "3 * 2 = 6."]),
    ],
    ids=["zero", "exponent", "large", "growing"],
)
def test_wrong_results_stand_for_what_was_written(text):
    assert read_method(text).signature is not None


def test_what_was_forgotten_is_read_the_same():
    context = ProblemContext("A coat of $40 is 25% off.", "30")
    texts = ["1 - 0.25 = 0.75. 40 * 0.75 = 30.", "100 - 25 = 75. 40 * 75 / 100 = 30.", "40 * 0.75 = 30"]
    signatures = []
    for text in texts:
        signatures.append(read_method(text, context=context).signature)
        forget_methods()
    assert signatures == ["(100 - n2) * n1 / 100"] * 3


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("Ann has 12 pens and THREE cups.", {"12": "n1", "3": "n2"}),
        ("1,200 and 1,2000 and 12.50 and .5", {"1200": "n1", "1": "n2", "2000": "n3", "12.5": "n4", "0.5": "n5"}),
        ("3/4 of it, on 1/2/3", {"3": "n1", "4": "n2", "1": "n3", "2": "n4"}),
        ("Twenty-one, sixty seven, twenty-seventh", {"21": "n1", "67": "n2", "20": "n3"}),
        ("sixth tent x3 v2.5 often at six.", {"6": "n1"}),
        ("小明有3个", {"3": "n1"}),
        ("one, ten, 10", {"10": "n1"}),
        ("", {}),
    ],
)
def test_numbers_of_a_question_are_named_by_their_places(question, numbers):
    assert {format_value(value): form.text for value, form in name_numbers(question).items()} == numbers


@pytest.mark.parametrize("share", ["20%", "20 %", "20％", "20 percent", "Twenty percent", "20 PERCENT"])
def test_a_percentage_may_be_used_as_what_it_leaves_and_what_it_adds(share):
    numbers = {format_value(value): form.text for value, form in name_numbers(f"It costs {share} less.").items()}
    assert numbers == {
        "20": "n1",
        "80": "100 - n1",
        "0.8": "(100 - n1) / 100",
        "120": "100 + n1",
        "1.2": "(100 + n1) / 100",
    }
