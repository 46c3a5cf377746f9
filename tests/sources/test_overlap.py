"""Decontamination and the two sides of the split."""

import random
from typing import Any

import polars as pl
import pytest
from cotloom.builder.errors import InputError
from cotloom.builder.sources import Problems, load_problems
from cotloom.builder.sources.overlap import CROSSES
from cotloom.builder.text.overlap import index_texts, nearest, shared_run, words_of
from cotloom.builder.verify import readable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from tests.sources.test_load import kept, recipe, write

LONG = "A clerk stacks nine red boxes on a shelf then moves four of them to the yard before noon comes"

words = st.lists(st.sampled_from("ann bob has finds 2 3 pens caps red old and then".split()), min_size=1, max_size=12)
texts = words.map(" ".join)


@settings(max_examples=300)
@given(st.lists(texts, max_size=8), texts, st.sampled_from([0.0, 0.3, 0.5, 2 / 3, 0.8, 0.9, 1.0]))
def test_the_nearest_text_is_what_comparing_with_each_of_them_gives(held, text, least):
    alike = [ratio(sorted(words_of(other)), sorted(words_of(text))) / 100 for other in held]
    best = max(alike, default=0.0)

    found = nearest(index_texts(held), words_of(text), least)

    if best == 0.0 or best < least - 1e-9:
        assert found is None
    else:
        assert found is not None
        assert found[0] == next(place for place, each in enumerate(alike) if abs(each - best) < 1e-9)
        assert found[1] == pytest.approx(best)


@settings(max_examples=300)
@given(st.lists(texts, max_size=8), texts, st.integers(3, 5))
def test_a_shared_run_is_found_wherever_there_is_one(held, text, ngram):
    def runs(given: str) -> set[str]:
        parts = words_of(given)
        return {" ".join(parts[start : start + ngram]) for start in range(len(parts) - ngram + 1)}

    sharing = [place for place, other in enumerate(held) if runs(other) & runs(text)]

    found = shared_run(index_texts(held, ngram), words_of(text))

    assert (found[0] if found else None) == (sharing[0] if sharing else None)
    assert found is None or found[1] in runs(text) & runs(held[found[0]])


def test_words_are_what_letters_and_digits_spell_and_each_character_of_chinese():
    assert words_of("It's $1,250 — déjà vu; 我有三本书") == ["it", "s", "1", "250", "déjà", "vu", *"我有三本书"]


@pytest.fixture
def load(tmp_path):
    """Load a source to train on and one for evaluation."""

    def loaded(train: list[str], tests: list[str], ngram: int = 13, similarity: float = 0.8, **keys: Any) -> Problems:
        write(tmp_path / "s.jsonl", [{"q": question, "a": "1"} for question in train])
        write(tmp_path / "e.jsonl", [{"q": question, "a": "1"} for question in tests])
        against = {"against": ["e"], "ngram": ngram, "similarity": similarity}
        given = recipe(tmp_path, {"s": {}, "e": {"role": "evaluate"}}, decontaminate=against, **keys)
        return load_problems(given, readable)

    return loaded


def told(problems: Problems) -> list[tuple[str | None, str | None]]:
    return problems.frame.filter(pl.col("source") == "s").select("reason", "detail").rows()


def test_a_shared_run_of_words_drops_the_problem_and_names_the_one_it_is_from(load):
    quoted = f"Here is a quite different beginning. {LONG.upper()}! And how many of them are there in the end?"

    ((reason, detail), (other, _)) = told(load([quoted, "How many are 2 + 2?"], ["What is one?", f"{LONG}?"]))

    assert (reason, other) == ("evaluation_overlap", None)
    assert detail.startswith("s.jsonl:1: 13-gram shared with e e.jsonl:2: 'a clerk stacks nine red boxes")


def test_similar_words_drop_the_problem_whatever_their_order(load):
    ((reason, detail),) = told(load([LONG.replace("red", "blue"), "One?"], [LONG], ngram=20))[:1]

    assert (reason, detail) == ("evaluation_overlap", "s.jsonl:1: word similarity 95% to e e.jsonl:1")


