"""`cotloom audit REF --against SET`: a finished version is held against a set that its recipe did not know."""

import json

import pytest

from cotloom.builder.inspect.sql import query

NEW = "A lamp costs 30 dollars in spring and a third less in autumn. What do four lamps cost in autumn, in dollars?"


@pytest.fixture
def write_set(tmp_path):
    def write(*questions: str, name: str = "set.jsonl", column: str = "question", **more: str):
        path = tmp_path / name
        path.write_text("".join(json.dumps({column: question, **more}) + "\n" for question in questions))
        return path

    return write


def test_what_overlaps_a_new_set_is_a_finding_with_counts_and_rows(quickstart, run, write_set):
    problem = query(quickstart, "FROM problems WHERE fate = 'kept' LIMIT 1").row(0, named=True)
    path = write_set(NEW, problem["question"], answer="3")

    ran = run("audit", quickstart.path, "--against", f"{path}:question", "--json")

    found = ran.json
    assert (ran.code, found["passed"]) == (1, False)
    assert found["against"] == [{"set": "set.jsonl", "problems": 2, "digest": found["against"][0]["digest"]}]
    assert problem["problem_id"] in {row["problem_id"] for row in found["overlaps"]}
    own = [row for row in found["overlaps"] if row["problem_id"] == problem["problem_id"]]
    assert {row["part"] for row in own} >= {"question", "example"}
    assert {row["measure"] for row in own if row["part"] == "question"} == {"same"}
    assert "overlap set.jsonl" in found["findings"][0]["message"]


def test_a_clean_version_passes(quickstart, run, write_set):
    ran = run("audit", quickstart.path, "--against", write_set(NEW, answer="80"))

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "quickstart@1.0.0: no findings against set.jsonl (1 questions).")


def test_several_sets_are_each_named(quickstart, run, write_set):
    one, two = write_set(NEW, name="one.jsonl", column="q"), write_set(NEW, name="two.jsonl", column="p")

    ran = run("audit", quickstart.path, "--against", f"{one}:q", "--against", f"{two}:p")

    assert (ran.code, "one.jsonl (1 questions), two.jsonl (1 questions)" in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("named", "message"), [("missing.jsonl", "no such file"), ("set.jsonl:other", "no row has a question")]
)
def test_a_wrong_file_or_column_is_said(quickstart, run, write_set, monkeypatch, named, message):
    monkeypatch.chdir(write_set(NEW).parent)

    ran = run("audit", quickstart.path, "--against", named)

    assert (ran.code, message in ran.err) == (2, True)
