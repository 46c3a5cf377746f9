"""Answers that are an option, yes or no, or a short text: read and compared."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import ComparisonOutcome, compare, is_readable, judge, read_answer, select_sampled
from cotloom.builder.verify.answers.words import normalize_answer
from cotloom.schemas.frames import to_frame
from cotloom.schemas.problem import AnswerType, Problem, make_problem_id
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.sample import Sample

CHOICE, BOOLEAN, TEXT = AnswerType.CHOICE, AnswerType.BOOLEAN, AnswerType.TEXT
FRUIT = ("apple", "pear", "a plum", "none of these")


def outcome(gold, answer, answer_type, choices=None):
    return compare(gold, answer, answer_type, choices).outcome.value


def read(text, answer_type, choices=None):
    reading = read_answer(text, answer_type, choices)
    return None if reading is None else (reading.answer, reading.rule)


# Options


@pytest.mark.parametrize(
    "answer",
    [
        "B",
        "b",
        "(B)",
        "(b)",
        "[B]",
        "B.",
        "B)",
        "b)",
        "**B**",
        "**(B)**",
        "$B$",
        "\\text{B}",
        "\\boxed{\\textbf{(B)}}",
        "Option B",
        "option (B)",
        "the letter B",
        "B) because it is a fruit",
        "B because it is a fruit",
        "B: pear",
        "B. It grows on trees.",
        "B - it grows on trees",
        "The answer is (B).",
        "The correct answer is B",
        "most likely B.",
        "not (A) but (B)",
        "(A) is wrong, so (B)",
        "B. (A) is too small",
        "B, not A",
        "A, no wait, B",
        "I choose B",
        "We would pick (B).",
        "I'd go with B",
    ],
)
def test_an_option_is_named_by_its_letter(answer):
    assert outcome("B", answer, CHOICE) == "equal"
    assert outcome("(B)", answer, CHOICE, FRUIT) == "equal"
    assert outcome("C", answer, CHOICE, FRUIT) == "different"


@pytest.mark.parametrize(
    "answer",
    ["(A) or (B)", "A or B", "A/B", "A, B", "either A or B", "(A) and (B)", "A, (B)", "B or maybe A", "A (or B)"],
)
def test_a_hedge_between_options_is_none_of_them(answer):
    assert outcome("B", answer, CHOICE) == "different"
    assert outcome("A", answer, CHOICE, FRUIT) == "different"


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("pear", "B"),
        ("The pear.", "B"),
        ("a pear", "B"),
        ("A pear", "B"),
        ("**Pear**", "B"),
        ("pear, because it is green", "B"),
        ("plum", "C"),
        ("None of these", "D"),
        ("B pear", None),
        ("grape", None),
        ("apple pear", None),
        ("(B) apple", None),  # letter and text part ways
        ("B: apple", None),
    ],
)
def test_an_option_is_named_by_its_text_where_just_one_fits(answer, letter):
    for gold in "ABCD":
        expected = "undecided" if letter is None else "equal" if gold == letter else "different"
        assert outcome(gold, answer, CHOICE, FRUIT) == expected


def test_two_options_of_the_same_text_are_named_by_neither():
    assert outcome("A", "pear", CHOICE, ("pear", "pear", "plum")) == "undecided"


def test_a_letter_is_a_letter_even_where_options_are_letters_too():
    assert outcome("B", "B", CHOICE, ("B", "C", "A")) == "equal"
    assert outcome("A", "B", CHOICE, ("B", "C", "A")) == "different"


@pytest.mark.parametrize(
    "answer", ["A cabinet is best", "I think so", "Elephants", "vitamin B", "A-frame", "b flat", "", "f(a)", "pear(s)"]
)
def test_a_word_is_no_letter(answer):
    assert outcome("A", answer, CHOICE) == outcome("B", answer, CHOICE) == "undecided"


def test_a_number_is_no_letter():
    assert outcome("E", "2.718281828", CHOICE) == "different"
    assert outcome("E", "2.718281828", CHOICE, ("1", "2", "3", "4", "2.718281828")) == "equal"


def test_only_letters_of_the_options_count():
    assert outcome("B", "(C)", CHOICE, ("apple", "pear")) == "undecided"
    assert outcome("B", "(F)", CHOICE) == outcome("B", "K", CHOICE) == "different"  # a label, whatever the options are
    assert outcome("F", "(F)", CHOICE) == "equal"
    assert is_readable("J", CHOICE, tuple("0123456789"))
    assert not is_readable("K", CHOICE, tuple("0123456789"))
    assert not is_readable("pear", CHOICE)


@pytest.mark.parametrize(
    ("text", "answer", "rule"),
    [
        ("Work.\n#### B", "B", "hashes"),
        ("So \\boxed{B}.", "B", "boxed"),
        ("So \\boxed{\\text{(B)}}.", "(B)", "boxed"),
        ("Work.\nAnswer: B) pear", "B", "answer_colon"),
        ("A: B", "B", "answer_colon"),
        ("Work.\nA: (C).", "(C)", "answer_colon"),
        ("The answer is (C).", "(C)", "answer_is"),
        ("The answer is C. Because A is an apple.", "C", "answer_is"),
        ("The answer is option (C), not A.", "(C)", "answer_is"),
        ("The answer is (A), no wait, (B).", "(B)", "answer_is"),
        ("The answer is (A).\nNo: the answer is (B).", "(B)", "answer_is"),
        ("The answer is (A) or (B).", "(A) or (B", "answer_is"),
        ("The answer is not known.", "not known", "answer_is"),
        ("A: an apple.\nB: a pear.\nThe answer is (B).", "(B)", "answer_is"),
        ("Reasons.\n[ANSWER] (B)", "(B)", "answer_tag"),
        (" reasons --> (B) END", "(B)", "arrow"),
        ("A cabinet is best. Answer (D)", "(D)", "last_sentence"),
        ("Apples are red. So it must be option B", "B", "last_sentence"),
        ("Apples are red.\nB", "B", "last_sentence"),
        ("B", "B", "whole_text"),
        (" (b) ", "(b)", "whole_text"),
        ("B) because it is a fruit", "B", "whole_text"),
    ],
)
def test_an_option_is_read_by_its_mark(text, answer, rule):
    assert read(text, CHOICE) == (answer, rule)


@pytest.mark.parametrize(
    "text",
    [
        "A cabinet is best.",
        "It is (A) at first and then it looks like (B).",
        "A is larger than B.",
        "(A) is wrong.",
        "A: an apple.\nB: a pear.",
        "It grows on trees, so D",
        "",
    ],
)
def test_an_option_is_not_guessed(text):
    assert read(text, CHOICE) is None


def test_the_text_of_an_option_alone_is_an_answer():
    assert read("The pear.", CHOICE, FRUIT) == ("The pear.", "whole_text")
    assert read("The pear.", CHOICE) is None


# Yes or no


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("yes", "yes"),
        ("Yes.", "yes"),
        ("**YES**", "yes"),
        ("True", "yes"),
        ("correct", "yes"),
        ("Yes, because no one left", "yes"),
        ("Yes, that is not a problem", "yes"),
        ("not false", "yes"),
        ("That is true.", "yes"),
        ("I would say yes.", "yes"),
        ("no", "no"),
        ("False.", "no"),
        ("incorrect", "no"),
        ("not true", "no"),
        ("It isn't true", "no"),
        ("It is not correct.", "no"),
        ("No, it is true that he left", "no"),
        ("No it is not", "no"),
        ("So the answer is no.", "no"),
        ("Yes and no", "both"),
        ("yes or no", "both"),
        ("Yes/No", "both"),
        ("It is true for one and false for the other", None),
        ("No one left", None),
        ("There is no evidence that this is true", None),
        ("It can't be true", None),
        ("The correct answer is unclear", None),
        ("maybe", None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_yes_and_no_are_told_apart(answer, value):
    for gold in ("yes", "no"):
        expected = {None: "undecided", "both": "hedged", gold: "equal"}.get(value, "different")
        assert outcome(gold, answer, BOOLEAN) == expected


@pytest.mark.parametrize(("gold", "value"), [("True", "yes"), ("FALSE", "no"), ("Yes.", "yes"), ("no", "no")])
def test_gold_answers_are_brought_to_yes_or_no_too(gold, value):
    assert outcome(gold, value, BOOLEAN) == "equal"
    assert is_readable(gold, BOOLEAN)


@pytest.mark.parametrize("gold", ["maybe", "", "yes and no", "1"])
def test_other_gold_answers_are_not_readable(gold):
    assert not is_readable(gold, BOOLEAN)


@pytest.mark.parametrize(
    ("text", "answer", "rule"),
    [
        ("Work. The answer is yes.", "yes", "answer_is"),
        ("Answer: No, because no one left.", "No", "answer_colon"),
        ("A: not true", "not true", "answer_colon"),
        ("#### false", "false", "hashes"),
        ("The answer is yes, no wait, no.", "no", "answer_is"),
        ("The answer is unclear.", "unclear", "answer_is"),
        ("Nobody left. So yes, they stayed.", "yes", "last_sentence"),
        ("No. Everybody stayed, as we saw.", "No", "whole_text"),
        ("Yes, at first. No, in the end.", "No", "last_sentence"),
        ("yes", "yes", "last_sentence"),
        ("Reasons.\n[ANSWER] no", "no", "answer_tag"),
        (" reasons --> yes END", "yes", "arrow"),
    ],
)
def test_yes_or_no_is_read_by_its_mark_or_where_a_sentence_begins_with_it(text, answer, rule):
    assert read(text, BOOLEAN) == (answer, rule)


@pytest.mark.parametrize("text", ["No one left.", "They say it is true. Who knows.", "", "Nothing is known."])
def test_yes_or_no_is_not_guessed(text):
    assert read(text, BOOLEAN) is None


# Texts


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        ("Paris", "paris.", "equal"),
        ("Paris", " **Paris** ", "equal"),
        ("Paris", '"Paris"', "equal"),
        ("the Beatles", "Beatles", "equal"),
        ("Paris", "The capital is Paris", "equal"),
        ("Paris", "Paris is the capital", "equal"),
        ("Paris", "Paris, because it is the capital of a country that has no other", "equal"),
        ("Paris", "Paris. It is the largest city of them all and lies on a river.", "equal"),
        ("New York", "It is New York.", "equal"),
        ("> )", "> )", "equal"),
        ("> )", "> ).", "equal"),
        ("> )", ">)", "equal"),
        ("> )", ") >", "different"),
        ("Paris", "London", "different"),
        ("Paris", "Parisian", "different"),
        ("York", "The York-shire", "different"),
        ("New York", "York New", "different"),
        ("C", "C++", "different"),
        ("5", "-5", "different"),
        ("5", "5!", "different"),
        ("apple, banana", "banana, apple", "different"),
        ("a b c", "a b", "different"),
        ("", "", "different"),
        ("", "Paris", "different"),
        ("Paris", "", "different"),
        ("Paris", "not Paris", "undecided"),
        ("Paris", "Paris or London", "undecided"),
        ("Paris", "Paris, London", "undecided"),
        ("Paris", "London, Paris", "undecided"),
        ("Paris", "It isn't Paris", "undecided"),
        ("Paris", "Paris. No, wait, London.", "undecided"),
        ("Paris", "one two three four five six seven eight nine Paris", "undecided"),
        ("a", "It is a cat", "undecided"),
    ],
)
def test_texts_are_equal_but_for_case_spaces_stops_and_articles(gold, answer, expected):
    assert outcome(gold, answer, TEXT) == expected


@pytest.mark.parametrize(
    ("text", "answer", "rule"),
    [
        ("The capital lies on the Seine. The answer is Paris.", "Paris", "answer_is"),
        ("Answer: Paris", "Paris", "answer_colon"),
        ("**Answer: Paris**", "Paris", "answer_colon"),
        ("So \\boxed{Paris}", "Paris", "boxed"),
        ("#### > )", "> )", "hashes"),
        ("The answer is St. Louis.", "St. Louis", "answer_is"),
        ("The answer is\n1 2\n3 4", "1 2\n3 4", "answer_is"),
        ("The answer is:\n1 2\n3 4\n\nHope this helps", "1 2\n3 4", "answer_is"),
        ("Reasons.\n[ANSWER] Paris", "Paris", "answer_tag"),
        (" reasons --> Paris END", "Paris", "arrow"),
        (" reasons --> 1 2\n3 4 END", "1 2\n3 4", "arrow"),
        (" reasons --> Paris", "Paris", "arrow"),
    ],
)
def test_a_text_is_read_by_its_mark(text, answer, rule):
    assert read(text, TEXT) == (answer, rule)


@pytest.mark.parametrize("text", ["Paris", "It is Paris.", "", "a --> b\nand so on"])
def test_a_text_without_a_mark_is_not_guessed(text):
    assert read(text, TEXT) is None


def test_an_arrow_without_its_end_gives_way_to_any_other_mark():
    assert read("The answer is 18.\nSo a --> b", AnswerType.NUMBER) == ("18", "answer_is")
    assert read("16 - 7 = 9, 9 * 2 = 18 --> 18", AnswerType.NUMBER) == ("18", "arrow")


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_every_text_that_says_something_is_equal_to_itself(text):
    assert is_readable(text, TEXT) is bool(text.strip())
    assert normalize_answer(normalize_answer(text)) == normalize_answer(normalize_answer(normalize_answer(text)))


# All types


@given(st.text(), st.sampled_from([CHOICE, BOOLEAN, TEXT]), st.sampled_from([None, FRUIT]))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_and_the_span_is_where_the_answer_stands(text, answer_type, choices):
    for marked in (text, f"The answer is {text}", f"{text}\n#### {text}", f"{text} --> {text} END"):
        reading = read_answer(marked, answer_type, choices)
        if reading is not None:
            assert marked[reading.span.start : reading.span.end] == reading.answer != ""


PIECES = st.sampled_from(
    ["A", "(B)", "b", "pear", "yes", "no", "not", "true", " ", ".", ",", "or", "\n", "**", "The answer is ", "#### "]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from([(CHOICE, "B"), (BOOLEAN, "no"), (TEXT, "pear")]))
@settings(max_examples=300, deadline=None)
def test_whatever_looks_like_an_answer_is_judged_without_a_fault(text, kind):
    answer_type, gold = kind
    choices = FRUIT if answer_type is CHOICE else ()
    problem = Problem(problem_id="p", source="own", origin="0", answer=gold, answer_type=answer_type, choices=choices)
    assert judge(problem, text).verdict is not Verdict.CHECK_FAILED


HOSTILE = {
    "spaces": "The answer is " + " " * 50_000,
    "stars": "*" * 50_000,
    "brackets": "(" * 50_000 + "B",
    "letters": "A, " * 15_000,
    "options": "option A " * 6_000,
    "bracketed": "(A) (B) " * 6_000,
    "negations": "not " * 12_000,
    "words": "yes or no " * 5_000,
    "arrows": "--> " * 12_000,
    "tags": "[ANSWER] " * 6_000,
    "the answer": "so the answer " * 4_000,
    "stops": "Paris. " * 8_000,
    "quotes": '"' * 50_000,
}


@pytest.mark.parametrize("answer_type", [CHOICE, BOOLEAN, TEXT])
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.usefixtures("ends")
def test_a_hostile_text_is_read_and_compared_to_its_end(name, answer_type):
    gold = {CHOICE: "B", BOOLEAN: "no", TEXT: "Paris"}[answer_type]
    read_answer(HOSTILE[name], answer_type, FRUIT)
    assert compare(gold, HOSTILE[name], answer_type, FRUIT).outcome in ComparisonOutcome


@pytest.mark.parametrize("text", ["", None, " \n"])
def test_an_answer_cut_off_before_its_first_word_is_truncated(text):
    problem = Problem(problem_id="p", source="own", origin="0", answer="18")
    assert judge(problem, text, finish_reason="length").verdict is Verdict.TRUNCATED
    assert judge(problem, text, finish_reason="stop").verdict is Verdict.NO_ANSWER


def test_a_choice_is_judged_with_its_options():
    problem = Problem(
        problem_id=make_problem_id("Which?", FRUIT),
        source="own",
        origin="0",
        question="Which?",
        answer="B",
        answer_type=CHOICE,
        choices=FRUIT,
    )
    assert judge(problem, "It is green. The answer is the pear.").verdict is Verdict.CORRECT
    assert judge(problem, "It is red. The answer is (A).").verdict is Verdict.WRONG
    assert judge(problem, "The answer is the green one.").verdict is Verdict.UNVERIFIABLE
    assert judge(problem, "Who knows?").verdict is Verdict.NO_ANSWER


def test_given_responses_are_not_judged():
    problem = Problem(problem_id="p", source="own", origin="0", question="Hello?")
    samples = [
        Sample(sample_id="s_1", problem_id="p", teacher="own", text="Hi.", verdict=Verdict.PROVIDED),
        Sample(sample_id="s_2", problem_id="p", teacher="own", text="Hi."),
    ]
    assert select_sampled(to_frame([problem], Problem), to_frame(samples, Sample))["sample_id"].to_list() == ["s_2"]


# Tricky pairs


def test_tricky_options_booleans_and_texts_come_out_as_expected(data):
    path = data / "answer_cases.jsonl"
    if not path.is_file():
        pytest.skip(f"no {path.name}")
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    cases = [case for case in cases if case["answer_type"] in {"choice", "boolean", "text"}]
    found = [outcome(case["gold"], case["answer"], AnswerType(case["answer_type"])) for case in cases]
    assert [case for case, said in zip(cases, found, strict=True) if said != case["expected"]] == []
    assert Counter(case["answer_type"] for case in cases) == {"choice": 6, "boolean": 3, "text": 3}
