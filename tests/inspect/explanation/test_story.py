"""What `explain` says of a sample: what was asked, each check with what it looked at, and why it was kept."""

import json
import shutil
from io import StringIO

import polars as pl
import pytest
from rich.console import Console

from cotloom.builder.inspect import explain
from cotloom.builder.inspect.explanation import render_explanation
from cotloom.builder.store import Version, locate_ledger
from cotloom.builder.teacher.ledger.lookup import read_requests


def show(story) -> str:
    console = Console(file=StringIO(), width=300, highlight=False)
    console.print(render_explanation(story))
    return console.file.getvalue()


def pick(version: Version, *where: pl.Expr) -> dict:
    """The sample of lowest id for which something holds."""
    return version.read_table("samples").filter(*where).sort("sample_id").row(0, named=True)


def find(story, name: str) -> dict:
    return next(check for check in story["sample"]["checks"] if check["check"] == name)


@pytest.fixture(scope="module")
def ledger(quickstart):
    return locate_ledger(quickstart.path.parents[2])


@pytest.mark.parametrize("hint", ["none", "hinted"])
def test_the_prompt_is_what_the_ledger_has_of_the_request(quickstart, ledger, hint):
    sample = pick(quickstart, pl.col("hint") == hint)
    story = explain(quickstart, sample["sample_id"], ledger)
    (request,) = story["requests"]

    assert request["digest"] == sample["request_digests"][0]
    assert request["messages"][-1]["role"] == "user"
    assert story["problem"]["question"] in request["messages"][-1]["content"]
    assert (f" {story['problem']['answer']}." in request["messages"][-1]["content"]) is (hint == "hinted")
    assert request["messages"][-1]["content"].splitlines()[0] in show(story)


def test_a_request_that_no_ledger_has_is_said_to_be_missing(quickstart, tmp_path, ledger):
    sample = pick(quickstart)["sample_id"]
    damaged = tmp_path / "ledger.sqlite"
    shutil.copy(ledger, damaged)
    size = damaged.stat().st_size
    with damaged.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    for path in (None, tmp_path / "nowhere", damaged, empty, tmp_path):
        story = explain(quickstart, sample, path)
        assert [request["messages"] for request in story["requests"]] == [None]
        assert "this store's ledger has no such request" in show(story)


def test_looking_a_request_up_changes_nothing(quickstart, ledger):
    before = ledger.read_bytes()
    digests = pick(quickstart)["request_digests"]
    assert set(read_requests(ledger, [*digests, "r_0", "a_1", "\x00"])) == set(digests)
    assert ledger.read_bytes() == before


def test_the_check_of_the_answer_names_what_was_read_the_rule_and_the_gold_answer(quickstart):
    sample = pick(quickstart, pl.col("verdict") == "wrong")
    story = explain(quickstart, sample["sample_id"])
    answer = find(story, "answer")

    assert answer["outcome"] == "failed"
    assert answer["inputs"]["read"] == sample["predicted"]
    assert answer["inputs"]["rule"] == sample["rule"]
    assert answer["inputs"]["gold"] == story["problem"]["answer"]
    span = sample["span"]
    assert answer["inputs"]["quote"] == sample["text"][span["start"] : span["end"]]
    assert f"the gold answer is {story['problem']['answer']}" in show(story)


def test_the_first_wrong_step_is_told_with_its_value_and_what_the_recipe_does(quickstart):
    sample = pick(quickstart, pl.col("reason") == "wrong_step")
    steps = find(explain(quickstart, sample["sample_id"]), "steps")
    first = next(step for step in sample["steps"] if step["outcome"] == "wrong")

    assert steps["outcome"] == "failed"
    assert steps["inputs"]["first_wrong"]["text"] == first["text"]
    assert f"{first['text']} (should be {first['actual']})" in steps["finding"]
    assert steps["finding"].endswith("the recipe says drop")


def test_every_fault_that_drops_a_sample_is_a_failed_check(quickstart):
    sample = pick(quickstart, pl.col("reason") == "hint_parroted")
    faults = find(explain(quickstart, sample["sample_id"]), "faults")
    assert faults["outcome"] == "failed"
    assert "hint_parroted (the recipe says drop)" in faults["finding"]


