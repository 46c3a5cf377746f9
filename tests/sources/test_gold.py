"""Gold answers and options, in the forms in which tables store them."""

import pytest

from cotloom.builder.sources.gold import UnreadableError, read_gold, read_options
from cotloom.schemas.problem import AnswerType

PAIR = ["pear", "7"]


@pytest.mark.parametrize(
    "cell",
    [
        ["pear", 7],
        '["pear", "7"]',
        {"text": ["pear", "7"], "label": ["A", "B"]},
        [{"label": "A", "text": "pear"}, {"label": "B", "text": "7"}],
        {"B": "7", "A": "pear"},
        ["A) pear", "B)7"],
        ["(A) pear", "(B) 7"],
    ],
)
def test_options_are_read_however_a_table_writes_them(cell):
    assert read_options(cell) == ("pear", "7")


@pytest.mark.parametrize(
    "cell", ["pear, 7", "[1", 3, None, ["one"], ["a", None], ["a", " "], list("abcdefghijklmnopqrstuvwxyz1")]
)
def test_what_is_no_list_of_options_is_told(cell):
    with pytest.raises(UnreadableError, match="choices"):
        read_options(cell)


@pytest.mark.parametrize(
    ("cell", "letter"),
    [
        ("B", "B"), ("b", "B"), ("(B)", "B"), ("B.", "B"), (" 7 ", "B"), ("Pear.", "A"), (0, "A"), (1, "B"),
        (2, None), (-1, None), ("C", None), ("plum", None), (True, None), ("", None), ("0", None),
    ],
)  # fmt: skip
def test_a_gold_choice_is_stored_as_its_letter(cell, letter):
    assert read_gold(cell, AnswerType.CHOICE, PAIR) == letter


def test_a_gold_that_is_one_options_letter_and_anothers_text_is_no_answer():
    assert read_gold("B", AnswerType.CHOICE, ["B", "C"]) is None
    assert read_gold("A", AnswerType.CHOICE, ["A", "B"]) == "A"
    assert read_gold("same", AnswerType.CHOICE, ["same", "Same"]) is None


def test_a_choice_whose_options_stand_in_the_question_is_a_letter():
    assert read_gold("(c)", AnswerType.CHOICE, []) == "C"
    assert read_gold("cat", AnswerType.CHOICE, []) is None


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        (True, "yes"), ("TRUE", "yes"), ("Yes.", "yes"), (1, "yes"), ("1", "yes"), (1.0, "yes"),
        (False, "no"), ("no", "no"), (0, "no"), ("maybe", None), (2, None), ("yes and no", None),
        ("Valid", "valid"), ("invalid.", "invalid"), ("implausible", "implausible"), ("否", "否"), ("对", "对"),
        ("incorrect", "incorrect"), ("有效", "有效"), ("validity", None),
    ],
)  # fmt: skip
def test_a_gold_boolean_is_stored_as_yes_or_no_or_as_its_own_word(cell, word):
    assert read_gold(cell, AnswerType.BOOLEAN, []) == word
