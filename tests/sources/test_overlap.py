"""Decontamination and the two sides of the split."""

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from cotloom.builder.errors import InputError
from cotloom.builder.sources import Problems, check_roles, load_problems
from cotloom.builder.text.overlap import split_words
from cotloom.builder.verify import IS_READABLE
from tests.sources.test_load import kept, recipe, write
from tests.text.test_overlap import texts

LONG = "A clerk stacks nine red boxes on a shelf then moves four of them to the yard before noon comes"


@pytest.fixture
def load(tmp_path):
    """Load a source to train on and one for evaluation."""

    def loaded(train: list[str], tests: list[str], ngram: int = 13, similarity: float = 0.8, **keys: Any) -> Problems:
        write(tmp_path / "s.jsonl", [{"q": question, "a": "1"} for question in train])
        write(tmp_path / "e.jsonl", [{"q": question, "a": "1"} for question in tests])
        against = {"against": ["e"], "ngram": ngram, "similarity": similarity}
        given = recipe(tmp_path, {"s": {}, "e": {"role": "evaluate"}}, decontaminate=against, **keys)
        return load_problems(given, IS_READABLE)

    return loaded


def read_outcomes(problems: Problems) -> list[tuple[str | None, str | None]]:
    return problems.frame.filter(pl.col("source") == "s").select("reason", "detail").rows()


def test_a_shared_run_of_words_drops_the_problem_and_names_the_one_it_is_from(load):
    quoted = f"Here is a quite different beginning. {LONG.upper()}! And how many of them are there in the end?"

    ((reason, detail), (other, _)) = read_outcomes(load([quoted, "How many are 2 + 2?"], ["What is one?", f"{LONG}?"]))

    assert (reason, other) == ("evaluation_overlap", None)
    assert detail.startswith("s.jsonl:1: 13-gram shared with e e.jsonl:2: 'a clerk stacks nine red boxes")


def test_similar_words_drop_the_problem_whatever_their_order(load):
    ((reason, detail),) = read_outcomes(load([LONG.replace("red", "blue"), "One?"], [LONG], ngram=20))[:1]

    assert (reason, detail) == ("evaluation_overlap", "s.jsonl:1: word similarity 95% to e e.jsonl:1")


def test_a_short_question_is_compared_by_similarity_only(load):
    rows = read_outcomes(
        load(
            ["How many are 2 + 3?", "Is it how many, are 2 + 2?", "2 + 2 are how many?"],
            ["How many are 2 + 2?"],
            similarity=0.9,
        )
    )

    assert [reason for reason, _ in rows] == [None, None, "evaluation_overlap"]


def test_the_certificate_says_what_was_dropped_and_how_near_the_rest_comes(load):
    problems = load([LONG, LONG.replace("red", "blue"), LONG[:50], "One?"], [LONG, "Two?"], ngram=18)

    (certificate,) = problems.contamination
    assert (certificate.against, certificate.problems, certificate.overlaps) == ("e", 2, 2)
    assert certificate.highest_similarity == pytest.approx(20 / 31, abs=1e-6)
    assert (certificate.ngram, certificate.similarity) == (18, 0.8)


def test_options_are_part_of_what_is_compared(tmp_path):
    fields = {"question": "q", "choices": "c", "answer": "a"}
    row = {"q": "Which is true?", "a": "A"}
    write(tmp_path / "s.jsonl", [{**row, "c": ["pears are blue", "7 is even"]}, {**row, "c": ["up is down", "no"]}])
    write(tmp_path / "e.jsonl", [{**row, "c": ["7 is even", "pears are blue"]}])
    source = {"fields": fields, "answer_type": "choice"}
    against = {"against": ["e"]}

    problems = load_problems(
        recipe(tmp_path, {"s": source, "e": {**source, "role": "evaluate"}}, decontaminate=against), IS_READABLE
    )

    assert [reason for reason, _ in read_outcomes(problems)] == ["evaluation_overlap", None]


def test_what_an_evaluation_asks_to_the_letter_is_never_trained_on_even_without_decontaminate(tmp_path):
    for name in ("s", "e"):
        write(tmp_path / f"{name}.jsonl", [{"q": "one?", "a": "1"}, {"q": f"{name}?", "a": "2"}])

    problems = load_problems(recipe(tmp_path, {"s": {}, "e": {"role": "evaluate"}}), IS_READABLE)

    assert read_outcomes(problems) == [("evaluation_overlap", "s.jsonl:1: same question as e e.jsonl:1"), (None, None)]
    assert problems.contamination == []


@pytest.mark.parametrize(("against", "hint"), [("f", "sources with role: evaluate: e"), ("s", "evaluate: e")])
def test_decontaminate_names_sources_for_evaluation_only(tmp_path, against, hint):
    with pytest.raises(InputError, match=f"names {against}, which is not a source with the role evaluate") as caught:
        check_roles(recipe(tmp_path, {"s": {}, "e": {"role": "evaluate"}}, decontaminate={"against": [against]}).recipe)
    assert hint in caught.value.hint


slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
lists = st.lists(texts, min_size=1, max_size=15, unique=True)


@slow
@given(train=lists, tests=lists, ngram=st.integers(3, 5), similarity=st.sampled_from([0.5, 0.8, 1.0]))
def test_law_6_nothing_kept_overlaps_an_evaluation(load, train, tests, ngram, similarity):
    problems = load([*train, "zero zero zero zero"], tests, ngram, similarity)

    held, highest = [split_words(text) for text in tests], 0.0
    for question in kept(problems).filter(pl.col("source") == "s")["question"]:
        mine = split_words(question)
        for yours in held:
            runs = {tuple(yours[start : start + ngram]) for start in range(len(yours) - ngram + 1)}
            assert not any(tuple(mine[start : start + ngram]) in runs for start in range(len(mine) - ngram + 1))
            highest = max(highest, ratio(sorted(mine), sorted(yours)) / 100)
    assert highest < similarity
    (certificate,) = problems.contamination
    assert certificate.highest_similarity == pytest.approx(highest, abs=1e-6)
    assert certificate.overlaps == sum(reason == "evaluation_overlap" for reason, _ in read_outcomes(problems))


@slow
@given(train=lists, tests=lists, seed=st.integers(0, 99))
def test_law_5_the_order_of_the_rows_decides_nothing(load, train, tests, seed):
    shuffle = random.Random(seed)
    train = [*train, "zero zero zero zero"]
    keys = {"ngram": 4, "similarity": 0.6, "split": {"test": 0.5}, "limit": 9}

    one = load(train, tests, **keys)
    two = load(shuffle.sample(train, len(train)), shuffle.sample(tests, len(tests)), **keys)

    columns = ["problem_id", "source", "split", "stage", "fate", "reason"]
    assert two.frame.select(columns).sort(columns).equals(one.frame.select(columns).sort(columns))
    assert two.contamination == one.contamination
