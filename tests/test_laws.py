"""The laws of the house that hold for a whole build."""

import json
import random
import socket
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cotloom.builder.store import Version
from cotloom.schemas.reasons import Reason
from cotloom.schemas.teacher import Slips

TABLES = {"problem": "problems", "sample": "samples", "example": "examples"}

slips = st.fixed_dictionaries({name: st.sampled_from([0.0, 0.1, 0.15]) for name in Slips.model_fields})
recipes = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 9),
        "split": st.fixed_dictionaries({"test": st.sampled_from([0.0, 0.3, 0.9])}),
        "teacher": st.fixed_dictionaries(
            {
                "backend": st.just("simulated"),
                "slips": slips,
                "hint": st.fixed_dictionaries({"mode": st.sampled_from(["none", "always", "fallback"])}),
                "paths": st.fixed_dictionaries({"round": st.integers(1, 4), "max": st.sampled_from([None, 3, 6])}),
                "sampling": st.fixed_dictionaries({"top_logprobs": st.sampled_from([0, 2])}),
            }
        ),
        "verify": st.fixed_dictionaries({"steps": st.sampled_from(["drop", "tag"])}),
        "select": st.fixed_dictionaries(
            {
                "keep": st.sampled_from([None, 1, 2]),
                "signature": st.sampled_from(["canonical", "unordered", "ordered", "none"]),
            }
        ),
        "formats": st.sampled_from(
            [
                [{"name": "zero_shot_cot"}],
                [{"name": "zero_shot_cot", "weight": 0.9}, {"name": "zero_shot_answer", "weight": 0.1}],
                [{"name": "zero_shot_cot"}, {"name": "zero_shot_answer", "weight": 2}],
            ]
        ),
        "mixture": st.sampled_from(
            [
                None,
                {"stages": [{"name": "a", "take": {"made": "1/2"}}]},
                {"stages": [{"name": "a", "take": {"made": "all"}}, {"name": "b", "take": {"made": "3/2"}}]},
                {"stages": [{"name": "a", "take": {"made": 0}}]},
            ]
        ),
        "limit": st.sampled_from([None, 5]),
    }
)


@pytest.fixture(scope="session")
def build_random(tmp_path_factory, write_recipe, build_recipe):
    """Build a random small recipe."""

    def built(keys: dict[str, Any], workers: int = 1) -> Version:
        folder = tmp_path_factory.mktemp("law")
        return build_recipe(write_recipe(folder, **keys), folder / "store", workers=workers).version

    return built


def assert_nothing_vanished(version: Version) -> None:
    """Law 1: per stage and unit, what comes in is what goes on and what is dropped, each for one reason."""
    for unit, name in TABLES.items():
        frame = version.read_table(name)
        rows = [row for row in version.manifest.funnel if row.unit == unit]
        coming = frame.height
        for stage in dict.fromkeys(row.stage for row in rows):
            of_stage = [row for row in rows if row.stage == stage]
            dropped = frame.filter(pl.col("stage") == stage)
            assert {row.rows_in for row in of_stage} == {coming}
            assert sum(row.dropped for row in of_stage) == dropped.height
            assert {row.reason for row in of_stage if row.reason} == {Reason(reason) for reason in dropped["reason"]}
            coming -= dropped.height
            assert {row.kept for row in of_stage} == {coming}
        assert coming == frame.filter(pl.col("fate") == "kept").height


def assert_one_fate_each(version: Version) -> None:
    for name in TABLES.values():
        for fate, stage, reason in version.read_table(name).select("fate", "stage", "reason").iter_rows():
            assert (stage is None, reason is None) == ((True, True) if fate == "kept" else (False, False))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(keys=recipes)
def test_law_1_nothing_vanishes_and_law_6_no_group_stands_on_both_sides(build_random, keys):
    version = build_random(keys)

    assert_nothing_vanished(version)
    assert_one_fate_each(version)
    problems = version.read_table("problems").filter(pl.col("fate") == "kept")
    assert set(problems.group_by("group").agg(pl.col("split").n_unique())["split"]) == {1}
    examples = version.read_table("examples").join(problems, on="problem_id", how="left", suffix="_asked")
    assert examples.filter(pl.col("split") != pl.col("split_asked")).is_empty()
    in_training = examples.filter(pl.col("mixture_stage").is_not_null())
    assert set(in_training["split"]) <= {"train"}


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(keys=recipes)
def test_law_5_the_same_recipe_gives_the_same_digest_in_another_store_with_more_workers(build_random, keys):
    more = {**keys, "sources": [{"name": "made", "kind": "arithmetic", "problems": 8}]}

    one, two = build_random(more, 1), build_random(more, 2)

    assert two.manifest == one.manifest


