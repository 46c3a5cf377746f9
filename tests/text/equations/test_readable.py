"""Steps as people write them are checked, whatever stands around and between their numbers."""

import pytest

from cotloom.builder.text.equations import find_equations
from tests.text.equations.test_equations import read_outcomes

WRONG = [
    *[
        "3 + 4 = 8\nThe rest is easy.",
        "3 + 4 = 8\nthen",
        "3 + 4 = 8 a day",
        "3 + 4 = 8 I think",
        "14 - 3 = 10 each week",
    ],
    *["$40800 a year / 12 = $3500 a month", "$20/shirt * 10 shirts = $210", "$20 per shirt * 10 shirts = $210"],
    *[
        "4 legs per dog * 3 dogs = 13 legs",
        "4 paper clips per small box * 3 boxes = 13",
        "7 days / week * 3 weeks = 22 days",
    ],
    *["3+4 = **8**", "**3 + 4 = 8**", "**3** + **4** = **8**", "3 + 4 = __8__", "3 + 4 = *8*", "`3 + 4` = `8`"],
    *["$3 + 4 = 8$", "\\(3 + 4 = 8\\)", "3 + 4 = \\boxed{8}", "3 + 4 = \\mathbf{8}", "$$3 \\times 4 = 13$$"],
    *["\\left(3 + 4\\right) \\cdot 2 = 15", "\\frac{3+4}{7} = 2", "\\frac{1}{2} + \\frac{1}{3} = \\frac{4}{6}"],
    *[
        "2^{3} + 1 = 10",
        "3 + 4 &= 8 \\\\",
        "3\\text{ pens} + 4\\text{ pens} = 8\\text{ pens}",
        "1{,}200 \\cdot 2 = 2{,}500",
    ],
    *[
        "Total: 3 + 4 = 8",
        "Total:3+4=8",
        "Step 2: 3 + 4 = 8",
        "1. 3 + 4 = 8",
        "- 3 + 4 = 8",
        "| all | 3 + 4 = 8 |",
        "(3 + 4 = 8)",
    ],
    *["800 * 2 = 1,700, so", "1,600 + 1 = 1,602, so", "75x 8 = 601", "40(.50)=21", "2 + 3(10) = 33", "3 + 4 == 8"],
    *[
        "5 pens + Tom's 3 pens = 9",
        "5 + another 3 = 9",
        "3 + 4 = 8 (pens)",
        "He needs 60/5=13 times",
        "$300/$30 = 19 weeks",
    ],
    *[
        "3 + 4 = 8元。",
        "３＋４＝８",
        "3加4等于8。",
        "3元加4元等于8元。",
        "12除以4等于4。",
        "3乘以4等于13",
        "3 + 4 = 8，所以",
    ],
    *[
        "$3m + 4m = 8$ and 3 + 4 = 8",
        "26 + 30 = 55 minutes late",
        "3 * 4 = 13 more than before",
        "There were 3 + 4 = 8.",
    ],
]


@pytest.mark.parametrize("text", WRONG)
def test_a_false_step_is_wrong(text):
    assert "wrong" in [outcome for outcome, _ in read_outcomes(text)]


RIGHT = [
    *[
        "3 + 4 = 7\nThe rest is easy.",
        "$20/shirt * 10 shirts = $200",
        "4 legs per dog * 3 dogs = 12 legs",
        "3+4 = **7**",
    ],
    *["Total: 3 + 4 = 7", "800 * 2 = 1,600, so", "$2.50 - $2.24 = 26 cents", "40(.50)=20", "3加4等于7。", "３＋４＝７"],
    *["8*45 = 360 divided by 5 is 360/5 = 72", "7 * 3 = 21 - 4 = 17", "(3 + 9 = 12) + 2 = 14", "600/(3+1=4) = 150"],
    *["\\frac{1}{2} + \\frac{1}{3} = \\frac{5}{6}", "\\frac12 + \\frac12 = 1", "2^{3} + 1 = 9", "1/3 + 1/3 + 1/3 = 1"],
]


@pytest.mark.parametrize("text", RIGHT)
def test_a_true_step_is_right(text):
    assert {outcome for outcome, _ in read_outcomes(text)} == {"right"}


