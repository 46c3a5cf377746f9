"""The short way to a number gives what the long way gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import read_answer
from cotloom.builder.verify.reading.candidates import Passage
from cotloom.builder.verify.reading.cues import choose_cues
from cotloom.builder.verify.reading.number_items import list_items, make_sentence
from cotloom.builder.verify.reading.numbers import _pick_among_all, _pick_last_result
from cotloom.builder.verify.reading.read import _read_at_length
from cotloom.builder.verify.reading.short_way import read_shortly
from cotloom.schemas.problem import AnswerType

BITS = [
    *["####", "#### ", "answer", "Answer: ", "A: ", "final ", "The ", "the answer is ", " is ", ": ", "Ans: "],
    *[
        "[ANSWER] ",
        "\\boxed{",
        "\\boxed{18}",
        "}",
        "$",
        "-->",
        " END",
        "\n",
        " ",
        "**",
        "18",
        "1.5",
        "007",
        "1,200",
        "-",
    ],
    *[".", ". ", "%", "/", "=", " or ", " not ", "Wait, ", "no, ", "If so, ", "Some say ", "１８", "x", "9" * 16, "\t"],
    *["She counts them again. " * 20, "word " * 90, ".  ", "Answer: 28", "the answer: 7", "Ans: 3"],
    *["</think>", "\u2028", "so ", "that is wrong", "答案是", "A:\n"],
]
ENDS = [
    "A: 18",
    "#### -1,200",
    "The answer is $18.",
    "So the final answer is \\boxed{18}.",
    "Answer: 3.50\n",
    "#### 18.",
]


def read_long(text):
    return _read_at_length(text, AnswerType.NUMBER, (), last_resort=True)


@given(st.lists(st.sampled_from(BITS), max_size=12).map("".join), st.sampled_from(["", *ENDS]))
@settings(max_examples=600, deadline=None)
def test_the_short_way_reads_what_the_long_way_reads(before, end):
    text = before + end
    shortly = read_shortly(text)
    assert shortly is None or shortly == read_long(text)
    assert read_answer(text, AnswerType.NUMBER) == read_long(text)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("before", ["3 + 4 = 7.\n", "", "She sells 9 of them. She has 2.\n\n"])
def test_plain_marked_texts_take_the_short_way(before, end):
    assert read_shortly(before + end) is not None


@pytest.mark.parametrize("end", [*ENDS[1:], "Answer: 28", "Final answer: 1,200."])
def test_so_do_long_texts_of_one_line(end):
    assert read_shortly("She sells 9. " * 40 + end) == read_long("She sells 9. " * 40 + end) is not None


@pytest.mark.parametrize(
    "text", ["A: 18 or 19", "The answer is 8. Wait, 9.", "It is not true that the answer is 18.", "A: 5 km", "18"]
)
def test_what_is_not_plain_takes_the_long_way(text):
    assert read_shortly(text) is None


STATED = st.sampled_from(
    ["The answer is {}.", "Answer: {}", "So \\boxed{{{}}}.", "#### {}", "答案是{}。", "La respuesta es {}."]
)
BEFORE = st.sampled_from(
    ["", "3 boxes hold 4 pens each. ", "First, 5 + 6 = 11.\n", "<think>The answer is 3.</think>\n"]
)
VALUES = st.integers(20, 999).map(str)
REMARKS = st.sampled_from([" Hope this helps!", " Do you want 2 more?", "\n\nNote: 7 is odd.", " OK."])
CORRECTIONS = st.sampled_from([" Wait, it should be {}.", " No, {}.", " Hold on. So it's {}.", " Sorry, {}."])
DENIALS = st.sampled_from([" Wait, that's wrong.", " Hmm, no, that can't be right.", " Oops, a mistake."])
EXCLUSIONS = st.sampled_from(["not {0} but {1}", "{1}, not {0}", "{1} instead of {0}", "{1} rather than {0}"])


@given(BEFORE, STATED, VALUES, REMARKS)
@settings(max_examples=100, deadline=None)
def test_a_remark_behind_an_answer_changes_nothing(before, stated, value, remark):
    assert read_answer(before + stated.format(value) + remark, AnswerType.NUMBER).answer == value


@given(BEFORE, STATED, VALUES, VALUES, CORRECTIONS)
@settings(max_examples=100, deadline=None)
def test_a_correction_behind_an_answer_replaces_it(before, stated, first, second, correction):
    reading = read_answer(before + stated.format(first) + correction.format(second), AnswerType.NUMBER)
    assert reading.answer == second
    assert reading.withdrawn == (() if first == second else (first,))


@given(BEFORE, STATED, VALUES, DENIALS)
@settings(max_examples=60, deadline=None)
def test_an_answer_that_is_taken_back_is_none(before, stated, value, denial):
    assert read_answer(before + stated.format(value) + denial, AnswerType.NUMBER) is None


@given(VALUES, VALUES, EXCLUSIONS)
@settings(max_examples=60, deadline=None)
def test_what_is_excluded_is_never_read(first, second, form):
    if first != second:
        assert read_answer(f"The answer is {form.format(first, second)}.", AnswerType.NUMBER).answer == second


CLAUSES = [
    "3", "12", "1,200", "-5", "$4", "2/3", "5 km", "3 feet 4 inches", "50%", "3:30 pm", "n", "x = 7", "2x", "(2 left)",
    " = ", "=", " + ", " * ", " and ", " or ", ", ", " to ", ">>", "<<", " not ", " at least ", " after ", " is ", "的",
    " a total of ", " pens", " days", " so ", " which is ", " because ", " if ", " wrong", "**", "≈", "是", "不是",
]  # fmt: skip


@given(st.lists(st.sampled_from(CLAUSES), min_size=1, max_size=14).map("".join), st.booleans())
@settings(max_examples=600, deadline=None)
def test_the_number_behind_the_last_equal_sign_is_picked_as_among_all_numbers(text, is_first):
    rules = ("last_sentence", "answer_is", "boxed")
    for rule in rules:
        passage = Passage(text=text, start=0, end=len(text), rule=rule, cues=choose_cues(text, {"en"}))
        sentence = make_sentence(passage, 0, len(text))
        shortly = _pick_last_result(sentence, is_first=is_first) if "=" in text else None
        assert shortly is None or shortly == _pick_among_all(sentence, list_items(sentence), is_first=is_first)


@pytest.mark.parametrize(("text", "answer"), [("3 + 4 = 7 pens", "7"), ("She has 2 * 3 = <<2*3=6>>6 eggs left.", "6")])
def test_a_calculation_takes_the_short_way(text, answer):
    passage = Passage(text=text, start=0, end=len(text), rule="last_sentence", cues=choose_cues(text, {"en"}))
    found = _pick_last_result(make_sentence(passage, 0, len(text)), is_first=False)
    assert found is not None
    assert found.answer == answer
