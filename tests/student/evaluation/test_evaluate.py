"""Outcomes: what the verifier finds of a student's answers, greedy and voted."""

import sys
from dataclasses import replace

import polars as pl
import pytest

from cotloom.builder.student.evaluation import evaluate as room
from cotloom.builder.student.evaluation.evaluate import (
    ORDER,
    EvalItem,
    evaluate,
    find_majority,
    has_reasoning,
    judge_generation,
    make_eval_items,
    take_majority_vote,
)
from cotloom.builder.student.evaluation.sets import EvalSet
from cotloom.builder.student.model.generate import Generation, compute_log_likelihood
from cotloom.schemas.frames import get_schema
from cotloom.schemas.outcome import Decoding, Outcome, SetKind
from cotloom.schemas.problem import AnswerType, Problem, make_problem_id
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.student import Evaluation
from tests.student.tiny_students import make_student, make_trained_student

EVALUATION = Evaluation(max_tokens=40, batch_size=8)


def make_problem(question, answer, **fields):
    return Problem(
        problem_id=make_problem_id(question), source="own", origin="own:0", question=question, answer=answer, **fields
    )


SEVEN = make_problem("What is 3 + 4?", "7")
TWELVE = make_problem("How many pens are 2 boxes of 6 pens?", "12", group="boxes")
WORD = make_problem("Say it.", "It", answer_type=AnswerType.TEXT)
TARGET = EvalSet(name="held_out", kind=SetKind.TARGET, problems=(SEVEN, TWELVE))
GENERAL = EvalSet(name="general", kind=SetKind.GENERAL, problems=(SEVEN, WORD))


def make_item(problem=SEVEN, format_name="zero_shot_cot", eval_set=TARGET):
    return EvalItem(eval_set=eval_set, format_name=format_name, problem=problem, prompt="?")


def make_generation(text, truncated=False):
    return Generation(text=text, tokens=len(text.split()), truncated=truncated)


@pytest.fixture
def speaking(monkeypatch):
    """Let students say what a function of prompt and place says, and keep the calls."""

    def speaks(answer):
        calls = []

        def generate(_student, prompts, **settings):
            calls.append((prompts, settings))
            return [answer(text, place) for place, text in enumerate(prompts)]

        monkeypatch.setattr(room, "generate", generate)
        return calls

    return speaks


@pytest.fixture(scope="module")
def taught():
    return make_trained_student()


def find_row(frame, **where):
    (row,) = frame.filter(**where).to_dicts()
    return row


# Of a student


def test_a_student_that_was_taught_is_right(taught):
    frame = evaluate(
        taught, [GENERAL, replace(GENERAL, name="again", problems=(TWELVE,))], EVALUATION, condition="version", seed=3
    )
    assert frame["correct"].to_list() == [True] * 3
    assert frame["text"].to_list() == ["2 * 6 = 12.\nEach box has 6 pens. The answer is 12.", *frame["text"][1:]]
    row = find_row(frame, problem_id=SEVEN.problem_id)
    assert (row["predicted"], row["verdict"], row["format"], row["reasoned"]) == ("7", "correct", "as_is", True)
    assert (row["condition"], row["seed"], row["kind"], row["decoding"]) == ("version", 3, "general", "greedy")
    word = find_row(frame, problem_id=WORD.problem_id)
    assert (word["text"], word["predicted"], word["tokens"], word["reasoned"]) == ("It", "It", 1, False)


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_nonsense_is_no_right_answer_and_no_crash(kind):
    far = tuple(replace(one, answer="123456") for one in TARGET.problems)
    sets = [replace(TARGET, problems=far), replace(GENERAL, problems=(WORD, far[0]))]
    frame = evaluate(make_student(kind), sets, Evaluation(max_tokens=12, samples=3), condition="untrained", seed=0)
    assert frame.height == 2 * (2 * 2 + 2)
    assert not frame["correct"].any()
    assert set(frame["verdict"]) <= {"no_answer", "wrong", "truncated", "unverifiable"}
    assert frame.filter(decoding="greedy", format="zero_shot_answer")["gold_logprob"].is_not_null().all()


def test_the_table_has_the_schema_of_outcomes_and_one_order(taught):
    frame = evaluate(
        taught, [GENERAL, TARGET], EVALUATION.model_copy(update={"samples": 2}), condition="version", seed=0
    )
    assert frame.schema == get_schema(Outcome)
    assert frame.equals(frame.sort(*ORDER))
    assert frame.select(ORDER).is_unique().all()
    assert frame.equals(
        evaluate(taught, [TARGET, GENERAL], EVALUATION.model_copy(update={"samples": 2}), condition="version", seed=0)
    )


