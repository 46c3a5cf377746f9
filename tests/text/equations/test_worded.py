"""Equations in words: true ones are right, false ones are wrong where they can mean nothing else."""

import pytest

from tests.text.equations.test_equations import read_outcomes

FORMS = [
    ("half of 48 is {}", 24), ("Half of 48 is {} pens", 24), ("So half of the 48 is {}", 24), ("a third of 60 is {}", 20),  # noqa: E501
    ("one quarter of 60 is {}", 15), ("two thirds of 60 is {}", 40), ("three-quarters of 60 is {}", 45),
    ("3/4 of 60 is {}", 45), ("20% of 50 is {}", 10), ("20 percent of 50 is {}", 10), ("12.5% of 80 is {}", 10),
    ("twice 8 is {}", 16), ("Double 8 is {}", 16), ("triple 8 is {}", 24), ("thrice 8 equals {}", 24),
    ("5 more than 7 is {}", 12), ("5 less than 7 is {}", 2), ("5 fewer than 7 pens is {}", 2), ("$5 more than $7 is ${}", 12),  # noqa: E501
    ("3 times 14 is {}", 42), ("3 plus 14 makes {}", 17), ("14 minus 3 is {}", 11), ("60 divided by 4 is {}", 15),
    ("4 subtracted from 60 is {}", 56), ("the sum of 13 and 14 is {}", 27), ("the product of 13 and 4 is {}", 52),
    ("The difference between 13 and 40 is {}", 27), ("15 squared is 22{}", 5), ("13 + 14 is {}", 27),
    ("13 + 14 is equal to {}", 27), ("48的一半是{}。", 24), ("60的三分之一是{}。", 20), ("8的两倍是{}。", 16),
    ("50的20%是{}。", 10), ("8的3倍等于{}。", 24),
]  # fmt: skip


@pytest.mark.parametrize(("form", "result"), [form for form in FORMS if "squared" not in form[0]])
def test_a_worded_equation_is_checked(form, result):
    assert [outcome for outcome, _ in read_outcomes(form.format(result))] == ["right"]
    assert [outcome for outcome, _ in read_outcomes(form.format(result + 1))] == ["wrong"]


@pytest.mark.parametrize(
    "text",
    [
        *["Tom's age plus half of 48 is 30", "3 more than half of 48 is 27", "half of 48 is 20 more than 4"],
        *["half of 48 is 8 times 3", "half of 48 is 20 plus 4", "a third of 50 is 17", "a third of 10 is 3"],
        *["twice 8 is about 17", "the first half of 48 is 20", "one and a half of 48 is 72", "half of 48 is 2 dozen"],
        *["half of 48 is 24.0", "If half of 48 is 20, we are done", "half of 48 is 20?", "half of 48 is 20 to 25"],
        *["2 + 3 + 4 is 9", "20% of 50 students are 10 years old", "比 5 多 3 是 9", "half of 48.5 is 20:30"],
        *["Half of 48 is 20, no, 24.", "half of 3/4 is 1/2", "5 more than 7 of 12 is 3 of 8"],
    ],
)
def test_a_worded_equation_that_may_mean_something_else_is_never_wrong(text):
    assert "wrong" not in [outcome for outcome, _ in read_outcomes(text)]
