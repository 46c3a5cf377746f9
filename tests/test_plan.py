"""The figures of `cotloom plan`, against counts by hand."""

import json
from pathlib import Path

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.pipeline import build
from cotloom.builder.plan import plan_build
from cotloom.builder.recipe import load_recipe, load_student
from cotloom.schemas.runtime import Runtime
from tests.teacher.chat_server import completion, serving

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
    assert all(
        "cost       unknown: no price is known; --prices FILE gives one" in text for text in (plain, hinted, twice)
    )
    assert "cost       none: this teacher costs nothing" in free


CROWD = [
    {"q": f"Ann has {n} pens and Bob has 3 more pens than Ann has. How many pens has Bob?", "a": str(n + 3)}
    for n in range(3)
]


def test_reasons_for_drops_are_counted_each_with_a_row(tmp_path, store, write_recipe, run):
    fields = {"question": "q", "answer": "a"}
    rows = [*ROWS, {"a": "7"}, CROWD[0]]
    source = write_source(tmp_path, "file", rows, fields=fields)
    bench = write_source(tmp_path, "bench", CROWD, fields=fields, role="evaluate")
    keys = {"sources": [source, bench], "decontaminate": {"against": ["bench"]}, "split": {"test": 0.0}}
    teacher = write_answers(tmp_path, [{"q": "What is 2 + 3?", "said": "2 + 3 = 5. The answer is 5."}])
    path = write_recipe(tmp_path, teacher=teacher, **keys)

    told = run("plan", path, "--store", store, "--json").json
    text = run("plan", path, "--store", store).out
    built = run("build", path, "--store", store, "--workers", 1, "--json").json

    drops = {drop["reason"]: drop for drop in told["drops"]}
    assert {reason: drop["rows"] for reason, drop in drops.items()} == {
        "malformed": 1, "gold_unreadable": 1, "duplicate_problem": 1, "evaluation_overlap": 1,
    }  # fmt: skip
    assert told["dropped"] == sum(drop["rows"] for drop in told["drops"])
    funnel = {row["reason"]: row["dropped"] for row in built["funnel"] if row["stage"] == "sources"}
    assert funnel == {reason: drop["rows"] for reason, drop in drops.items()}
    assert drops["duplicate_problem"]["origin"] == "file.jsonl:3"
    assert drops["duplicate_problem"]["question"] == "What is 2 + 3?"
    assert drops["duplicate_problem"]["sources"] == {"file": 1}
    assert drops["evaluation_overlap"]["detail"].startswith("file.jsonl:7: ")
    assert "dropped    1 problem as duplicate_problem (1 of file)" in text
    assert "such as file.jsonl:3 repeats the question of file.jsonl:1" in text


def test_a_limit_and_a_split_are_reasons_too(tmp_path, store, write_recipe, run):
    path = write_recipe(tmp_path)
    (drop,) = run("plan", path, "--store", store, "--json", "--limit", 3).json["drops"]
    assert (drop["reason"], drop["rows"], drop["unit"], drop["stage"]) == ("over_cap", 5, "problem", "sources")


def test_nothing_dropped_is_nothing_told(plan, run, tmp_path, store, write_recipe):
    planned = plan()
    assert (planned.drops, planned.unmatched, planned.warnings) == ((), 0, ())
    assert "dropped" not in run("plan", write_recipe(tmp_path), "--store", store).out


