"""Every query of docs/sql.md runs, and finds rows: in the quickstart, or in a version with what that lacks."""

import json
import random
import re
from pathlib import Path

import pytest

from cotloom.builder.inspect.sql import connect, run_query

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "sql.md").read_text()
QUERIES = dict(re.findall(r"^### ([^\n]+)\n(?:(?!^#).)*?```sql\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE))
ANYWHERE = {"Which problems are trained on in one version only?"}
"""Queries that may find nothing in a good version."""
LACKING = {
    "Which training questions come near an evaluation set?",
    "Which problems have no kept sample?",
    "Which gold answers are suspicious?",
    "Which teacher is better, on the problems that both answered?",
    "What else is wrong with rationales?",
}
"""Queries about what only the recorded version of this test has for certain."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, build_recipe):
    """A version with two teachers, an evaluation set, a wrong gold answer and faults of rationales."""
    folder, dice = tmp_path_factory.mktemp("recorded"), random.Random(7)
    rows = []
    for number in range(12):
        eggs, days = dice.randrange(10, 90), dice.randrange(3, 9)
        right = f"{eggs} * {days} = {eggs * days}. The answer is {eggs * days}."
        wrong = f"{eggs} + {days} = {eggs + days}. The answer is {eggs + days}."
        rows.append({
            "question": f"The hens of farm {number} lay {eggs} eggs a day. How many eggs is that in {days} days?",
            "answer": str(eggs * days),
            "one": [wrong if number == 0 else right, wrong if number < 4 else right],
            "other": [wrong if number == 0 else right, f"The answer is {eggs * days}. {right}" if number else wrong],
        })  # fmt: skip
    near = [
        {"question": f"A farm sells {n} eggs. How many eggs is that in a year, if its hens lay as many?"}
        for n in (3, 5)
    ]
    for name, lines in {"rows": rows, "near": [{**row, "answer": "1"} for row in near]}.items():
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    fields = {"question": "question", "answer": "answer"}
    completions = [{"column": "one", "teacher": "one"}, {"column": "other", "teacher": "other"}]
    recipe = {
        "name": "recorded",
        "version": "1.0.0",
        "sources": [
            {"name": "rows", "kind": "file", "path": "rows.jsonl", "fields": fields},
            {"name": "near", "kind": "file", "path": "near.jsonl", "fields": fields, "role": "evaluate"},
        ],
        "decontaminate": {"against": ["near"]},
        "teacher": {
            "backend": "recorded",
            "answers": {"path": "rows.jsonl", "problem": "question", "completions": completions},
        },
        "split": {"test": 0.0},
    }
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    return build_recipe(folder / "recipe.yaml", folder / "store").version


@pytest.fixture(scope="module")
def fewer(tmp_path_factory, build_recipe):
    """The quickstart with one path a problem; the simulated teacher gives the same answers."""
    changes = ("sources.0.problems=40", "select.keep=1", "version=1.0.1")
    return build_recipe("quickstart", tmp_path_factory.mktemp("fewer"), *changes).version


@pytest.fixture(scope="module")
def connections(quickstart, fewer, recorded):
    with connect(fewer, {"old": quickstart}) as first, connect(recorded, {"old": recorded}) as second:
        yield first, second


def test_the_cookbook_has_twenty_queries():
    assert len(QUERIES) >= 20
    assert len(QUERIES) == PAGE.count("```sql")


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_of_the_cookbook_answers_its_question(name, connections):
    quickstart, recorded = (run_query(connection, QUERIES[name]) for connection in connections)
    answered = recorded if name in LACKING else quickstart

    assert quickstart.schema == recorded.schema
    assert answered.height > 0 or name in ANYWHERE
    assert not any(kind.is_nested() and not kind.to_python() for kind in answered.schema.values())


def test_what_went_between_two_versions_is_what_keep_drops(connections):
    gone = run_query(connections[0], QUERIES["Which samples went, and why?"])

    assert gone["reason"].to_list() == ["beyond_keep"]


def test_a_random_sample_is_the_same_each_time(connections):
    query = QUERIES["Ten samples by chance, the same ones each time"]
    first, second = (run_query(connections[0], query)["sample_id"].to_list() for _ in range(2))

    assert first == second
    assert first != run_query(connections[0], query.replace("monday", "tuesday"))["sample_id"].to_list()
    assert first != sorted(first)