def test_the_gold_answer_is_weighed_where_no_reasoning_is_asked_for(taught):
    frame = evaluate(taught, [TARGET, GENERAL], EVALUATION, condition="version", seed=0)
    weighed = {name: part["gold_logprob"].is_not_null().all() for (name,), part in frame.group_by("format")}
    assert weighed == {"as_is": True, "zero_shot_answer": True, "zero_shot_cot": False}
    prompts = {
        (item.format_name, item.problem.problem_id): item.prompt
        for item in make_eval_items(taught, [TARGET, GENERAL], EVALUATION)
    }
    for form, gold in (("zero_shot_answer", "The answer is 7."), ("as_is", "7")):
        row = find_row(frame, format=form, problem_id=SEVEN.problem_id)
        expected = compute_log_likelihood(taught, [prompts[form, SEVEN.problem_id]], [gold], batch_size=1)
        assert [row["gold_logprob"]] == pytest.approx(expected, abs=1e-4)


# Of what it says


def test_everything_is_asked_at_once(taught, speaking):
    calls = speaking(lambda _text, _place: make_generation("The answer is 7."))
    frame = evaluate(taught, [TARGET, GENERAL], EVALUATION, condition="version", seed=0)
    ((prompts, settings),) = calls
    assert len(prompts) == len(set(prompts)) == frame.height == 6
    assert settings == {"max_tokens": 40, "batch_size": 8}


def test_the_formats_of_the_recipe_are_asked_or_those_given(taught, speaking):
    speaking(lambda _text, _place: make_generation("7"))
    recipe = EVALUATION.model_copy(update={"formats": ("zero_shot_answer",)})
    for formats, expected in ((None, "zero_shot_answer"), (["zero_shot_cot"], "zero_shot_cot")):
        frame = evaluate(taught, [TARGET, GENERAL], recipe, condition="version", seed=0, formats=formats)
        assert frame.group_by("set").agg(pl.col("format").unique()).sort("set")["format"].to_list() == [
            ["as_is"],
            [expected],
        ]


@pytest.mark.parametrize(
    ("text", "verdict", "predicted", "steps_and_thought"),
    [
        ("3 + 4 = 7. The answer is 7.", Verdict.CORRECT, "7", (0, True)),
        ("3 + 4 = 8, less 1. The answer is 7.", Verdict.CORRECT, "7", (1, True)),
        ("The answer is 7.", Verdict.CORRECT, "7", (0, False)),
        ("The answer is 8.", Verdict.WRONG, "8", (0, False)),
        ("3 + 4 = 9. 9 - 3 = 5. The answer is 5.", Verdict.WRONG, "5", (2, True)),
        ("I can't say.", Verdict.NO_ANSWER, None, (0, False)),
        ("", Verdict.NO_ANSWER, None, (0, False)),
        (" \n ", Verdict.NO_ANSWER, None, (0, False)),
        ("The answer is 7 or 8.", Verdict.UNVERIFIABLE, "7 or 8", (0, False)),
    ],
)
def test_an_outcome_says_what_the_answer_is(taught, speaking, text, verdict, predicted, steps_and_thought):
    speaking(lambda _text, _place: make_generation(text))
    frame = evaluate(
        taught, [replace(TARGET, problems=(SEVEN,), simulated=True)], EVALUATION, condition="version", seed=0
    )
    row = find_row(frame, format="zero_shot_cot")
    assert (row["verdict"], row["correct"]) == (verdict.value, verdict is Verdict.CORRECT)
    assert (row["predicted"], (row["wrong_steps"], row["reasoned"])) == (predicted, steps_and_thought)
    assert (row["text"], row["tokens"], row["simulated"]) == (text, len(text.split()), True)


def test_an_answer_at_its_limit_is_truncated_whatever_it_says(taught, speaking):
    speaking(lambda _text, _place: make_generation("The answer is 7.", truncated=True))
    frame = evaluate(taught, [TARGET, GENERAL], EVALUATION, condition="version", seed=0)
    assert set(frame["verdict"]) == {"truncated"}
    assert not frame["correct"].any()


def test_a_problem_without_a_group_is_a_group_of_its_own(taught, speaking):
    speaking(lambda _text, _place: make_generation("7"))
    frame = evaluate(taught, [TARGET], EVALUATION, condition="version", seed=0)
    groups = dict(frame.select("problem_id", "group").iter_rows())
    assert groups == {SEVEN.problem_id: SEVEN.problem_id, TWELVE.problem_id: "boxes"}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("It", Verdict.CORRECT),
        ("it.", Verdict.CORRECT),
        ("Let us see. The answer is it.", Verdict.CORRECT),
        ("That", Verdict.WRONG),
        ("", Verdict.NO_ANSWER),
    ],
)
def test_to_a_question_as_it_stands_a_bare_text_is_the_answer(text, verdict):
    assert judge_generation(make_item(WORD, "as_is", GENERAL), make_generation(text)).verdict is verdict


def test_where_a_cue_asked_for_it_a_text_without_the_answer_sentence_is_no_answer():
    assert judge_generation(make_item(WORD, "zero_shot_answer"), make_generation("It")).verdict is Verdict.NO_ANSWER


