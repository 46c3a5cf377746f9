"""Real problems, a live server: 200 of GSM8K's training problems, few-shot, with hints where nothing was found."""

import json
import re

import polars as pl
import pytest

from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.ids import rank
from cotloom.schemas.runtime import Runtime
from tests.teacher.chat_server import completion, serving

PROBLEMS = 200


@pytest.fixture(scope="module")
def solutions(data):
    """The human solution of each training problem, by its question."""
    rows = map(json.loads, (data / "gsm8k" / "train.jsonl").read_text().splitlines())
    return {row["question"].strip(): row["answer"] for row in rows}


def answering(solutions):
    """A teacher that solves six problems in seven alone, and the others only when it is shown the answer."""

    def script(body):
        asked = body["messages"][-1]["content"]
        question = re.split(r"\n\n\(The right answer is|\n\nWork step by step", asked)[0].strip()
        solution = re.sub(r"<<[^>]*>>", "", solutions[question]).replace("####", "The answer is")
        able = "(The right answer is" in asked or rank("able", question) % 7
        wrong = "I am not sure about this one, but I would guess.\nThe answer is 0.5."
        return completion(*[solution if able else wrong] * body["n"])

    return script


def test_two_hundred_real_problems_few_shot_unhinted_first_and_hints_only_where_nothing_was_found(
    data, solutions, tmp_path
):
    source = {
        "name": "gsm8k",
        "kind": "file",
        "path": str(data / "gsm8k" / "train.jsonl"),
        "fields": {"question": "question", "answer": "answer"},
        "answer_pattern": r"#### (.+)",
    }
    teacher = {
        "backend": "openai",
        "model": "scripted",
        "prompt": {"template": "cot_few_shot", "demos": "arithmetic", "shots": 4},
        "hint": {"mode": "fallback"},
        "paths": {"round": 2},
    }
    recipe = {"name": "gsm8k-live", "version": "1.0.0", "limit": PROBLEMS, "sources": [source], "teacher": teacher}
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(recipe))
    with serving(answering(solutions)) as server:
        loaded = load_recipe(str(path), [f"teacher.base_url={server.url}"])
        version = build(loaded, Runtime(store=tmp_path / "store", concurrency=16)).version
        shown = [len(body["messages"]) for body in server.requests]
    samples = version.read_table("samples")
    unhinted, hinted = samples.filter(pl.col("hint") == "none"), samples.filter(pl.col("hint") == "hinted")
    solved = set(unhinted.filter(pl.col("verdict") == "correct")["problem_id"])

    assert set(shown) == {2 * 4 + 1}
    assert unhinted["problem_id"].n_unique() == PROBLEMS
    assert unhinted.height + hinted.height == samples.height
    assert set(unhinted["round"]) == {0}
    assert set(hinted["round"]) == {1}
    assert set(hinted["problem_id"]) == set(unhinted["problem_id"]) - solved
    assert 0 < hinted["problem_id"].n_unique() < PROBLEMS / 4
    assert version.manifest.counts["problems_with_path"] >= PROBLEMS - 3
