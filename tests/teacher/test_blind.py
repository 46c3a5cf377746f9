"""The blind check of hinted rationales, from the server to the version."""

import json
import re

import polars as pl
import pytest

from cotloom.builder.errors import Stopped
from cotloom.builder.pipeline import build
from cotloom.builder.plan import plan_build
from cotloom.builder.recipe import load_recipe
from cotloom.schemas.runtime import Runtime
from tests.teacher.chat_server import completion, refusal, serving

PROBLEMS = [{"question": f"What is {n} + {n + 1}?", "answer": str(2 * n + 1)} for n in range(2, 8)]
HINTED = "right answer"


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe over six problems for a server; returns a function of its address and changes."""
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps(problem) + "\n" for problem in PROBLEMS))

    def write(url, *changes, **teacher):
        given = {
            "backend": "openai",
            "model": "m",
            "base_url": url,
            "paths": {"round": 2},
            "hint": {"mode": "fallback"},
        }
        source = {
            "name": "sums", "kind": "file", "path": "problems.jsonl",
            "fields": {"question": "question", "answer": "answer"},
        }  # fmt: skip
        whole = {
            "name": "live", "version": "1.0.0", "sources": [source], "teacher": {**given, **teacher},
            "verify": {"blind_check": "hinted"},
        }  # fmt: skip
        (tmp_path / "recipe.yaml").write_text(json.dumps(whole))
        return load_recipe(str(tmp_path / "recipe.yaml"), changes)

    return write


@pytest.fixture
def runtime(tmp_path):
    return Runtime(store=tmp_path / "store", retries=0, timeout_s=5.0, concurrency=4)


def read_sum(body):
    one, other = map(int, re.search(r"(\d+) \+ (\d+)\?", body["messages"][0]["content"]).groups())
    return one, other


def answer(body):
    """Solve nothing without a hint; with one, write an honest rationale, but parrot for 3 + 4 and 4 + 5.

    Without the hint, the answer follows from an equation and from nothing else.
    """
    one, other = read_sum(body)
    if len(body["messages"]) == 1:
        if HINTED not in body["messages"][0]["content"]:
            return completion(*["I can't tell."] * body["n"])
        shown = f"The two numbers are {one} and {other}" if one in {3, 4} else f"{one} + {other} = {one + other}"
        return completion(*[f"Version {n}. {shown}. The answer is {one + other}." for n in range(body["n"])])
    rationale = body["messages"][1]["content"]
    assert f"answer is {one + other}" not in rationale
    found = re.search(r"= (\d+)", rationale)
    return completion(found[1] if found else "0")


def test_a_rationale_from_which_the_answer_does_not_follow_is_dropped(recipe, runtime):
    with serving(answer) as server:
        built = build(recipe(server.url), runtime)

    samples = built.version.read_table("samples").filter(pl.col("hint") == "hinted")
    blind = [body for body in server.requests if len(body["messages"]) > 1]
    assert samples.filter(pl.col("reason") == "blind_check_failed").height == 4
    assert samples.filter(pl.col("fate") == "kept")["blind_predicted"].null_count() == 0
    assert (samples.height, len(blind)) == (12, 12)
    assert all(HINTED not in message["content"] for body in blind for message in body["messages"])
    assert set(samples["request_digests"].list.len()) == {2}


def test_blind_checks_are_in_the_ledger_and_never_paid_again(recipe, runtime):
    with serving(answer) as server:
        build(recipe(server.url, "teacher.endpoint=house"), runtime)
        asked = len(server.requests)
        again = build(recipe(server.url, "teacher.endpoint=house", "version=1.0.1", "select.keep=1"), runtime)

    assert (len(server.requests), again.calls.new) == (asked, 0)


def test_samples_with_the_same_rationale_are_paid_for_once(recipe, runtime):
    def same(body):
        if len(body["messages"]) > 1:
            assert body.get("n", 1) == 1
            return answer(body)
        one, other = read_sum(body)
        is_hinted = HINTED in body["messages"][0]["content"]
        text = f"{one} + {other} = {one + other}. The answer is {one + other}." if is_hinted else "I can't tell."
        return completion(*[text] * body["n"])

    with serving(same) as server:
        built = build(recipe(server.url), runtime)
    blind = [body for body in server.requests if len(body["messages"]) > 1]
    samples = built.version.read_table("samples").filter(pl.col("hint") == "hinted")
    assert (len(blind), samples["blind_text"].null_count()) == (6, 0)


def test_without_the_key_no_blind_call_is_made(recipe, runtime):
    with serving(answer) as server:
        built = build(recipe(server.url, "verify.blind_check=none"), runtime)

    assert all(len(body["messages"]) == 1 for body in server.requests)
    assert built.version.read_table("samples")["blind_text"].null_count() == 24


def test_a_blind_call_that_fails_leaves_no_version_and_is_asked_again(recipe, runtime):
    def fail(body):
        return refusal(500, "oops") if len(body["messages"]) > 1 and read_sum(body)[0] == 5 else answer(body)

    with serving(fail) as server, pytest.raises(Stopped, match="requests failed in every try"):
        build(recipe(server.url, "teacher.endpoint=house"), runtime)
    with serving(answer) as server:
        built = build(recipe(server.url, "teacher.endpoint=house"), runtime)
    assert {len(body["messages"]) for body in server.requests} == {3}
    assert built.version.read_table("samples")["reason"].to_list().count("request_failed") == 0


def test_plan_counts_the_blind_checks_among_the_most_calls(recipe, runtime):
    with serving(answer) as server:
        one = plan_build(recipe(server.url, "verify.blind_check=none"), runtime).teacher.most
        two = plan_build(recipe(server.url), runtime).teacher.most

    assert two == one + 2 * len(PROBLEMS)
