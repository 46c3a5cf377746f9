"""The blind check of hinted samples: what goes back to the teacher, and what its answer means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.languages import LANGUAGES, choose_wording
from cotloom.builder.teacher.prompts import format_blind_check, format_messages
from cotloom.builder.verify import cut_before_answer, judge
from cotloom.schemas.example import Role
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.prompt import HintPolicy, Prompt
from cotloom.schemas.reasons import Reason, Verdict
from cotloom.schemas.recipe import Verify
from cotloom.schemas.sample import Hint

POLICY = Verify(blind_check="hinted")
QUESTION = "Each of 6 boxes has 3 pens. How many pens are there?"


def make_problem(answer="18", answer_type=AnswerType.NUMBER, choices=(), language="en"):
    return Problem(
        problem_id="p", source="s", origin="o", question=QUESTION, answer=answer, answer_type=answer_type,
        choices=choices, language=language,
    )  # fmt: skip


def cut(text, reasoning=None, **keys):
    """Judge a text, and cut it before its answer."""
    problem = make_problem(**keys)
    judged = judge(problem, text, reasoning=reasoning)
    assert judged.verdict is Verdict.CORRECT, judged
    return cut_before_answer(problem, text=text, reasoning=reasoning, span=judged.span, answer_part=judged.answer_part)


STEP = "Each box has 3 pens, and 6 * 3 = 18."

CUTS = {
    "a sentence": (f"{STEP} The answer is 18.", STEP),
    "a line": (f"{STEP}\n#### 18", STEP),
    "a box": (f"{STEP}\n\n$$\n\\boxed{{18}}\n$$", STEP),
    "a heading above the answer": (f"{STEP}\n\n**Final answer**\n\nAnswer: 18", STEP),
    "a heading and a box": (f"{STEP}\n\n### Answer\n\\[ \\boxed{{18}} \\]", STEP),
    "an answer in bold": (f"{STEP}\n\nSo **the answer is 18**.", STEP),
    "an exclamation": ("Three each! Six boxes! The answer is 18!", "Three each! Six boxes!"),
    "no mark": ("6 * 3 makes it. There are 18 pens.", "6 * 3 makes it."),
    "one sentence of clauses": ("Each box has 3, there are 6, so the answer is 18.", "Each box has 3, there are 6,"),
    "clauses that mention it already": ("Six hold 3 each, so 18 pens, so the answer is 18.", "Six hold 3 each,"),
    "stated twice at the end": (f"{STEP} The answer is 18. Answer: 18", STEP),
    "stated, checked and stated again": (f"{STEP} The answer is 18. Check: 18 / 6 = 3. The answer is 18.", STEP),
    "a decimal in the sentence before": ("Each has 3.0 pens, six do. The answer is 18.", "Each has 3.0 pens, six do."),
    "a wrong answer that was withdrawn": (
        "The answer is 17. No, wait: I missed one. The answer is 18.", "The answer is 17. No, wait: I missed one."
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", CUTS)
def test_a_rationale_is_cut_where_it_begins_to_state_its_answer(shape):
    text, expected = CUTS[shape]
    assert cut(text) == expected


BARE = ("The answer is 18.", "#### 18", "18", "**Answer:** 18", "The answer is 18. 6 * 3 = 18.\n#### 18", "So 18.")


@pytest.mark.parametrize("text", BARE)
def test_nothing_is_left_of_an_answer_without_reasoning_before_it(text):
    assert cut(text) is None


def test_reasoning_that_was_told_apart_loses_its_own_statement_too():
    reasoning = f"Let me see. {STEP} So the answer is 18. Good."
    assert cut("Six boxes of 3. The answer is 18.", reasoning) == f"Let me see. {STEP}\n\nSix boxes of 3."
    assert cut("The answer is 18.", "Three in each of six boxes.") == "Three in each of six boxes."
    assert cut("The answer is 18.", "The answer is 18.") is None


def test_an_answer_that_only_the_reasoning_states_is_cut_there():
    assert cut("", f"{STEP} The answer is 18.") == STEP


def test_other_types_of_answers_are_cut_as_well():
    boxes = ("red", "blue")
    text = "Red is warm and blue is cold. The sea is cold. The answer is (B)."
    assert cut(text, answer="B", answer_type=AnswerType.CHOICE, choices=boxes) == (
        "Red is warm and blue is cold. The sea is cold."
    )
    text = "Penguins are heavy, and their wings are short. The answer is no."
    assert cut(text, answer="no", answer_type=AnswerType.BOOLEAN) == "Penguins are heavy, and their wings are short."
    text = "It lies on the Seine. The answer is Paris."
    assert cut(text, answer="Paris", answer_type=AnswerType.TEXT) == "It lies on the Seine."


def test_a_language_without_blanks_is_cut_at_its_own_full_stop():
    assert cut("每盒有3支，共6盒。6 × 3 = 18。答案是18。", language="zh") == "每盒有3支，共6盒。6 × 3 = 18。"


@given(st.lists(st.sampled_from(["The answer is 18.", "6 * 3 = 18.", "so 18,", "\n", "#### 18", "(", "**", "Six."])))
def test_what_is_left_states_no_right_answer_behind_a_mark(parts):
    text = f"{' '.join(parts)} The answer is 18."
    left = cut(text)
    assert left is None or text.strip().startswith(left)
    again = judge(make_problem(), left, policy=Verify(last_resort=False))
    assert again.verdict is not Verdict.CORRECT or again.rule == "whole_text"


def test_a_text_that_states_its_answer_without_end_is_cut_in_bounded_work():
    assert cut("The answer is 18. " * 20_000) is None
    assert cut(f"Six.{' ' * 200_000}\n{'(' * 200_000}\nThe answer is 18.").startswith("Six.")


def check(blind_text, text=f"{STEP} The answer is 18.", **keys):
    given = {"hint": Hint.HINTED, "policy": POLICY, **keys}
    return judge(make_problem(), text, blind_text=blind_text, **given)


def test_a_hinted_sample_whose_answer_follows_is_kept():
    judged = check("18")
    assert (judged.verdict, judged.reason, judged.blind_predicted) == (Verdict.CORRECT, None, "18")


FAILED = {
    "another answer": ("17", "17", "leads to 17; gold 18"),
    "no answer": ("I can't tell.", None, "no answer follows"),
    "an empty answer": ("", None, "no answer follows"),
    "not asked": (None, None, "not asked again"),
}


@pytest.mark.parametrize("shape", FAILED)
def test_a_hinted_sample_whose_answer_does_not_follow_is_dropped(shape):
    blind_text, predicted, words = FAILED[shape]
    judged = check(blind_text)
    assert (judged.verdict, judged.reason) == (Verdict.CORRECT, Reason.BLIND_CHECK_FAILED)
    assert judged.blind_predicted == predicted
    assert words in judged.detail


def test_a_sample_with_nothing_before_its_answer_says_so():
    assert "no reasoning before" in check(None, text="The answer is 18, as 6 boxes hold 3 pens each.").detail


def test_a_blind_answer_that_can_not_be_compared_is_no_failure():
    judged = check("The answer is 17 or 18.")
    assert (judged.verdict, judged.reason) == (Verdict.CORRECT, Reason.UNVERIFIABLE)
    assert judged.detail.startswith("blind check")
    assert check("The answer is at least 18.").reason is Reason.UNVERIFIABLE
    assert check("18" * 10).reason is Reason.BLIND_CHECK_FAILED  # twenty digits are another number
    bounded = {"policy": Verify(blind_check="hinted", max_characters=60), "text": "6 * 3 = 18. The answer is 18."}
    long = check("18 " * 30, **bounded)
    assert (long.reason, "characters" in long.detail) == (Reason.UNVERIFIABLE, True)


@pytest.mark.parametrize(
    ("text", "keys", "reason"),
    [
        (f"{STEP} The answer is 18.", {"hint": Hint.NONE}, None),
        (f"{STEP} The answer is 18.", {"policy": Verify()}, None),
        (f"{STEP} The answer is 17.", {}, Reason.WRONG),
        ("6 * 3 = 20. The answer is 18.", {}, Reason.WRONG_STEP),
        ("The hint says so. The answer is 18.", {}, Reason.HINT_PARROTED),
    ],
)
def test_only_hinted_samples_that_would_be_kept_are_checked(text, keys, reason):
    judged = check(None, text, **keys)
    assert (judged.reason, judged.blind_predicted) == (reason, None)
    assert "blind" not in (judged.detail or "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_call_shows_the_rationale_and_no_hint_in_the_words_of_the_language(language):
    problem = make_problem(answer="4711", language=language)
    prompt = Prompt(answer_format="End with a box.", system="Be brief.")
    messages = format_blind_check(problem, prompt, (), STEP)
    assert messages[:-2] == format_messages(problem, Hint.NONE, prompt, HintPolicy())
    assert [message.role for message in messages[-2:]] == [Role.ASSISTANT, Role.USER]
    assert messages[-2].content == STEP
    assert choose_wording(language).second_call in messages[-1].content
    assert "End with a box." in messages[-1].content
    assert "4711" not in "".join(message.content for message in messages)


def test_without_a_comparison_there_is_no_blind_check():
    with pytest.raises(ValueError, match="blind_check compares"):
        Verify(blind_check="hinted", answer="unchecked")
