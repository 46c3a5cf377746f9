import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.errors import InputError
from cotloom.builder.recipe import LoadedRecipe
from cotloom.builder.sources import Problems, load_problems
from cotloom.builder.verify import IS_READABLE
from cotloom.schemas.recipe import Recipe

FIELDS = {"question": "q", "answer": "a"}


def recipe(folder: Path, files: dict[str, dict[str, Any]], **keys: Any) -> LoadedRecipe:
    sources = [
        {"name": name, "kind": "file", "path": f"{name}.jsonl", "fields": FIELDS, **source}
        for name, source in files.items()
    ]
    given = {
        "name": "t",
        "version": "1.0.0",
        "sources": sources,
        "teacher": {
            "backend": "recorded",
            "answers": {"path": "x.jsonl", "problem": "q", "completions": [{"column": "c", "teacher": "t"}]},
        },
    }
    return LoadedRecipe(recipe=Recipe.model_validate({**given, **keys}), folder=folder, path=folder / "r.yaml")


def write(path: Path, rows: list[Any]) -> None:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))


@pytest.fixture
def load(tmp_path):
    """Write rows as the file of one source and load the problems."""

    def loaded(*rows: Any, source: dict[str, Any] | None = None, **keys: Any) -> Problems:
        write(tmp_path / "s.jsonl", list(rows))
        return load_problems(recipe(tmp_path, {"s": source or {}}, **keys), IS_READABLE)

    return loaded


def numbered(count: int) -> list[dict[str, str]]:
    words = "zero one two three four five six seven eight nine".split()
    return [{"q": f"What is {' '.join(words[int(d)] for d in str(n))}?", "a": str(n)} for n in range(count)]


def kept(problems: Problems) -> pl.DataFrame:
    return problems.frame.filter(pl.col("fate") == "kept")


def test_a_row_becomes_a_problem_with_its_place_and_side(load):
    source = {"license": "MIT", "fields": {**FIELDS, "task": "t.name", "category": "k", "metadata": ["t"]}}

    (problem,) = load(
        {"q": " What is 2 + 2? ", "a": 4.0, "k": "sums", "t": {"name": "x"}}, source=source
    ).frame.to_dicts()

    assert {
        "source": "s",
        "origin": "s.jsonl:1",
        "question": "What is 2 + 2?",
        "answer": "4",
        "task": "x",
        "category": "sums",
        "metadata": '{"t":{"name":"x"}}',
        "license": "MIT",
        "split": "train",
        "fate": "kept",
        "reason": None,
    }.items() <= problem.items()


def test_rows_that_can_not_be_read_stay_as_dropped_with_their_place(load):
    rows = [{"q": "one?", "a": "1"}, "{broken", [1], {"q": "no answer?"}, {"q": "", "a": "2"}, {"q": "x?", "a": None}]

    frame = load(*rows).frame

    assert frame["fate"].to_list() == ["kept"] + ["dropped"] * 5
    assert frame["reason"].to_list() == [None] + ["malformed"] * 5
    assert frame["stage"].to_list() == [None] + ["sources"] * 5
    assert [detail.partition(": ")[0] for detail in frame["detail"][1:]] == [f"s.jsonl:{line}" for line in range(2, 7)]
    assert frame["detail"][3] == "s.jsonl:4: no a; there is: q"
    assert frame["detail"][4] == "s.jsonl:5: question is empty"


def test_a_column_that_no_row_has_is_an_error_that_lists_the_columns(load):
    with pytest.raises(InputError) as caught:
        load({"question": "one?", "meta": {"a": "1"}})

    assert caught.value.message.endswith("s.jsonl: no row has the column q")
    assert caught.value.hint == "the columns are: question, meta.a"


def test_a_template_joins_columns_to_a_question(load):
    fields = {"question": "{{ Body }} {{ Question }}", "answer": "a"}

    problems = load({"Body": "2 pens.", "Question": "How many?", "a": 2}, source={"fields": fields})

    assert problems.frame["question"].to_list() == ["2 pens. How many?"]


def test_a_pattern_parts_gold_and_rationale(load):
    solution = "16 - 3 = 13\nA: 4 is wrong\n13 * 2 = 26\nA: 26"

    problems = load({"q": "How much?", "a": solution}, source={"answer_pattern": "A: (.+)"})

    assert problems.frame["answer"].to_list() == ["26"]
    assert problems.frame["reference_rationale"].to_list() == ["16 - 3 = 13\nA: 4 is wrong\n13 * 2 = 26"]


def test_a_gold_answer_that_can_not_be_read_drops_the_row(load):
    frame = load({"q": "one?", "a": "1"}, {"q": "two?", "a": "a pair"}).frame

    assert frame["reason"].to_list() == [None, "gold_unreadable"]
    assert frame["detail"][1] == "s.jsonl:2: 'a pair' can't be read as a number"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("number", "5 km", "5x"), ("date", "12/25/1937", "13/45/1937"), ("time", "3:30 PM", "late"),
        ("ratio", "2:3", "2"), ("boolean", "invalid", "yes and no"),
    ],
)  # fmt: skip
def test_a_gold_answer_that_is_none_of_its_type_drops_the_row(load, kind, good, bad):
    frame = load({"q": "one?", "a": good}, {"q": "two?", "a": bad}, source={"answer_type": kind}).frame

    assert frame["reason"].to_list() == [None, "gold_unreadable"]
    assert repr(bad) in frame["detail"][1]