RUN_ON = [
    *[
        "3 + 9 + 2 = 14 + 2",
        "(3 + 9 + 2) = (14 + 2)",
        "(3 + 9 + 2 = 14 + 2)",
        "2 * (3 + 9 + 2 = 14 + 2)",
        "5 * 4 = 20 - 3.",
    ],
    *[
        "3 + 9 = 12 + 2 = 15",
        "(3 + 9 = 13) + 2 = 15",
        "(3 + 9 = 12) + 2 = 15",
        "8 - 2 = 6 * 5, so 30",
        "3 + 9 = 13 + 2 = 15",
    ],
    *["3 * 4 = 12 + 1 = 13 + 1 = 15", "So [3 + 9 + 2 = 14 + 2]", "2 + 2 = 4 + 1 pens"],
]


@pytest.mark.parametrize("text", RUN_ON)
def test_a_run_on_equal_sign_hides_no_mistake(text):
    assert "wrong" in [outcome for outcome, _ in read_outcomes(text)]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        *[("480/247 = 2", "wrong"), ("480/100 = 5", "wrong"), ("19/10 = 2", "wrong"), ("100/3 = 34", "wrong")],
        *[("100/3 = 33", "rounded"), ("50/3 = 17", "rounded"), ("50/3 = 16", "rounded"), ("50/3 = 16.67", "rounded")],
        *[("50/3 = 16.7", "rounded"), ("50/3 = 16.8", "wrong"), ("2/3 = 0.66", "rounded"), ("2/3 = 0.68", "wrong")],
        *[("2/3 = 67%", "rounded"), ("2/3 = 69%", "wrong"), ("2/3 = 0.7", "unchecked"), ("17/3 = 5", "unchecked")],
        *[("480/247 ≈ 2", "rounded"), ("480/247 = about 2", "rounded"), ("480/247 \\approx 3", "wrong")],
        *[
            ("2.5 * 1.5 = 3.75", "right"),
            ("2.5 * 1.5 = 3.8", "rounded"),
            ("2.5 * 1.5 = 4", "wrong"),
            ("3 * 333 ≈ 1000", "rounded"),
        ],
        *[("1/3 = 0.333...", "rounded"), ("5.01 * 2 = 10", "wrong"), ("22/7 = 3.142857142857143", "rounded")],
        *[
            ("480/100 = 5 rounded up", "unchecked"),
            ("17 / 5 = 3 remainder 2", "unchecked"),
            ("17/5 = 3 R 2", "unchecked"),
        ],
    ],
)
def test_rounded_is_what_a_hand_writes_down(text, outcome):
    assert [found for found, _ in read_outcomes(text)] == [outcome]


MARKS = [
    *[
        "49/2 = <<48/2=24>>24",
        "48*2 = <<48/2=24>>24",
        "48/2 = <<48/2=24>>25",
        "48/2 = <<48/2=25>>24",
        "48/2 = <<49/2=24>>24",
    ],
    *["48/2 = <<48*2=24>>24", "She sold <<48/2=24>>25 clips.", "48/2 = <<24=25>>24", "48/2 pens = <<48/2=24>>23 pens"],
    *["$48 / $3 = $<<48/2=24>>24", "48/3 = <<48/2=24>>24 dozen", "25/2 = <<24/2=12>>12", "24/2 = <<25/2=12>>12"],
]


@pytest.mark.parametrize("text", MARKS)
def test_a_true_mark_excuses_no_text_and_a_true_text_no_mark(text):
    assert "wrong" in [outcome for outcome, _ in read_outcomes(text)]


@pytest.mark.parametrize(
    "text",
    [
        *[
            "1 and 1/4 cup + 1 and 1/4 cup = <<1.25+1.25=2.5>>2.5",
            "2 weeks * 3 = <<14*3=42>>42 days",
            "<<48/2=24>>24.0",
        ],
        *[
            "3 dozen + 2 = <<36+2=38>>38",
            "5% of 350 000 = <<350000*5/100=17500>>17 500",
            "<<.5=.5>>50%",
            "a tray x 2 = <<24*2=48>>48",
        ],
    ],
)
def test_a_true_mark_beside_loose_words_raises_no_alarm(text):
    assert "wrong" not in [outcome for outcome, _ in read_outcomes(text)]


def test_the_first_wrong_step_has_its_place():
    text = "He has 3 + 4 = 7 pens.\nShe has **5 * 6 = 31** pens.\nThey have 7 + 31 = 39."
    wrong = [text[item.start : item.end] for item in find_equations(text) if item.outcome == "wrong"]
    assert wrong == ["5 * 6 = 31", "7 + 31 = 39"]
