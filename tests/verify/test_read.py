import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import read_answer
from cotloom.schemas.problem import AnswerType


def read(text, pattern=None):
    return read_answer(text, AnswerType.NUMBER, pattern=pattern)


@pytest.mark.parametrize(
    ("text", "answer", "rule"),
    [
        # every rule
        ("9 * 2 = 18\n#### 18", "18", "hashes"),
        ("####18", "18", "hashes"),
        ("So we get \\boxed{18}.", "18", "boxed"),
        ("Work.\nAnswer: 18", "18", "answer_colon"),
        ("Work.\nA: 18", "18", "answer_colon"),
        ("Work.\n**Final Answer:** 18 eggs", "18", "answer_colon"),
        ("Work.\nans: 18", "18", "answer_colon"),
        ("The answer is 18.", "18", "answer_is"),
        ("the final answer is $18.", "$18", "answer_is"),
        ("The answer to the question is 18 eggs.", "18", "answer_is"),
        ("THE ANSWER IS 18", "18", "answer_is"),
        ("The answer is:\n18", "18", "answer_is"),
        ("The answer = 18", "18", "answer_is"),
        ("She has 16 eggs. She sells 18 of them.", "18", "last_sentence"),
        ("18", "18", "last_sentence"),
        # the last mark wins
        ("The answer is 7.\nNo: the answer is 18.", "18", "answer_is"),
        ("#### 7\n#### 18", "18", "hashes"),
        ("\\boxed{7} then \\boxed{18}", "18", "boxed"),
        ("The answer is 7.\n#### 18", "18", "hashes"),
        ("#### 7\nThe answer is 18.", "18", "answer_is"),
        ("\\boxed{7}\nA: 18", "18", "answer_colon"),
        # a mark wins over the last sentence
        ("The answer is 18. That took 3 minutes.", "18", "answer_is"),
        # worked out in place
        ("The answer is 9 * 2 = 18.", "18", "answer_is"),
        # nested braces
        ("\\boxed{\\frac{1}{2}}", "1/2", "boxed"),
        ("\\boxed{\\text{18 eggs}}", "18", "boxed"),
        # signs, thousands, decimals, percent
        ("The answer is -5.", "-5", "answer_is"),
        ("The answer is 1,200.50.", "1,200.50", "answer_is"),
        ("The answer is 12.5%.", "12.5%", "answer_is"),
        ("The answer is 3/4.", "3/4", "answer_is"),
        # line ends and other characters
        ("9 * 2 = 18\r\n#### 18\r\n", "18", "hashes"),
        ("Work.\r\nAnswer: 18\r\n", "18", "answer_colon"),
        ("Größe: die Lösung…\n#### 18", "18", "hashes"),
        ("The answer is １８.", "18", "answer_is"),
        ("The answer is −5.", "-5", "answer_is"),
        ("答え: 🥚\nThe answer is 18 🥚.", "18", "answer_is"),
    ],
)
def test_the_final_answer_is_found_by_its_mark(text, answer, rule):
    reading = read(text)
    assert (reading.answer, reading.rule) == (answer, rule)


@pytest.mark.parametrize(
    "text",
    ["", "   \n ", "I don't know.", "The answer is unknown.", "#### none", "\\boxed{x}", "It was 18. Who knows why."],
)
def test_a_text_without_a_number_where_its_answer_stands_has_no_answer(text):
    assert read(text) is None


def test_an_unclosed_box_is_no_mark():
    assert read("\\boxed{18").rule == "last_sentence"


@pytest.mark.parametrize("text", ["17 or 18", "17 to 18", "17-18", "17–18", "17 - 18"])
def test_a_hedge_or_a_range_is_read_whole_and_never_as_one_number(text):
    assert read(f"The answer is {text}.").answer == text.replace("–", "-")


@pytest.mark.parametrize(
    "text", ["The answer is 17, no wait, 18.", "The answer is 17. Sorry, I mean 18.", "The answer is 17, actually 18."]
)
def test_an_answer_that_corrects_itself_is_read_corrected(text):
    assert read(text).answer == "18"


@pytest.mark.parametrize(
    ("text", "pattern", "answer"),
    [
        ("A: 18", "A: (.+)", "18"),
        ("A: 7\nA: 18", "A: (.+)", "18"),
        ("A:   18  ", "A:(.+)", "18"),
        ("#### 7\nA: eighteen eggs", "A: (.+)", "eighteen eggs"),
    ],
)
def test_the_last_match_of_a_pattern_is_the_answer(text, pattern, answer):
    reading = read(text, pattern)
    assert (reading.answer, reading.rule) == (answer, "pattern")
    assert text[reading.span.start : reading.span.end] == answer


@pytest.mark.parametrize("text", ["#### 18", "The answer is 18.", "A:   "])
def test_with_a_pattern_nothing_else_is_read(text):
    assert read(text, "A:(.+)") is None


NUMBERS = (
    st.integers(-(10**9), 10**9).map(str)
    | st.integers(1000, 10**12).map("{:,}".format)
    | st.decimals(-9999, 9999, places=2).map("{:.2f}".format)
    | st.integers(0, 999).map("${}".format)
    | st.integers(0, 999).map("{}%".format)
)
CLOSINGS = st.sampled_from(
    ["{}", "#### {}", "The answer is {}.", "A: {}", "**Answer:** {} eggs", "So \\boxed{{{}}}", "It is {}."]
)


@given(st.text(alphabet="abc .\n"), NUMBERS, CLOSINGS)
@settings(max_examples=200, deadline=None)
def test_the_span_is_where_the_answer_stands(before, number, closing):
    text = before + "\n" + closing.format(number)
    reading = read(text)
    assert reading.answer == number
    assert text[reading.span.start : reading.span.end] == number


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_and_the_span_lies_in_it(text):
    reading = read(text)
    if reading is not None:
        assert 0 <= reading.span.start < reading.span.end <= len(text)


@pytest.mark.parametrize(
    ("text", "start"), [("The answer is 15 - 10 = 5.", 24), ("The answer is 2 + 2 = 2 * 2 = 4.", 30)]
)
def test_the_span_is_that_of_the_number_read_and_not_of_its_like(text, start):
    assert read(text).span.start == start


@pytest.mark.parametrize(
    "text",
    [
        "First I count all of them and",
        "One could say that it is hard.",
        "I need one more minute to think",
        "Once we are done, two are left over there by the others, I think.",
        "We count them one by one.",
    ],
)
def test_a_word_that_only_begins_a_sentence_is_no_number(text):
    assert read_answer(text, AnswerType.NUMBER) is None


@pytest.mark.parametrize("text", ["Twelve.", "So the total is forty-two apples.", "twelve eggs in all"])
def test_a_number_in_words_that_ends_its_sentence_is_one(text):
    assert read_answer(text, AnswerType.NUMBER) is not None
