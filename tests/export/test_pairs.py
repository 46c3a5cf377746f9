"""Pairs of a kept and a wrong rationale, and problems as verifiable prompts."""

import asyncio
import json
import math
from importlib import import_module

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.export import export
from cotloom.rewards import answer

QUESTION = "Ann has 3 hens with 2 eggs each and finds 4 eggs. How many eggs does she have?"
TEXTS = {
    "right": "They lay 3 * 2 = 6 eggs. With the others it is 6 + 4 = 10 eggs.\nThe answer is 10.",
    "other": "Of 4 found eggs and 2 a hen it is 4 + 3 * 2 = 10.\nThe answer is 10.",
    "lucky": "The hens lay 3 * 2 = 7 eggs. With the others it is 6 + 4 = 10 eggs.\nThe answer is 10.",
    "wrong": "The hens lay 3 * 2 = 6 eggs. With the others it is 6 + 4 = 11 eggs.\nThe answer is 11.",
    "open": "It is 10 or 11.\nThe answer is 10 or 11.",
}


def build(folder, build_recipe, texts, answer_type="number"):
    rows = [{"q": QUESTION, "a": "10", **texts}, {"q": f"{QUESTION} Think.", "a": "10", "right": TEXTS["right"]}]
    (folder / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    columns = [{"column": name, "teacher": "people"} for name in texts]
    fields = {"question": "q", "answer": "a"}
    recipe = {
        "name": "paired",
        "version": "1.0.0",
        "sources": [
            {"name": "s", "kind": "file", "path": "s.jsonl", "fields": fields, "answer_type": answer_type},
        ],
        "teacher": {"backend": "recorded", "answers": {"path": "s.jsonl", "problem": "q", "completions": columns}},
        "split": {"test": 0.0},
    }
    (folder / "r.yaml").write_text(json.dumps(recipe))
    return build_recipe(folder / "r.yaml", folder / "store").version


def read(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_kept_rationale_is_paired_with_a_wrong_one_of_its_problem(tmp_path, build_recipe):
    version = build(tmp_path, build_recipe, TEXTS)
    done = export(version, "trl-dpo", tmp_path / "out")
    rows = read(tmp_path / "out" / "train.jsonl")
    samples = version.read_table("samples")
    text_of, reason_of = (dict(samples.select("sample_id", column).iter_rows()) for column in ("text", "reason"))
    kept = samples.filter(samples["fate"] == "kept")["problem_id"].value_counts()["count"].max()
    assert done.rows == {"train.jsonl": min(kept, 2)}
    for row in rows:
        assert row["prompt"][0]["content"].startswith(QUESTION)
        assert row["chosen"] == [{"role": "assistant", "content": text_of[row["chosen_id"]]}]
        assert row["rejected"] == [{"role": "assistant", "content": text_of[row["rejected_id"]]}]
        assert (reason_of[row["chosen_id"]], reason_of[row["rejected_id"]]) == (None, row["reason"])
        assert row["reason"] in {"wrong", "wrong_step"}
    assert len({row["chosen_id"] for row in rows} | {row["rejected_id"] for row in rows}) == 2 * len(rows)


def test_without_a_wrong_rationale_there_is_no_pair(tmp_path, build_recipe):
    version = build(tmp_path, build_recipe, {"right": TEXTS["right"], "open": TEXTS["open"]})
    with pytest.raises(InputError, match="no problem with a kept and a wrong rationale"):
        export(version, "trl-dpo", tmp_path / "out")


def test_the_row_of_a_problem_has_what_its_reward_needs(tmp_path, build_recipe):
    version = build(tmp_path, build_recipe, TEXTS)
    assert export(version, "trl-grpo", tmp_path / "out").rows == {"train.jsonl": 2}
    rows = read(tmp_path / "out" / "train.jsonl")
    assert {row["reward"] for row in rows} == {"cotloom.rewards.answer"}
    examples = version.read_table("examples")
    asked = {messages[0]["content"] for messages in examples["messages"]}
    assert {row["prompt"][0]["content"] for row in rows} == asked
    columns = {name: [row[name] for row in rows] for name in ("answer", "answer_type", "choices")}
    assert answer(["The answer is 10.", "The answer is 12."], **columns) == [1.0, 0.0]


CASES = [
    ("The answer is 7.", 1.0), ("The answer is 8.", 0.0), ("I can not say.", 0.0), ("", 0.0),
    ("The answer is 7 or 8.", None), ([{"role": "assistant", "content": "So it is \\boxed{7}."}], 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("completion", "reward"), CASES)
def test_a_reward_is_what_the_verdict_says_and_nothing_where_it_is_open(completion, reward):
    assert answer([completion], answer=["7"], answer_type=["number"], prompts=["?"], problem_id=["p"]) == [reward]


def test_options_are_rewarded_by_their_letters():
    assert answer(["The answer is (B).", "(A)"], ["B"] * 2, ["choice"] * 2, [("yes", "no")] * 2) == [1.0, 0.0]


@pytest.mark.parametrize(("completion", "score"), [("The answer is 7.", 1.0), ("It is 9.", 0.0), ("7 or 8", None)])
def test_inspect_scores_answers_and_leaves_the_undecided_unscored(completion, score):
    models = pytest.importorskip("inspect_ai.model", reason="inspect_ai is not installed")
    solvers, targets = import_module("inspect_ai.solver"), import_module("inspect_ai.scorer")
    state = solvers.TaskState(model="m/m", sample_id=1, epoch=1, input="What is 3 + 4?", messages=[])
    state.output = models.ModelOutput.from_content("m/m", completion)
    found = asyncio.run(import_module("cotloom.scorers").answer()(state, targets.Target("7")))
    assert math.isnan(found.value) if score is None else found.value == score
