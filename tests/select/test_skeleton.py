import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.select.signatures.skeleton import read_skeleton

QUESTION = "Which is true? (A) Ann is left of Bob. (B) Bob is left of Ann."
ONE = [
    (
        "Ann is left of Bob. So it is (A).",
        "- Ann is left of Bob.\n- Therefore, it is (A).",
        "list marks and connectives",
    ),
    ("Ann is left of Bob, so it is true.", "**Ann** is left of Bob, so this is true.", "emphasis and pronouns"),
    ("It can't be (B). Bob is not there.", "It cannot be (B). Bob isn't there.", "short forms"),
    ("The day is December 24, 1937 at last.", "The day is 12/24/1937 at last.", "dates"),
    ("The day is 24 Dec. 1937 at last.", "The day is 1937-12-24 at last.", "dates of other forms"),
    ("Option A says that Ann is left.", "(A) says that Ann is left.", "options"),
    ("Ann is left of Bob. The answer is (A).", "Ann is left of Bob.", "the statement of the answer"),
    ('The word is "left" and not right.', "The word is left and not right.", "quotation marks"),
    ("Let's think step by step. Ann is left of Bob.", "Ann is left of Bob.", "announcements"),
    ("首先，安在左边。所以鲍勃在右边。", "安在左边。因此，鲍勃在右边。", "Chinese connectives"),
]
OTHER = [
    ("Ann is left of Bob.", "Bob is left of Ann.", "who does what"),
    ("Ann is left of Bob.", "Ann is right of Bob.", "directions"),
    ("Ann is left of Bob.", "Ann is not left of Bob.", "negation"),
    ("So p → q holds here.", "So q → p holds here.", "arrows"),
    ("So p → q holds here.", "So p ← q holds here.", "the direction of an arrow"),
    ("It is true that x < 5 here.", "It is true that x > 5 here.", "relations"),
    ("The stack is ( [ { by now.", "The stack is ( { [ by now.", "brackets"),
    ("not (True and False) is what we have", "(not True) and False is what we have", "the reach of a negation"),
    ("There are a few pens left.", "There are few pens left.", "few, and a few"),
    ("Does Ann sit left of Bob?", "Does Ann sit left of Bob.", "a question"),
    ("The share is 1/2 of it all.", "The share is 1.2 of it all.", "numbers"),
    ("The day is 12/24/1937 at last.", "The day is 12/25/1937 at last.", "other dates"),
    ("(A) is wrong and (B) is right.", "(B) is wrong and (A) is right.", "options"),
    ("The answer is (A) because Ann is left.", "The answer is (A) because Bob is right.", "a reason with the answer"),
    ("A is left of B and C is not.", "Is left of B and C is not.", "a letter as a name"),
    ("Step 3 is wrong in this proof.", "Step 4 is wrong in this proof.", "steps that are spoken of"),
    ("So p' is where the line ends.", "So p is where the line ends.", "primes"),
    ("The pattern a* matches this word.", "The pattern a matches this word.", "stars"),
    ("We multiply 2**3 and then 4**5 here.", "We multiply 23 and then 45 here.", "powers"),
    ("安在鲍勃左边。", "安不在鲍勃左边。", "Chinese negation"),
    ("安在鲍勃左边。", "鲍勃在安左边。", "Chinese order"),
]


@pytest.mark.parametrize(("one", "other"), [case[:2] for case in ONE], ids=[case[2] for case in ONE])
def test_what_says_nothing_does_not_count(one, other):
    assert read_skeleton(one, QUESTION) is not None
    assert read_skeleton(one, QUESTION) == read_skeleton(other, QUESTION)


@pytest.mark.parametrize(("one", "other"), [case[:2] for case in OTHER], ids=[case[2] for case in OTHER])
def test_what_says_something_counts(one, other):
    assert read_skeleton(one, QUESTION) is not None
    assert read_skeleton(one, QUESTION) != read_skeleton(other, QUESTION)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", None),
        ("(A)", None),
        ("The answer is (A).", None),
        ("Ann sitzt links von Bob.", "de"),
        ("Ann est à gauche.", "fr"),
    ],
)
def test_what_says_nothing_or_in_another_language_is_unknown(text, language):
    assert read_skeleton(text, QUESTION, language=language) is None


def test_another_problem_of_the_template_has_the_same_skeleton():
    one = read_skeleton("Ann is left of Bob. So Bob is not left of 3 others.", "Ann and Bob, and 3 others")
    other = read_skeleton("Cid is left of Dan. So Dan is not left of 7 others.", "Cid and Dan, and 7 others")
    assert one == other is not None


def test_a_person_sees_the_order_of_options_and_the_dates():
    assert read_skeleton("(B) is a fish. (A) is a whale.", QUESTION).text.startswith("options B A #")
    dates = read_skeleton("It is 12/24/1937 today. Tomorrow is Dec 25, 1937.", "Which day?")
    assert dates.text.startswith("dates 1937-12-24 1937-12-25 #")


@given(
    st.lists(
        st.sampled_from("p q not and or ( ) → ← = < > 1 2 , . ? ' left right is Ann Bob few A B".split()), max_size=9
    )
)
@settings(max_examples=200, deadline=None)
def test_of_two_signs_in_a_row_the_order_counts(words):
    tail = ["holds", "over", "there"]
    base = read_skeleton(" ".join([*words, *tail]), "Is it?")
    for place in range(len(words) - 1):
        one, other = words[place : place + 2]
        if one != other and not {one, other} & set(",.?A()"):
            swapped = [*words[:place], other, one, *words[place + 2 :]]
            assert read_skeleton(" ".join([*swapped, *tail]), "Is it?") != base
