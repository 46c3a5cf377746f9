"""Rationales and questions of different problems that are nearly the same are marked, and none is dropped."""

import json
import random

import pytest

from cotloom.builder.inspect.explanation import explain
from cotloom.builder.inspect.sql import query

SAME = (
    "First the apples are counted, then those that were eaten are taken away, so the rest is known. The answer is {}."
)
ROWS = [
    ("Ann has 7 apples in a bowl on her table and eats 2 of them before school. How many apples are left?", "5", SAME),
    ("Seven minus 2 is what, for a child that counts on two hands with care?", "5", SAME),
    (
        "Kim reads 3 books a week. How many books is that in four weeks?",
        "12",
        "Each week has 3, so 3 * 4 = 12. The answer is {}.",
    ),
    (
        "Ann has 7 apples in a bowl on her table and eats 3 of them before school. How many apples are left?",
        "4",
        "7 - 3 = 4. It is {}.",
    ),
]


@pytest.fixture
def build(tmp_path, write_recipe, build_recipe):
    def built(rows, name="store", workers=1, **select):
        folder = tmp_path / name
        folder.mkdir()
        lines = [json.dumps({"q": question, "a": answer, "c": text.format(answer)}) for question, answer, text in rows]
        (folder / "s.jsonl").write_text("".join(f"{line}\n" for line in lines))
        answers = {"path": "s.jsonl", "problem": "q", "completions": [{"column": "c", "teacher": "t"}]}
        recipe = write_recipe(
            folder,
            sources=[{"name": "s", "kind": "file", "path": "s.jsonl", "fields": {"question": "q", "answer": "a"}}],
            teacher={"backend": "recorded", "answers": answers},
            select={"across": 0.7, **select},
            split={"test": 0.0},
        )
        return build_recipe(recipe, folder / "versions", workers=workers).version

    return built


def test_near_duplicates_of_other_problems_are_marked_and_kept(build, run):
    version = build(ROWS)

    rows = query(version, "FROM near_duplicates ORDER BY unit, row_id").to_dicts()

    kept = query(version, "SELECT count(*) AS n FROM samples WHERE fate = 'kept'")["n"].item()
    assert kept == len(ROWS)
    assert [row["unit"] for row in rows] == ["problem"] * 2 + ["sample"] * 2
    assert all(row["problem_id"] != row["other_problem_id"] and row["similarity"] >= 0.7 for row in rows)
    assert version.manifest.near_duplicates == {"problems": 2, "samples": 2}
    assert [row["others"] for row in rows] == [1, 1, 1, 1]
    sample = rows[2]
    assert explain(version, sample["row_id"])["near_duplicates"] == [sample]
    assert f"near       {sample['other_id']} of" in run("explain", version.path, sample["row_id"]).out
    assert "repeats    2 questions and 2 rationales" in run("show", version.path).out


def test_law_5_order_repetition_and_workers_change_nothing(build):
    rows = random.Random(1).sample([*ROWS, ROWS[0]], len(ROWS) + 1)
    one, two = build(ROWS, name="one"), build(rows, name="two", workers=2)

    sql = "FROM near_duplicates ORDER BY unit, row_id"
    assert query(one, sql).equals(query(two, sql))


def test_nothing_is_looked_for_where_the_recipe_says_so(build):
    version = build(ROWS, across=None)

    assert query(version, "FROM near_duplicates").height == 0
    assert version.manifest.near_duplicates == {}
