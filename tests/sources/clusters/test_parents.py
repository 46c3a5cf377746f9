"""Sides along a line of versions, as a build keeps them."""

import json

import polars as pl
import pytest

from cotloom.builder.errors import InputError
from tests.passes.builds import answer, ask, run, write_recipe

THINGS = "pens caps nuts keys cups eggs toys bags hats maps".split()


def tell(number: int) -> tuple[str, str]:
    """Make one of ten stories, each with many variations."""
    thing, a = THINGS[number % 10], number + 2
    body = f"There were {a} {thing} in the {thing[:-1]} box of Ann. She found 3 {thing}."
    asked = (f"How many {thing} are there?", f"How many {thing} has she now?")[number // 10 % 2]
    return f"{body} {asked}", str(a + 3)


def build(folder, problems, *changes, **keys):
    path = write_recipe(folder / f"{len(problems)}", {"a": problems}, [answer(1)], **{"split": {"test": 0.4}, **keys})
    return run(path, folder / "store", *changes).version


def read_sides(version) -> dict:
    return dict(version.read_table("problems").select("problem_id", "split").iter_rows())


def test_the_problems_of_a_parent_stay_and_new_ones_come_to_their_variations(tmp_path):
    first = build(tmp_path, [ask(1), *(tell(number) for number in range(10))])
    more = [ask(1), *(tell(number) for number in range(40))]

    other_share = {"test": 0.9}
    second = build(tmp_path, more, version="1.1.0", parent="1.0.0", split=other_share)
    alone = build(tmp_path / "alone", more, version="1.1.0", split=other_share)

    known, found = read_sides(first), read_sides(second)
    assert set(known.values()) == {"train", "test"}
    assert {problem: found[problem] for problem in known} == known
    assert {problem: read_sides(alone)[problem] for problem in known} != known
    rows = second.read_table("problems").drop_nulls("split")
    assert rows.group_by("cluster").agg(pl.col("split").n_unique())["split"].max() == 1
    assert [item.file for item in second.manifest.inputs if item.name == "parent"] == ["small@1.0.0"]
    assert second.manifest.fingerprint != alone.manifest.fingerprint
    assert second.manifest.split_report.kept_sides == len(known)


def test_a_parent_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"small@0.9.0 is not in the store") as caught:
        build(tmp_path, [ask(1), ask(2)], version="1.0.0", parent="0.9.0")
    assert "build or pull it" in caught.value.hint
    assert caught.value.keys == ("parent",)
    assert build(tmp_path, [ask(1)], parent="0.9.0", split={"test": 0.0}).manifest.parent == "0.9.0"


def test_a_parent_that_was_split_row_by_row_is_no_parent_of_a_split_by_groups(tmp_path):
    problems = [ask(1), *(tell(number) for number in range(29))]
    build(tmp_path, problems, split={"by": "row", "test": 0.4})

    with pytest.raises(InputError, match="was split row by row"):
        build(tmp_path, problems, version="1.1.0", parent="1.0.0")
    second = build(tmp_path, problems, version="1.1.0", parent="1.0.0", split={"by": "row", "test": 0.1})
    assert second.manifest.split_report.leaking_share > 0.5
    assert second.manifest.split_report.kept_sides == 30


def test_a_recipe_without_a_parent_is_told_how_sides_stay(tmp_path, capsys):
    build(tmp_path, [ask(1), ask(2)])
    assert "names no parent" not in capsys.readouterr().err

    build(tmp_path, [ask(1), ask(2), ask(3)], version="1.1.0")

    assert "with parent: 1.0.0" in capsys.readouterr().err.replace("\n", " ")


def test_split_by_row_says_what_it_costs_and_a_large_cluster_is_said(tmp_path, capsys):
    problems = [ask(1), *(tell(10 * number) for number in range(30))]
    version = build(tmp_path, problems, split={"by": "row", "test": 0.4})
    said = " ".join(capsys.readouterr().err.split())

    assert "%) have a variation in training" in said
    assert "of the problems: 30" in said
    assert json.loads((version.path / "manifest.json").read_text())["split_report"]["leaking_share"] > 0.8


def test_leaving_out_names_a_source_to_train_on(tmp_path):
    with pytest.raises(InputError, match=r"split\.leave_out names b") as caught:
        build(tmp_path, [ask(1)], split={"test": 0.1, "leave_out": ["b"]})
    assert caught.value.keys == ("split.leave_out",)