def write_answers(folder, rows, **completion):
    (folder / "answers.jsonl").write_text(
        "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    )
    completions = [{"column": "said", "teacher": "t", **completion}]
    return {"backend": "recorded", "answers": {"path": "answers.jsonl", "problem": "q", "completions": completions}}


def test_recorded_answers_that_cannot_be_used_are_counted(tmp_path, store, write_recipe, run):
    source = write_source(tmp_path, "file", ROWS, fields={"question": "q", "answer": "a"})
    rows = [{"q": "What is 2 + 3?", "said": "5"}, {"q": "Who is there?", "said": "Nobody"}, "{not json", {"said": "5"}]
    path = write_recipe(tmp_path, sources=[source], teacher=write_answers(tmp_path, rows))

    told, text = run("plan", path, "--store", store, "--json").json, run("plan", path, "--store", store).out

    drops = {(drop["unit"], drop["reason"]): drop for drop in told["drops"]}
    assert drops["sample", "malformed"]["rows"] == 2
    assert "answers.jsonl:" in drops["sample", "malformed"]["detail"]
    assert told["unmatched"] == 1
    assert "1 recorded answers belong to no kept problem" in text


@pytest.mark.parametrize("formats", [[{"name": "zero_shot_answer"}], [{"name": "zero_shot_cot", "thinking": "drop"}]])
def test_reasoning_that_no_format_shows_is_a_warning_before_the_build(tmp_path, store, write_recipe, run, formats):
    source = write_source(tmp_path, "file", ROWS, fields={"question": "q", "answer": "a"})
    rows = [{"q": "What is 2 + 3?", "said": "<think>2 + 3 = 5.</think>The answer is 5.", "t": None}] * 2
    teacher = write_answers(tmp_path, rows)
    path = write_recipe(tmp_path, sources=[source], teacher=teacher, formats=formats)

    hidden = run("plan", path, "--store", store, "--json")
    shown = run("plan", path, "--store", store, "--json", "--set", "formats=[{name: zero_shot_cot}]")

    assert "2 answers have reasoning apart from their response, and no format shows it" in hidden.json["warnings"][0]
    assert "no format shows it" in " ".join(hidden.err.split())
    assert shown.json["warnings"] == []


def test_reasoning_in_the_ledger_is_noticed_too(tmp_path, store, write_recipe, run):
    with serving(lambda _body: completion("The answer is 5.", reasoning_content="Let me see. 2 + 3 = 5.")) as server:
        teacher = {"backend": "openai", "model": "m", "base_url": server.url, "paths": {"round": 1}}
        source = write_source(tmp_path, "file", ROWS, fields={"question": "q", "answer": "a"})
        path = write_recipe(tmp_path, sources=[source], teacher=teacher, formats=[{"name": "zero_shot_answer"}])
        before = run("plan", path, "--store", store, "--json").json["warnings"]
        run("build", path, "--store", store, "--workers", 1)
        (after,) = run("plan", path, "--store", store, "--json").json["warnings"]
    assert before == []
    assert "3 answers have reasoning" in after


PLACEHOLDERS = [
    "YOUR-MODEL",
    "your-model",
    "Your_Model",
    "<YOUR-MODEL>",
    "openai/YOUR-MODEL",
    "your model name",
    "YOURMODEL",
]


@pytest.mark.parametrize("name", PLACEHOLDERS)
@pytest.mark.parametrize("backend", ["openai", "transformers"])
def test_a_placeholder_is_no_model(tmp_path, store, write_recipe, run, name, backend):
    path = write_recipe(tmp_path, teacher={"backend": backend, "model": name})
    for command in ("plan", "build"):
        done = run(command, path, "--store", store, "--json")
        assert done.code == 2
        assert done.json["error"]["message"] == f"teacher.model is {name}, which only stands for the name of a model"
        assert "--set teacher.model=NAME" in done.json["error"]["hint"]
    assert not (store / "ledger.sqlite").exists()


def test_a_model_that_is_named_alike_is_no_placeholder(tmp_path, store, write_recipe, run):
    teacher = {"backend": "openai", "model": "yourmodel-7b", "base_url": "http://127.0.0.1:1/v1"}
    assert run("plan", write_recipe(tmp_path, teacher=teacher), "--store", store).code == 0


def test_a_placeholder_that_no_source_needs_is_let_through(tmp_path, store, write_recipe, run):
    source = write_source(tmp_path, "texts", FINISHED, role="reference", fields={"question": "q", "responses": ["a"]})
    teacher = {"backend": "openai", "model": "YOUR-MODEL", "base_url": "http://127.0.0.1:1/v1"}
    path = write_recipe(tmp_path, sources=[source], teacher=teacher)
    assert run("build", path, "--store", store, "--workers", 1).code == 0


def test_a_placeholder_is_no_student_either(tmp_path):
    recipe = tmp_path / "student.yaml"
    recipe.write_text("name: mine\nmodel: {kind: checkpoint, path: YOUR-MODEL}\n")
    with pytest.raises(InputError, match=r"model\.path is YOUR-MODEL, which only stands for"):
        load_student(str(recipe))
