"""Rows in other languages than English: the teacher's own statement of the answer is replaced by ours."""

import pytest

from cotloom.builder.format.templates import FORMATS, SolvedProblem, write_messages
from cotloom.builder.verify import read_answer
from cotloom.schemas.problem import AnswerType


def write(text, language, gold="7", answer_type=AnswerType.NUMBER, choices=(), form="zero_shot_cot"):
    reading = read_answer(text, answer_type, choices)
    problem = SolvedProblem(
        question="?", answer=gold, text=text, answer_start=reading.span.start if reading else None,
        answer_type=answer_type, choices=choices, language=language,
    )  # fmt: skip
    return [message.content for message in write_messages(FORMATS[form], problem)]


@pytest.mark.parametrize(
    ("language", "text", "target"),
    [
        ("zh", "3 + 4 = 7。\n所以答案是 7。", "3 + 4 = 7。\n答案是：7。"),
        ("zh", "3 + 4 = 7。因此，最终答案为：7", "3 + 4 = 7。\n答案是：7。"),
        ("zh", "3 + 4 = 7。答案是 $\\boxed{7}$。", "3 + 4 = 7。\n答案是：7。"),
        ("zh", "3 + 4 = 7。\nThe answer is 7.", "3 + 4 = 7。\n答案是：7。"),
        ("zh", "3 + 4 = 7。\n#### 7", "3 + 4 = 7。\n答案是：7。"),
        ("zh", "3 + 4 = 7。\n答：7支笔。", "3 + 4 = 7。\n答案是：7。"),
        ("zh", "答案是 7 支。", "答案是：7。"),
        ("zh", "答案是 7，这样每个孩子都能分到两支铅笔。", "答案是 7，这样每个孩子都能分到两支铅笔。\n答案是：7。"),
        ("zh", "答案是 7，因为 3 加 4 得 7。", "答案是 7，因为 3 加 4 得 7。\n答案是：7。"),
        ("es", "3 + 4 = 7. Por lo tanto, la respuesta es 7.", "3 + 4 = 7.\nLa respuesta es 7."),
        ("fr", "3 + 4 = 7. Donc la réponse est 7.", "3 + 4 = 7.\nLa réponse est 7."),
        ("de", "3 + 4 = 7. Die Antwort lautet 7.", "3 + 4 = 7.\nDie Antwort ist 7."),
        ("ja", "3 + 4 = 7。したがって、答えは7です。", "3 + 4 = 7。\n答えは 7 です。"),
        (None, "3 + 4 = 7. So the answer is 7.", "3 + 4 = 7.\nThe answer is 7."),
        ("und", "3 + 4 = 7. So the answer is 7.", "3 + 4 = 7.\nThe answer is 7."),
    ],
)
def test_a_row_states_the_answer_once_and_in_its_language(language, text, target):
    assert write(text, language)[-1] == target


def test_an_option_and_yes_are_stated_in_the_language_of_the_row():
    assert write("梨长在树上。选B。", "zh", "B", AnswerType.CHOICE, ("石头", "梨"))[-1] == "梨长在树上。\n答案是：(B)。"
    assert write("企鹅太重。答案是：否。", "zh", "否", AnswerType.BOOLEAN)[-1] == "企鹅太重。\n答案是：否。"


@pytest.mark.parametrize("form", ["zero_shot_cot", "zero_shot_answer", "cot_collection"])
def test_each_cue_is_in_the_language_of_the_row(form):
    cues = {language: write("答案是 7。", language, form=form)[0] for language in ("en", "zh", "es", "fr", "de", "ja")}
    assert len(set(cues.values())) == 6
