"""The sizes of units, against a table by hand."""

import pytest

from cotloom.builder.verify import compare
from cotloom.schemas.problem import AnswerType

SAME = [
    ("1 hour", "60 minutes"), ("1 hour", "3600 seconds"), ("1 day", "24 hours"), ("1 week", "7 days"),
    ("1 minute", "60 seconds"),
    ("1 m", "100 cm"), ("1 m", "1000 mm"), ("1 km", "1000 m"), ("1 kilometer", "1000 meter"), ("100 inch", "254 cm"),
    ("1000 foot", "304.8 m"), ("1000 feet", "304.8 metre"), ("1000 yard", "914.4 m"), ("1 mile", "1609.344 m"),
    ("1 kg", "1000 g"), ("1 g", "1000 mg"), ("1 gram", "1000 mg"), ("1 l", "1000 ml"), ("1 liter", "1 litre"),
    ("1 dollar", "100 cent"), ("$1", "100 cent"), ("1 usd", "$1"), ("1 euro", "1 eur"),
    ("€1", "1 euro"), ("£1", "1 gbp"),
    ("2 dozen", "24"), ("3 hundred", "300"), ("2 thousand", "2000"), ("2k", "2000"), ("1.5 million", "1500000"),
    ("2 billion", "2000000000"),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_the_same_quantity_in_two_units_is_equal_both_ways(gold, answer):
    assert compare(gold, answer, AnswerType.NUMBER).outcome.value == "equal"
    assert compare(answer, gold, AnswerType.NUMBER).outcome.value == "equal"


@pytest.mark.parametrize(
    ("gold", "answer", "outcome", "detail"),
    [
        ("18", "17, no wait, 18", "equal", "the answer corrects itself"),
        ("18", "9 * 2 = 18", "equal", "the answer ends on this number"),
        ("18", "18 - 1 = 17", "different", "the answer ends on another number"),
        ("18", "18 or 17", "hedged", "several answers, which are none: 18 or 17"),
    ],
)
def test_of_several_numbers_the_last_one_decides_only_where_the_text_says_so(gold, answer, outcome, detail):
    comparison = compare(gold, answer, AnswerType.NUMBER)
    assert (comparison.outcome.value, comparison.detail) == (outcome, detail)


@pytest.mark.parametrize(("gold", "answer"), [("B", "E"), ("A", "D"), ("G", "F")])
def test_letters_up_to_e_or_the_gold_letter_count_where_the_options_are_unknown(gold, answer):
    assert compare(gold, answer, AnswerType.CHOICE).outcome.value == "different"