def test_a_short_question_is_compared_by_similarity_only(load):
    rows = told(
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
    asked = {"q": "Which is true?", "a": "A"}
    write(tmp_path / "s.jsonl", [{**asked, "c": ["pears are blue", "7 is even"]}, {**asked, "c": ["up is down", "no"]}])
    write(tmp_path / "e.jsonl", [{**asked, "c": ["7 is even", "pears are blue"]}])
    source = {"fields": fields, "answer_type": "choice"}
    against = {"against": ["e"]}

    problems = load_problems(
        recipe(tmp_path, {"s": source, "e": {**source, "role": "evaluate"}}, decontaminate=against), readable
    )

    assert [reason for reason, _ in told(problems)] == ["evaluation_overlap", None]


def test_what_an_evaluation_asks_to_the_letter_is_never_trained_on_even_without_decontaminate(tmp_path):
    for name in ("s", "e"):
        write(tmp_path / f"{name}.jsonl", [{"q": "one?", "a": "1"}, {"q": f"{name}?", "a": "2"}])

    problems = load_problems(recipe(tmp_path, {"s": {}, "e": {"role": "evaluate"}}), readable)

    assert told(problems) == [("evaluation_overlap", "s.jsonl:1: same question as e e.jsonl:1"), (None, None)]
    assert problems.contamination == []


@pytest.mark.parametrize(("against", "hint"), [("f", "sources with role: evaluate: e"), ("s", "evaluate: e")])
def test_decontaminate_names_sources_for_evaluation_only(tmp_path, against, hint):
    with pytest.raises(InputError, match=f"names {against}, which is no source with the role evaluate") as caught:
        load_problems(
            recipe(tmp_path, {"s": {}, "e": {"role": "evaluate"}}, decontaminate={"against": [against]}), readable
        )
    assert hint in caught.value.hint


slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
lists = st.lists(texts, min_size=1, max_size=15, unique=True)


@slow
@given(train=lists, tests=lists, ngram=st.integers(3, 5), similarity=st.sampled_from([0.5, 0.8, 1.0]))
def test_law_6_nothing_kept_overlaps_an_evaluation(load, train, tests, ngram, similarity):
    problems = load([*train, "zero zero zero zero"], tests, ngram, similarity)

    held, highest = [words_of(text) for text in tests], 0.0
    for question in kept(problems).filter(pl.col("source") == "s")["question"]:
        mine = words_of(question)
        for yours in held:
            runs = {tuple(yours[start : start + ngram]) for start in range(len(yours) - ngram + 1)}
            assert not any(tuple(mine[start : start + ngram]) in runs for start in range(len(mine) - ngram + 1))
            highest = max(highest, ratio(sorted(mine), sorted(yours)) / 100)
    assert highest < similarity
    (certificate,) = problems.contamination
    assert certificate.highest_similarity == pytest.approx(highest, abs=1e-6)
    assert certificate.overlaps == sum(reason == "evaluation_overlap" for reason, _ in told(problems))


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


@slow
@given(train=lists, share=st.sampled_from([0.3, 0.5]))
def test_law_6_near_duplicates_never_stay_on_both_sides(load, train, share):
    problems = load([*train, *(f"{text} ann" for text in train), LONG], ["zero zero zero"], split={"test": share})

    rows = kept(problems).filter(pl.col("source") == "s")
    sides = {side: [words_of(text) for text in part["question"]] for (side,), part in rows.group_by("split")}
    for mine in sides.get("train", []):
        for yours in sides.get("test", []):
            assert ratio(sorted(mine), sorted(yours)) / 100 < CROSSES


def test_a_training_problem_that_is_nearly_a_test_problem_is_dropped_with_its_side(load):
    near = [f"{LONG} and {name} sees it" for name in "ann bob cleo dan eve finn gus hana ida jon kim leo".split()]

    rows = load(near, ["zero zero zero"], split={"test": 0.3}).frame.filter(pl.col("source") == "s")

    assert set(rows.filter(pl.col("split") == "test")["fate"]) == {"kept"}
    crossing = rows.filter(pl.col("split") == "train")
    assert set(crossing["reason"]) == {"crosses_split"}
    assert "to s s.jsonl:" in crossing["detail"][0]
