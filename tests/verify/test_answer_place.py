"""`verify.answer`: a stated answer, the gold answer anywhere in the rationale, or no comparison at all."""

import pytest

from cotloom.builder.verify import judge
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.recipe import Verify
from cotloom.schemas.sample import Hint

NUMBER, CHOICE, BOOLEAN, TEXT = AnswerType.NUMBER, AnswerType.CHOICE, AnswerType.BOOLEAN, AnswerType.TEXT
ANYWHERE, UNCHECKED = Verify(answer="anywhere"), Verify(answer="unchecked")


def make_problem(gold, kind, choices=()):
    return Problem(
        problem_id="p", source="s", origin="o", question="Which?", answer=gold, answer_type=kind, choices=choices
    )


FOUND = {
    "number": ("12", NUMBER, (), "Three boxes hold 4 pens, so there are 12 pens in all of them. That is many.", "12"),
    "number with a unit": ("12", NUMBER, (), "They pay $12.00 together, which is much for two of them.", "12.00"),
    "text": ("red wine", TEXT, (), "He orders what goes with it. Red  wine is served, then he leaves.", "Red  wine"),
    "text with an article": ("the sea", TEXT, (), "Ships sail on sea water and come home.", "sea"),
    "chinese text": ("长江", TEXT, (), "中国最长的河流是长江，全长六千多公里。", "长江"),
    "option by its text": ("B", CHOICE, ("pear", "iron rod"), "The iron rod is of metal alone.", "iron rod"),
    "option by its letter": ("B", CHOICE, ("pear", "rod"), "Only (B) is of metal while others grow.", "(B)"),
    "yes": ("yes", BOOLEAN, (), "Birds lay eggs, so the claim is true for hens.", "true"),
    "no": ("no", BOOLEAN, (), "No one lays eggs here, so the claim is false of dogs.", "false"),
    "list": ("7, 9", TEXT, (), "Sorted by size they are 7, 9 and that is all of it here.", "7, 9"),
}  # fmt: skip


@pytest.mark.parametrize(("gold", "kind", "choices", "text", "said"), FOUND.values(), ids=FOUND)
def test_the_gold_answer_is_found_anywhere(gold, kind, choices, text, said):
    judged = judge(make_problem(gold, kind, choices), text, policy=ANYWHERE)
    assert (judged.verdict, judged.reason) == ("correct", None)
    assert judged.rule in {"anywhere", "last_sentence"}
    if judged.rule == "anywhere":
        assert text[judged.span.start : judged.span.end].strip("$") == said


MISSING = {
    "part of a number": ("12", NUMBER, (), "There are 120 pens and 3.12 boxes in 2012."),
    "part of a word": ("art", TEXT, (), "They part at the cart."),
    "another option": ("A", CHOICE, ("pear", "rod"), "A rod conducts."),
    "no one": ("no", BOOLEAN, (), "There is no one in no house that nobody knows about"),
    "nothing": ("12", NUMBER, (), "There is nothing to tell."),
}


@pytest.mark.parametrize(("gold", "kind", "choices", "text"), MISSING.values(), ids=MISSING)
def test_a_rationale_without_the_gold_answer_has_none(gold, kind, choices, text):
    judged = judge(make_problem(gold, kind, choices), text, policy=ANYWHERE)
    assert (judged.verdict, judged.reason, judged.predicted) == ("no_answer", "no_answer", None)


def test_the_gold_answer_in_the_reasoning_is_found_too():
    judged = judge(
        make_problem("12", NUMBER), "Done.", reasoning="3 times 4 is 12, all told, and no more.", policy=ANYWHERE
    )
    assert (judged.verdict, judged.answer_part, judged.rule) == ("correct", "reasoning", "anywhere")


def test_a_stated_answer_is_compared_as_ever():
    text = "It is not 12. The answer is 13."
    assert judge(make_problem("12", NUMBER), text, policy=ANYWHERE).verdict == "wrong"
    right = judge(make_problem("13", NUMBER), text, policy=ANYWHERE)
    assert (right.verdict, right.rule) == ("correct", "answer_is")


def test_a_hinted_rationale_that_only_repeats_the_hint_is_dropped():
    judged = judge(make_problem("Paris", TEXT), "The hint says Paris.", hint=Hint.HINTED, policy=ANYWHERE)
    assert judged.reason == "hint_parroted"


@pytest.mark.parametrize("text", ["So it rains.", "The answer is 13.", "3 + 4 = 7, which is it."])
def test_an_answer_that_is_not_compared_is_never_correct(text):
    for gold in ("12", "13", None):
        judged = judge(make_problem(gold, NUMBER), text, policy=UNCHECKED)
        assert (judged.verdict, judged.reason) == ("unchecked", None)


def test_steps_are_checked_although_the_answer_is_not():
    judged = judge(make_problem(None, NUMBER), "3 + 4 = 8. The answer is 8.", policy=UNCHECKED)
    assert (judged.verdict, judged.reason) == ("unchecked", "wrong_step")


@pytest.mark.parametrize(
    ("text", "reasoning", "finish", "verdict"),
    [("", None, None, "no_answer"), (None, None, "length", "truncated"), ("So it", None, "length", "truncated"),
     ("", "First, it", None, "no_answer")],
)  # fmt: skip
def test_what_is_no_answer_is_dropped_although_answers_are_not_compared(text, reasoning, finish, verdict):
    judged = judge(make_problem("12", NUMBER), text, reasoning=reasoning, finish_reason=finish, policy=UNCHECKED)
    assert (judged.verdict, judged.reason) == (verdict, verdict)


@pytest.mark.parametrize("text", ["The answer is 12.", "It is 13.", "So it rains."])
def test_without_the_key_nothing_changes(text):
    problem = make_problem("12", NUMBER)
    assert judge(problem, text, policy=Verify(answer="in_response")) == judge(problem, text)