def test_a_check_that_breaks_is_no_answer_and_no_crash(taught, speaking, monkeypatch):
    def broken(*_arguments):
        message = "out of order"
        raise RuntimeError(message)

    monkeypatch.setattr(sys.modules["cotloom.builder.verify.answers.compare"], "compare", broken)
    speaking(lambda _text, place: make_generation(f"The answer is {place}."))
    frame = evaluate(taught, [TARGET], EVALUATION.model_copy(update={"samples": 3}), condition="version", seed=0)
    assert set(frame["verdict"]) == {"check_failed"}
    assert not frame["correct"].any()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("7", False),
        ("(B) pear", False),
        ("The answer is 7.", False),
        ("So, the answer is 7.", False),
        ("Therefore the final answer is 3.5.", False),
        ("The answer is\nred\nblue", False),
        ("red\nblue", False),
        ("She has 3.5 pens", False),
        (" --> 7 END", False),
        ("[ANSWER] 7", False),
        (" She has seven --> 7 END", True),
        ("She has seven\n[ANSWER] 7", True),
        ("3 + 4 = 7", True),
        ("7 because 3 + 4 = 7", True),
        ("She has 3 and gets 4. The answer is 7.", True),
        ("She has seven, so the answer is 7.", True),
        ("The answer is 7. She has 3 and gets 4.", True),
        ("She has some. She gets more.", True),
    ],
)
def test_reasoning_is_an_equation_or_words_besides_the_answer(text, expected):
    assert has_reasoning(text) is expected


@pytest.mark.usefixtures("ends")
def test_a_text_that_never_ends_is_read_all_the_same():
    for text in ("." * 100_000, ". " * 50_000, ".\n" + " " * 100_000, "so " * 30_000, ")" * 100_000):
        has_reasoning(text)


# The vote


def vote(*texts, one=SEVEN, form="zero_shot_cot"):
    said = [text if isinstance(text, Generation) else make_generation(text) for text in texts]
    return take_majority_vote(make_item(one, form), said, condition="version", seed=0)


def test_the_majority_wins_over_the_first_answer():
    found = vote("The answer is 8.", "The answer is 7.", "3 + 4 = 7. The answer is 7 pens.")
    assert (found.predicted, found.verdict, found.decoding) == ("7", Verdict.CORRECT, Decoding.MAJORITY)
    assert (found.text, found.tokens, found.gold_logprob) == ("The answer is 7.", 4 + 4 + 10, None)


def test_answers_are_equal_as_the_verifier_sees_it():
    assert vote("The answer is 8.", "The answer is 7.0.", "The answer is $7.").verdict is Verdict.CORRECT
    fruit = make_problem("Which?", "B", answer_type=AnswerType.CHOICE, choices=("apple", "pear"))
    assert vote("The answer is (A).", "The answer is (B).", "The answer is pear.", one=fruit).verdict is Verdict.CORRECT
    assert vote("The answer is that.", "The answer is It.", "The answer is it.", one=WORD).verdict is Verdict.CORRECT


def test_ties_fall_to_the_answer_given_first():
    assert vote("The answer is 8.", "The answer is 7.", "The answer is 7.", "The answer is 8.").predicted == "8"
    assert vote("The answer is 7.", "The answer is 8.", "The answer is 9.").predicted == "7"


def test_answers_that_are_not_read_or_cut_off_do_not_vote():
    unread = [
        "I can't say.",
        "",
        make_generation("The answer is 8.", truncated=True),
        make_generation("The answer is 8.", truncated=True),
    ]
    assert vote(*unread, "The answer is 7.").verdict is Verdict.CORRECT
    assert vote("I can't say.", "").verdict is Verdict.NO_ANSWER
    assert vote(*unread[2:]).verdict is Verdict.TRUNCATED


def test_a_vote_counts_each_answer_once():
    found = [
        judge_generation(make_item(), make_generation(text))
        for text in ("8.", "The answer is 7.", "7", "9", "7 pens", "8")
    ]
    assert find_majority(SEVEN, found) == 1


def test_more_samples_add_a_row_for_the_vote(taught, speaking):
    def answer(_text, place):
        return make_generation(f"The answer is {(7, 8, 8)[place % 3]}.")

    calls = speaking(answer)
    three = EVALUATION.model_copy(update={"samples": 3, "temperature": 0.4})
    frame = evaluate(taught, [replace(TARGET, problems=(SEVEN,))], three, condition="version", seed=5)
    rows = frame.select("format", "decoding", "predicted", "tokens").rows()
    assert rows == [
        ("zero_shot_answer", "greedy", "8", 4),
        ("zero_shot_answer", "majority", "8", 12),
        ("zero_shot_cot", "greedy", "7", 4),
        ("zero_shot_cot", "majority", "8", 12),
    ]
    (prompts, _), (repeated, settings) = calls
    assert repeated == [text for text in prompts for _ in range(3)]
    assert settings == {"max_tokens": 40, "batch_size": 8, "temperature": 0.4, "seed": 5}
