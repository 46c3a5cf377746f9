"""Checked steps as labels: each piece ends with a checked equation, up to the first wrong one."""

import json

import datasets
import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.export import export
from cotloom.builder.export.steps import make_step_row
from cotloom.builder.verify import judge
from cotloom.schemas.problem import Problem
from cotloom.schemas.recipe import Verify
from cotloom.schemas.sample import Part

QUESTION = "Ann has 3 hens with 2 eggs each and finds 4 eggs. How many eggs does she have?"
TEXTS = {
    "right": "Ann has 3 hens. They lay 3 * 2 = 6 eggs. With the others it is 6 + 4 = 10 eggs.\nThe answer is 10.",
    "lucky": "The hens lay 3 * 2 = 7 eggs. With the others it is 6 + 4 = 10 eggs.\nThe answer is 10.",
    "wrong": "The hens lay 3 * 2 = 6 eggs. With the others it is 6 + 4 = 11 eggs.\nThe answer is 11.",
    "bare": "Six eggs and four eggs make ten.\nThe answer is 10.",
}


def make_row(text, reasoning=None, choices=()):
    problem = Problem(problem_id="p", source="s", origin="o", question=QUESTION, answer="10", choices=choices)
    found = judge(problem, text, reasoning=reasoning)
    steps = [
        {"part": step.part, "start": step.start, "end": step.end, "text": step.text, "actual": step.actual,
         "outcome": step.outcome}
        for step in found.steps
    ]  # fmt: skip
    return make_step_row(
        {"question": QUESTION, "choices": choices, "answer": "10", "text": text, "reasoning": reasoning, "steps": steps,
         "verdict": found.verdict, "problem_id": "p", "sample_id": "s"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "completions", "labels", "first_wrong"),
    [
        (
            TEXTS["right"],
            ["Ann has 3 hens. They lay 3 * 2 = 6 eggs.", "With the others it is 6 + 4 = 10 eggs."],
            [True, True],
            None,
        ),
        (TEXTS["lucky"], ["The hens lay 3 * 2 = 7 eggs."], [False], 0),
        (TEXTS["wrong"], ["The hens lay 3 * 2 = 6 eggs.", "With the others it is 6 + 4 = 11 eggs."], [True, False], 1),
        ("3 * 2 = 6 and 6 + 4 = 11. The answer is 11.", ["3 * 2 = 6 and 6 + 4 = 11."], [False], 1),
        ("3 * 2 = 6\n6 + 4 = 10", ["3 * 2 = 6", "6 + 4 = 10"], [True, True], None),
        (
            "一共有 3 * 2 = 6 个。再加 6 + 4 = 10 个。",
            ["一共有 3 * 2 = 6 个。", "再加 6 + 4 = 10 个。"],
            [True, True],
            None,
        ),
    ],
    ids=range(6),
)
def test_pieces_end_behind_checked_equations(text, completions, labels, first_wrong):
    row = make_row(text)
    assert (row["completions"], row["labels"], row["first_wrong"]) == (completions, labels, first_wrong)


def test_reasoning_comes_before_the_response():
    row = make_row("6 + 4 = 10. The answer is 10.", reasoning="I think 3 * 2 = 6. Good.")
    assert row["completions"] == ["I think 3 * 2 = 6.", "6 + 4 = 10."]
    assert [step["part"] for step in row["steps"]] == [Part.REASONING, Part.TEXT]


def test_a_rationale_without_a_checked_step_has_no_row():
    assert make_row(TEXTS["bare"]) is None


def test_spans_and_labels_of_all_steps_are_kept():
    row = make_row(TEXTS["lucky"])
    assert [(row["text"][step["start"] : step["end"]], step["label"]) for step in row["steps"]] == [
        ("3 * 2 = 7", "wrong"),
        ("6 + 4 = 10", "right"),
    ]


def build(tmp_path, build_recipe, texts, policy="label"):
    rows = [{"q": f"{QUESTION} ({name})", "a": "10", "c": text} for name, text in texts.items()]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recipe = {
        "name": "labelled",
        "version": "1.0.0",
        "sources": [{"name": "s", "kind": "file", "path": "s.jsonl", "fields": {"question": "q", "answer": "a"}}],
        "teacher": {
            "backend": "recorded",
            "answers": {"path": "s.jsonl", "problem": "q", "completions": [{"column": "c", "teacher": "people"}]},
        },
        "verify": {"steps": policy},
        "split": {"test": 0.0},
    }
    (tmp_path / "r.yaml").write_text(json.dumps(recipe))
    return build_recipe(tmp_path / "r.yaml", tmp_path / "store").version


def test_wrong_steps_stay_out_of_the_examples_and_come_as_labels(tmp_path, build_recipe):
    version = build(tmp_path, build_recipe, TEXTS)
    reasons = dict(version.read_table("samples").select("text", "reason").iter_rows())
    assert reasons == {TEXTS["right"]: None, TEXTS["lucky"]: "wrong_step", TEXTS["wrong"]: "wrong", TEXTS["bare"]: None}
    result = export(version, "trl-steps", tmp_path / "out")
    assert result.rows == {"train.jsonl": 3}
    assert "arithmetic" in result.notes[0]
    rows = [json.loads(line) for line in (tmp_path / "out" / "train.jsonl").read_bytes().splitlines()]
    assert {row["text"]: row["labels"] for row in rows} == {
        TEXTS["right"]: [True, True],
        TEXTS["lucky"]: [False],
        TEXTS["wrong"]: [True, False],
    }
    assert {row["verdict"] for row in rows} == {"correct", "wrong"}
    assert all(row["prompt"].startswith(QUESTION) for row in rows)
    export(version, "trl-steps", tmp_path / "out")  # an earlier export is replaced
    data = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))["train"]
    text, flag = datasets.Value("string"), datasets.Value("bool")
    assert (data.features["prompt"], data.features["completions"].feature) == (text, text)
    assert data.features["labels"].feature == flag
    assert all(len(row["completions"]) == len(row["labels"]) for row in data)


def test_a_version_without_checked_steps_is_refused(tmp_path, build_recipe):
    version = build(tmp_path, build_recipe, {"bare": TEXTS["bare"]})
    with pytest.raises(InputError, match="no rationale with a checked step"):
        export(version, "trl-steps", tmp_path / "out")


def test_the_policy_is_one_of_three():
    for policy in ("drop", "tag", "label"):
        problem = Problem(problem_id="p", source="s", origin="o", question=QUESTION, answer="10")
        found = judge(problem, TEXTS["lucky"], policy=Verify(steps=policy))
        assert found.reason == (None if policy == "tag" else "wrong_step")
