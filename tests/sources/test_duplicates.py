"""Questions that are asked twice are one problem, whatever their writing; which row is kept, no order decides."""

import random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cotloom.builder.sources import load_problems
from cotloom.builder.verify import IS_READABLE
from tests.sources.test_load import FIELDS, kept, recipe, write

KEPT = "Ann has **3** pens and 4 cups. How many things has she?"
AGAIN = "ann has 3 pens, and 4 cups.  How many things has she?"
OTHERS = [
    "Ann has 3 pens and 5 cups. How many things has she?",
    "Ann has 4 pens and 3 cups. How many things has she?",
    "Ann has 3 pens and no 4 cups. How many things has she?",
    "Is 3 > 4?",
    "Is 3 < 4?",
    "What is 1/2 of 8?",
    "What is 1.2 of 8?",
]
SEVERAL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_repeats(problems) -> list[tuple[str, str, str, str | None]]:
    rows = problems.frame.filter(pl.col("reason") == "duplicate_problem")
    return rows.select("problem_id", "duplicate_of", "duplicate_by", "kept_answer").sort(pl.all()).rows()


@pytest.fixture
def load(tmp_path):
    """Write rows as the files of sources and load the problems."""

    def loaded(sources, **keys):
        for name, rows in sources.items():
            write(tmp_path / f"{name}.jsonl", rows)
        options = keys.pop("options", {})
        return load_problems(recipe(tmp_path, {name: options.get(name, {}) for name in sources}, **keys), IS_READABLE)

    return loaded


def test_a_question_in_another_writing_is_the_same_problem_and_names_it(load):
    problems = load({"s": [{"q": KEPT, "a": "7"}], "z": [{"q": AGAIN, "a": "7"}, {"q": OTHERS[0], "a": "8"}]}).frame

    first, again, other = problems.to_dicts()
    assert (first["fate"], other["fate"]) == ("kept", "kept")
    assert (again["stage"], again["fate"], again["reason"]) == ("sources", "dropped", "duplicate_problem")
    assert (again["duplicate_of"], again["duplicate_by"]) == (first["problem_id"], "normalized")
    assert again["kept_answer"] is None
    assert again["detail"] == "z.jsonl:1 repeats the question of s.jsonl:1 in another writing"


def test_two_gold_answers_of_one_question_are_both_said(load):
    again = load({"s": [{"q": KEPT, "a": "7"}], "z": [{"q": AGAIN, "a": "8"}]}).frame[1].to_dicts()[0]

    assert (again["answer"], again["kept_answer"]) == ("8", "7")
    assert again["detail"].endswith("in another writing, with a different answer: 8, not 7")


def test_what_normalizing_keeps_is_another_question(load):
    rows = [{"q": question, "a": "1"} for question in [KEPT, *OTHERS]]

    assert kept(load({"s": rows})).height == len(rows)


def test_options_in_another_order_are_another_question(load):
    fields = {**FIELDS, "choices": "c"}
    rows = [
        {"q": "Which?", "a": "pear", "c": options} for options in (["pear", "fig"], ["Pear", "fig"], ["fig", "pear"])
    ]

    problems = load({"s": rows}, options={"s": {"fields": fields, "answer_type": "choice"}})

    assert kept(problems).height == 2
    assert [by for *_, by, _ in read_repeats(problems)] == ["normalized"]


def test_a_source_whose_layout_counts_is_compared_to_the_letter(load):
    rows = {"s": [{"q": KEPT, "a": "7"}], "z": [{"q": AGAIN, "a": "7"}, {"q": AGAIN, "a": "7"}]}

    problems = load(rows, options={"z": {"duplicates": "exact"}})

    assert kept(problems).height == 2
    assert [by for *_, by, _ in read_repeats(problems)] == ["exact"]


def test_an_evaluation_set_keeps_its_items_and_repeats_no_training_row(load):
    rows = {"s": [{"q": KEPT, "a": "7"}], "e": [{"q": AGAIN, "a": "7"}, {"q": AGAIN.upper(), "a": "7"}]}

    problems = load(rows, options={"e": {"role": "evaluate"}})

    assert read_repeats(problems) == []


def test_finished_responses_of_another_writing_go_to_the_row_that_is_kept(load):
    options = {"r": {"role": "reference", "fields": {"question": "q", "responses": ["r"]}}}
    rows = [{"q": "Say it.", "r": ["Blue."]}, {"q": "say it", "r": ["Red.", "Green."]}, {"q": "say it", "r": ["Grey."]}]

    problems = load({"r": rows}, options=options)

    (only,) = kept(problems).to_dicts()
    assert sorted(only["responses"]) == ["Blue.", "Green.", "Grey.", "Red."]
    assert all(detail.endswith("were added there") for detail in problems.frame["detail"].drop_nulls())


WRITINGS = [
    lambda text: text,
    str.upper,
    lambda text: f"**{text}**",
    lambda text: text.replace(" ", "  "),
    lambda text: f"“{text}”",
]
questions = st.tuples(st.integers(0, 5), st.sampled_from(WRITINGS), st.sampled_from(["1", "2"]))


def ask(number, writing, answer):
    words = "apple bread chair dough eagle flask".split()
    return {"q": writing(f"how many {words[number]} things are there in the box?"), "a": answer}


@SEVERAL
@given(st.lists(questions, min_size=1, max_size=12), st.lists(questions, max_size=6), st.randoms(use_true_random=False))
def test_order_and_repetition_of_the_input_change_no_problem(tmp_path_factory, left, right, order):
    folder = tmp_path_factory.mktemp("rows")

    def load_rows(left, right):
        write(folder / "s.jsonl", [ask(*each) for each in left])
        write(folder / "z.jsonl", [ask(*each) for each in right] or [{"q": "Nothing like it at all, is it?", "a": "1"}])
        return load_problems(recipe(folder, {"s": {}, "z": {}}), IS_READABLE)

    def read(problems):
        columns = ("problem_id", "source", "answer", "cluster", "split")
        return kept(problems).select(columns).sort("problem_id").rows(), set(read_repeats(problems))

    once = load_rows(left, right)
    shuffled = [[*rows, *rows] for rows in (left, right)]
    for rows in shuffled:
        order.shuffle(rows)
    again = load_rows(*shuffled)

    assert read(again)[0] == read(once)[0]
    assert {row[:3] for row in read(once)[1]} <= {row[:3] for row in read(again)[1]}
    known = {row["problem_id"]: row for row in kept(once).iter_rows(named=True)}
    assert all(row[1] in known for row in read(once)[1])
    assert len(
        {row["question"].lower().replace("*", "").replace("  ", " ").strip("“”") for row in known.values()}
    ) == len(known)


def test_a_new_row_moves_only_the_problem_that_it_repeats(load):
    rows = [ask(number, str, "1") for number in range(6)]
    random.Random(1).shuffle(rows)
    before = load({"s": rows})

    after = load({"s": rows, "z": [{"q": rows[0]["q"].upper(), "a": "1"}]})

    assert kept(after)["problem_id"].sort().to_list() == kept(before)["problem_id"].sort().to_list()