@pytest.mark.parametrize("solution", ["no mark here", "A: "])
def test_a_solution_without_the_pattern_drops_the_row(load, solution):
    frame = load({"q": "one?", "a": "A: 1"}, {"q": "two?", "a": solution}, source={"answer_pattern": "A: (.*)"}).frame

    assert frame["reason"].to_list() == [None, "gold_unreadable"]
    assert "answer_pattern finds nothing" in frame["detail"][1]


def test_a_question_that_stands_twice_is_dropped_and_a_differing_gold_is_told(load):
    frame = load({"q": "one?", "a": "1"}, {"q": "one?", "a": "1"}, {"q": " one? ", "a": "2"}).frame

    assert frame["reason"].to_list() == [None, "duplicate_problem", "duplicate_problem"]
    assert frame["problem_id"].n_unique() == 1
    assert frame["detail"].to_list()[1:] == [
        "s.jsonl:2 repeats the question of s.jsonl:1",
        "s.jsonl:3 repeats the question of s.jsonl:1, with a different answer: 2, not 1",
    ]


def test_a_row_with_an_unreadable_gold_makes_no_duplicate_of_a_later_good_one(load):
    frame = load({"q": "one?", "a": "nothing"}, {"q": "one?", "a": "1"}).frame

    assert frame["reason"].to_list() == ["gold_unreadable", None]


def test_two_sources_share_no_problem(tmp_path):
    write(tmp_path / "s.jsonl", [{"q": "one?", "a": "1"}])
    write(tmp_path / "z.jsonl", [{"q": "one?", "a": "1"}, {"q": "two?", "a": "2"}])

    problems = load_problems(recipe(tmp_path, {"s": {}, "z": {}}), IS_READABLE)

    assert problems.frame["reason"].to_list() == [None, "duplicate_problem", None]
    assert [(item.name, item.rows) for item in problems.inputs] == [("sources.s", 1), ("sources.z", 2)]


@pytest.mark.parametrize("rows", [[], ["", "  "]])
def test_an_empty_source_is_the_users_mistake(load, rows):
    with pytest.raises(InputError, match=r"source s: .*s\.jsonl is empty"):
        load(*rows)


@pytest.mark.parametrize("rows", [["{broken", "[1]"], [{"q": "", "a": "1"}, {"q": "x", "a": ""}]])
def test_a_source_without_a_readable_row_is_an_error_with_the_first_fault(load, rows):
    with pytest.raises(InputError, match="none of the 2 rows") as caught:
        load(*rows)

    assert caught.value.hint.startswith("the first, s.jsonl:1: malformed: ")


def test_problems_of_which_none_can_be_used_are_an_error(load):
    with pytest.raises(InputError, match="all 2 problems were dropped") as caught:
        load({"q": "one?", "a": "many"}, {"q": "two?", "a": "few"})

    assert caught.value.hint == "the first, s.jsonl:1: gold_unreadable: s.jsonl:1: 'many' can't be read as a number"


def test_a_limit_takes_the_same_problems_whatever_their_order_and_company(load):
    rows = numbered(60)
    ten = set(kept(load(*rows, limit=10))["problem_id"])

    assert len(ten) == 10
    assert set(kept(load(*reversed(rows), limit=10))["problem_id"]) == ten
    assert ten < set(kept(load(*rows, limit=11))["problem_id"])
    assert set(kept(load(*rows, limit=10, seed=1))["problem_id"]) != ten
    over = load(*rows, limit=10).frame.filter(pl.col("fate") == "dropped")
    assert (over.height, set(over["reason"])) == (50, {"over_cap"})


def test_a_limit_above_the_number_of_problems_drops_none(load):
    assert kept(load(*numbered(5), limit=9)).height == 5


questions = st.builds("{} has {} pens and {} caps?".format, *[st.sampled_from(range(12))] * 3)


@settings(max_examples=40, deadline=None)
@given(
    first=st.lists(questions, min_size=1, max_size=25, unique=True),
    more=st.lists(questions, max_size=25, unique=True),
    share=st.floats(0, 0.99),
    seed=st.integers(0, 99),
)
def test_a_split_parts_no_group_and_every_problem_keeps_its_side(tmp_path_factory, first, more, share, seed):
    folder = tmp_path_factory.mktemp("split")

    def sides(asked: list[str]) -> pl.DataFrame:
        write(folder / "s.jsonl", [{"q": question, "a": "1"} for question in asked])
        return kept(load_problems(recipe(folder, {"s": {}}, split={"test": share}, seed=seed), IS_READABLE))

    before = dict(sides(first).select("problem_id", "split").iter_rows())
    together = sides([*more, *first])
    after = dict(together.select("problem_id", "split").iter_rows())

    assert {problem: after[problem] for problem in before} == before
    assert set(together.group_by("group").agg(pl.col("split").n_unique())["split"]) == {1}


def test_a_group_column_keeps_its_problems_on_one_side(load):
    rows = [{**row, "g": index % 7} for index, row in enumerate(numbered(70))]

    frame = load(*rows, source={"fields": {**FIELDS, "group": "g"}}, split={"test": 0.4}).frame

    assert set(frame["split"]) == {"train", "test"}
    assert frame.group_by("group").agg(pl.col("split").n_unique())["split"].to_list() == [1] * 7


@pytest.mark.parametrize(("share", "sides"), [(0.0, {"train"}), (0.999, {"test"})])
def test_the_ends_of_the_split(load, share, sides):
    assert set(load(*numbered(50), split={"test": share}).frame["split"]) == sides