def test_law_5_enough_rows_for_several_partitions_give_the_same_digest(build_random):
    many = {"sources": [{"name": "made", "kind": "arithmetic", "problems": 160}], "split": {"test": 0.2}}

    digests = {workers: build_random(many, workers).manifest.content_digest for workers in (1, 2, 3)}

    assert digests == dict.fromkeys((1, 2, 3), digests[1])


def rows(count: int) -> list[dict[str, Any]]:
    """Problems in files, each with several answers, one of them wrong, and some twice."""
    made = []
    for n in range(count):
        a, b = n + 2, 3 * n + 1
        ways = [f"{a} + {b} = {a + b}\nA: {a + b}", f"{b} + {a} = {a + b}\nA: {a + b}", f"{a} + {b} = {a}\nA: {a}"]
        made.append({"q": f"Ann has {a} pens and finds {b}. How many?", "a": str(a + b), "c": ways, "x": n})
    return made


@pytest.fixture(scope="session")
def build_rows(tmp_path_factory, build_recipe):
    """Build a version from rows of a file that holds problems and answers."""

    def built(given: list[Any], **keys: Any) -> Version:
        folder = tmp_path_factory.mktemp("rows")
        (folder / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given))
        answers = {"path": "s.jsonl", "problem": "q", "completions": [{"column": "c", "teacher": "people"}]}
        recipe = {
            "name": "rows",
            "version": "1.0.0",
            "sources": [{"name": "s", "kind": "file", "path": "s.jsonl", "fields": {"question": "q", "answer": "a"}}],
            "teacher": {"backend": "recorded", "answers": answers},
            "verify": {"pattern": "A: (.+)"},
            **keys,
        }
        (folder / "r.yaml").write_text(json.dumps(recipe))
        return build_recipe(folder / "r.yaml", folder / "store").version

    return built


@pytest.mark.parametrize("seed", range(3))
def test_law_5_the_order_of_a_files_rows_changes_nothing_but_where_they_stood(build_rows, seed):
    given = rows(30)
    shuffled = random.Random(seed).sample(given, len(given))
    mixture = {"stages": [{"name": "a", "take": {"s": "1/2"}}]}

    one = build_rows(given, limit=20, split={"test": 0.3}, mixture=mixture)
    two = build_rows(shuffled, limit=20, split={"test": 0.3}, mixture=mixture)

    for name in ("samples", "examples"):
        assert_frame_equal(two.read_table(name), one.read_table(name))
    assert_frame_equal(two.read_table("problems").drop("origin"), one.read_table("problems").drop("origin"))
    assert two.manifest.funnel == one.manifest.funnel


def test_law_6_a_problem_keeps_its_side_when_a_source_grows(build_rows):
    small = build_rows(rows(20), split={"test": 0.3}).read_table("problems")
    large = build_rows(rows(40), split={"test": 0.3}).read_table("problems")

    before = dict(small.select("problem_id", "split").iter_rows())
    after = dict(large.select("problem_id", "split").iter_rows())
    assert {problem: after[problem] for problem in before} == before


def test_law_8_an_unknown_cost_or_count_stays_unknown(build_rows):
    version = build_rows(rows(3))

    samples = version.read_table("samples")
    assert samples["usage"].struct.field("completion_tokens").to_list() == [None] * 9
    assert samples["token_logprobs"].to_list() == [None] * 9
    assert version.read_beside("build.json")["costs"]["total"] == {"usd": 0.0, "unknown": 9}


def test_law_8_a_cost_that_is_known_to_be_nothing_is_zero(quickstart):
    build = quickstart.read_beside("build.json")
    assert (build["cost_usd"], build["costs"]["total"]) == (0.0, {"usd": 0.0, "unknown": 0})


def test_law_3_what_was_paid_for_is_in_the_ledger_and_costs_nothing_again(write_recipe, tmp_path, store, build_recipe):
    path = write_recipe(tmp_path)
    first = build_recipe(path, store)

    for change in ("select.keep=1", "verify.steps=tag", "formats=[{name: zero_shot_answer}]", "split.test=0.5"):
        again = build_recipe(path, store, change, "version=dev")
        assert (again.calls.new, again.calls.ledger) == (0, first.calls.new)


def test_law_4_a_manifest_says_only_what_recipe_inputs_and_ledger_determine(build_random):
    keys = {"split": {"test": 0.3}}

    one, two = build_random(keys), build_random(keys)

    assert (one.path / "manifest.json").read_bytes() == (two.path / "manifest.json").read_bytes()
    for name in one.manifest.files:
        assert (one.path / name).read_bytes() == (two.path / name).read_bytes()


def test_no_test_can_reach_beyond_this_machine():
    with socket.socket() as outside, pytest.raises(PermissionError, match="a test reaches out"):
        outside.connect(("192.0.2.1", 80))


def test_every_file_of_a_version_is_in_its_manifest(quickstart):
    there = {path.name for path in Path(quickstart.path).iterdir()}

    assert there == {*quickstart.manifest.files, "manifest.json", "build.json"}