def test_a_sample_without_a_final_answer_and_one_that_was_truncated_say_so(quickstart):
    unread = explain(quickstart, pick(quickstart, pl.col("verdict") == "no_answer")["sample_id"])
    assert find(unread, "answer")["finding"] == "no_answer: no answer found"
    cut = explain(quickstart, pick(quickstart, pl.col("verdict") == "truncated")["sample_id"])
    assert (find(cut, "ending")["outcome"], find(cut, "answer")["outcome"]) == ("failed", "failed")


def test_a_path_names_what_it_stands_for_and_each_repeat_names_it(quickstart):
    repeat = pick(quickstart, pl.col("duplicate_of").is_not_null(), pl.col("cluster") == pl.col("duplicate_of"))
    story = explain(quickstart, repeat["cluster"])
    choice = story["sample"]["choice"]

    assert repeat["sample_id"] in [each["sample_id"] for each in choice["repeats"]]
    assert any(cause.startswith(f"stands for {choice['repeat_count']} ") for cause in choice["because"])
    assert f"{repeat['sample_id']} (by {repeat['duplicate_by']}, 100%)" in show(story)
    own = explain(quickstart, repeat["sample_id"])["sample"]["choice"]
    assert (own["sound"], own["distinct"], own["because"]) == (choice["sound"], choice["distinct"], [])


def test_a_sample_that_was_never_compared_has_no_choice(quickstart):
    wrong = pick(quickstart, pl.col("verdict") == "wrong")
    assert explain(quickstart, wrong["sample_id"])["sample"]["choice"] == {}


def test_beyond_keep_and_what_is_kept_in_its_place_name_the_rule(tmp_path, build_recipe):
    version = build_recipe("quickstart", tmp_path, "sources.0.problems=40", "select.keep=1", "select.choose=shortest")
    left = pick(version.version, pl.col("reason") == "beyond_keep")
    story = explain(version.version, left["sample_id"])
    assert story["sample"]["choice"]["because"][-1] == (
        f"{story['sample']['choice']['distinct']} distinct paths, and the shortest are kept"
        " (select.keep 1, select.choose shortest)"
    )
    kept = pick(version.version, pl.col("problem_id") == left["problem_id"], pl.col("fate") == "kept")
    because = explain(version.version, kept["sample_id"])["sample"]["choice"]["because"]
    assert any(cause.startswith("one of 1 that are kept of") for cause in because)


def test_rounds_add_up_to_the_samples_of_a_problem(quickstart):
    samples = quickstart.read_table("samples")
    solved_late = samples.filter(pl.col("round") > 0)["problem_id"][0]
    story = explain(quickstart, solved_late)
    own = samples.filter(pl.col("problem_id") == solved_late)

    assert len(story["rounds"]) > 1
    assert sum(each["samples"] for each in story["rounds"]) == own.height
    assert sum(each["kept"] for each in story["rounds"]) == own.filter(pl.col("fate") == "kept").height
    assert sum(each["new_paths"] for each in story["rounds"]) == own["cluster"].drop_nulls().n_unique()
    assert [each["round"] for each in story["rounds"]] == sorted(each["round"] for each in story["rounds"])


def test_every_row_of_every_fate_has_a_story_that_json_can_hold(quickstart, ledger):
    samples = quickstart.read_table("samples").unique(["fate", "reason", "hint"], maintain_order=True)
    for sample in samples["sample_id"]:
        story = explain(quickstart, sample, ledger)
        assert json.loads(json.dumps(story, allow_nan=False)) == story
        assert sample in show(story)


def test_the_command_shows_the_prompt(quickstart, run):
    sample = pick(quickstart)
    out = run("explain", quickstart.path, sample["sample_id"], "--store", quickstart.path.parents[2]).out
    assert f"request    {sample['request_digests'][0]} to simulated" in out
    elsewhere = run("explain", quickstart.path, sample["sample_id"], "--store", quickstart.path).out
    assert "has no such request" in elsewhere
