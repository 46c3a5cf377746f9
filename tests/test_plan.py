"""The figures of `cotloom plan`, against counts by hand."""

import json
from pathlib import Path

import pytest

from cotloom.builder.pipeline import build
from cotloom.builder.plan import plan_build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime

MADE = {"name": "made", "kind": "arithmetic", "problems": 8}
ROWS = [
    {"q": "What is 2 + 3?", "a": "5"},
    {"q": "What is 4 + 3?", "a": "7"},
    {"q": "What is 2 + 3?", "a": "5"},  # a duplicate
    {"q": "What is 9 + 3?", "a": "a dozen or so"},  # no number
    {"q": "What is 8 + 3?", "a": "11"},
]
FINISHED = [{"q": f"Write {n} lines.", "a": f"Rain falls on roof {n}."} for n in range(2)]


@pytest.fixture
def plan(tmp_path, store, write_recipe):
    """Plan a recipe, with the keys of its teacher given."""

    def plan_recipe(sources=(MADE,), **teacher):
        path = write_recipe(tmp_path, sources=list(sources), teacher={"backend": "simulated", **teacher})
        return plan_build(load_recipe(str(path)), Runtime(store=store))

    return plan_recipe


def write_source(folder: Path, name: str, rows: list[dict[str, str]], **keys: object) -> dict[str, object]:
    (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return {"name": name, "kind": "file", "path": f"{name}.jsonl", **keys}


def test_problems_are_counted_by_source_and_only_those_to_sample_are_asked_about(plan, tmp_path):
    fields = {"question": "q", "answer": "a"}
    sampled = write_source(tmp_path, "file", ROWS, fields=fields)
    reference = write_source(
        tmp_path, "texts", FINISHED, role="reference", fields={"question": "q", "responses": ["a"]}
    )

    planned = plan([MADE, sampled, reference], paths={"round": 3})

    assert planned.problems == {"made": 8, "file": 3, "texts": 2}
    assert planned.dropped == 2
    assert planned.teacher.problems == 8 + 3
    assert planned.teacher.new == (8 + 3) * 3


def test_answers_of_the_first_round_are_new_or_in_the_ledger(plan, tmp_path, store, write_recipe):
    first = plan(paths={"round": 4}).teacher
    path = write_recipe(tmp_path, teacher={"backend": "simulated", "paths": {"round": 1}})
    built = build(load_recipe(str(path)), Runtime(store=store))

    then = plan(paths={"round": 4}).teacher

    assert (first.new, first.ledger) == (8 * 4, 0)
    assert built.calls.new == 8
    assert (then.new, then.ledger) == (8 * 3, 8)


@pytest.mark.parametrize(
    ("keys", "most_each"),
    [
        ({"paths": {"round": 4}}, 4),
        ({"paths": {"round": 4, "max": 10}}, 10),
        ({"paths": {"round": 4, "max": 10, "target": 2}}, 10),
        ({"paths": {"round": 4}, "hint": {"mode": "always"}}, 4),
        ({"paths": {"round": 4}, "hint": {"mode": "fallback"}}, 4 + 4),
        ({"paths": {"round": 3, "max": 10}, "hint": {"mode": "fallback"}}, 10 + 3),
    ],
)
def test_the_most_answers_are_those_of_all_rounds_and_of_the_hinted_one(plan, keys, most_each):
    planned = plan(**keys).teacher

    assert planned.most == 8 * most_each
    assert planned.new == 8 * keys["paths"]["round"]


@pytest.mark.parametrize("hint", ["none", "fallback"])
def test_a_build_asks_for_no_more_answers_than_planned(plan, tmp_path, store, write_recipe, hint):
    keys = {"paths": {"round": 2, "max": 5}, "hint": {"mode": hint}, "slips": {"wrong_operand": 0.9, "repeat": 0.0,
            "wrong_arithmetic": 0.0, "lucky_answer": 0.0, "cut_off": 0.0, "no_answer": 0.0}}  # fmt: skip
    planned = plan(**keys).teacher
    path = write_recipe(tmp_path, teacher={"backend": "simulated", **keys})

    calls = build(load_recipe(str(path)), Runtime(store=store)).calls

    assert planned.new < calls.new <= planned.most
    assert (calls.new > 8 * 5) == (hint == "fallback")


def test_the_calls_and_the_cost_of_a_fallback_hint_are_told(tmp_path, store, write_recipe, run):
    def ask(**keys):
        prompt = {"template": "cot_two_call"} if keys.pop("two_calls", False) else {"template": "cot_zero_shot"}
        teacher = {"backend": "openai", "model": "m", "base_url": "http://127.0.0.1:1/v1", "prompt": prompt, **keys}
        return run("plan", write_recipe(tmp_path, teacher=teacher), "--store", store).out

    plain, hinted = ask(paths={"round": 4}), ask(paths={"round": 4}, hint={"mode": "fallback"})
    twice = ask(paths={"round": 4}, two_calls=True)
    free = run("plan", write_recipe(tmp_path), "--store", store).out

    assert "first round: 32 new, 0 in the ledger" in plain
    assert "up to" not in plain
    assert "up to 32 more" in hinted
    assert "calls      2 for each answer" in twice
    assert all("cost       unknown: no prices are given" in text for text in (plain, hinted, twice))
    assert "cost       none: this teacher costs nothing" in free
