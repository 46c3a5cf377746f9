"""An answer that a text does not mark is read as the last resort, which a recipe can turn off."""

import pytest

from cotloom.builder.verify import judge, read_answer
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Reason, Verdict
from cotloom.schemas.recipe import Verify
from cotloom.schemas.sample import Part

STRICT = Verify(last_resort=False)
FRUIT = ("apple", "pear")
SALAD = "[8ccc9e19] lamp under seven rivers of glass"
NUMBER = Problem(problem_id="p_1", source="s", origin="o", question="What is 3 + 5?", answer="8")
BOOLEAN = Problem(
    problem_id="p_2", source="s", origin="o", question="Do cats bark?", answer="no", answer_type=AnswerType.BOOLEAN
)
CHOICE = Problem(
    problem_id="p_3",
    source="s",
    origin="o",
    question="Which is green?",
    answer="B",
    answer_type=AnswerType.CHOICE,
    choices=FRUIT,
)

GUESSED = [
    (NUMBER, "She has 3 and gets 5. Now there are 8 of them."),
    (NUMBER, "8ccc9e19"),
    (NUMBER, "x = 8 lamps under the river"),
    (BOOLEAN, "They meow all day. No, they never do that at all."),
    (BOOLEAN, "No. Everybody knows what cats do."),
    (CHOICE, "Apples are red. So it must be option B"),
    (CHOICE, "(B) because the other one is red"),
]
ALONE = [
    (NUMBER, "8"),
    (NUMBER, " **8**. "),
    (NUMBER, "$8"),
    (NUMBER, "8 apples"),
    (NUMBER, "8元"),
    (BOOLEAN, "No."),
    (BOOLEAN, "**no**"),
    (CHOICE, "B"),
    (CHOICE, "(b)"),
    (CHOICE, "pear"),
]
MARKED = [
    (NUMBER, "3 + 5 = 8. The answer is 8."),
    (NUMBER, "#### 8"),
    (NUMBER, "\\boxed{8}"),
    (BOOLEAN, "Answer: no"),
    (CHOICE, "So the answer is (B)."),
]


@pytest.mark.parametrize(("problem", "text"), GUESSED)
def test_without_the_last_resort_a_text_that_marks_no_answer_has_none(problem, text):
    strict = judge(problem, text, policy=STRICT)
    assert (strict.verdict, strict.reason, strict.predicted) == (Verdict.NO_ANSWER, Reason.NO_ANSWER, None)
    assert "verify.last_resort is false" in strict.detail


@pytest.mark.parametrize(("problem", "text"), [*ALONE, *MARKED])
def test_an_answer_alone_and_a_marked_one_are_read_without_it(problem, text):
    assert judge(problem, text, policy=STRICT).verdict is Verdict.CORRECT
    assert judge(problem, text).verdict is Verdict.CORRECT


def test_the_default_reads_as_before_and_names_the_rule():
    found = judge(NUMBER, "She has 3 and gets 5. Now there are 8 of them.")
    assert (found.verdict, found.rule) == (Verdict.CORRECT, "last_sentence")


def test_a_mark_in_the_reasoning_comes_before_a_guess_from_the_response():
    found = judge(NUMBER, "I solved it in 4 steps.", reasoning="3 + 5 = 8. The answer is 8.", policy=STRICT)
    assert (found.verdict, found.answer_part, found.rule) == (Verdict.CORRECT, Part.REASONING, "answer_is")


def test_reasoning_without_a_mark_is_no_answer_either():
    assert judge(NUMBER, "", reasoning="3 and 5 make 8 of them.", policy=STRICT).verdict is Verdict.NO_ANSWER
    assert judge(NUMBER, "", reasoning="3 and 5 make 8 of them.").rule == "last_sentence"


def test_word_salad_is_not_kept_as_its_first_digit():
    assert judge(NUMBER, SALAD, policy=STRICT).verdict is Verdict.NO_ANSWER
    assert read_answer(SALAD, AnswerType.NUMBER, last_resort=False) is None


def test_a_pattern_decides_alone():
    policy = Verify(last_resort=False, pattern=r"there are (\d+)")
    assert judge(NUMBER, "Now there are 8 of them.", policy=policy).verdict is Verdict.CORRECT
