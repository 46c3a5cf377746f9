"""`cotloom diff`: for a person, as JSON, with an exit code; damage ends in words."""

import json
import shutil

import pytest

from cotloom.builder.diff import Bump
from cotloom.builder.diff.advice import raise_version
from cotloom.schemas.manifest import digest_manifest
from tests.passes.builds import answer, ask, write_recipe
from tests.passes.builds import run as build

ANSWERS = [answer(number, wording) for number in range(12) for wording in range(3)]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with two versions: the second keeps one path of each problem."""
    folder = tmp_path_factory.mktemp("diff")
    keys = {"select": {"signature": "none", "near_duplicate": None}}
    path = write_recipe(folder, {"a": [ask(number) for number in range(12)]}, ANSWERS, ("zero_shot_cot",), **keys)
    build(path, folder / "store")
    build(path, folder / "store", "version=1.1.0", "select.keep=1")
    build(path, folder / "store", "version=1.1.1", "select.keep=1", 'description="other words"')
    return folder / "store"


def test_a_person_reads_what_changed_and_why(store, run):
    ran = run("diff", "small@1.0.0", "small@1.1.0", "--store", store)
    said = " ".join(ran.out.split())
    assert ran.code == 0
    assert "small@1.0.0 -> small@1.1.0" in said
    assert "24 are dropped now kept -> beyond_keep select select.keep: 4 -> 1" in said
    assert "kept samples 36 12 -24" in said
    assert "12 problems have other kept paths" in said
    assert "Version 1.1.0 (minor" in said


def test_json_has_the_same(store, run):
    found = json.loads(run("diff", "small@1.0.0", "small@1.1.0", "--store", store, "--json").out)
    assert [change["key"] for change in found["changes"]] == ["select.keep"]
    dropped = [group for group in found["groups"] if group["difference"] == "dropped"]
    assert (dropped[0]["rows"], dropped[0]["causes"], len(dropped[0]["ids"])) == (24, ["select.keep: 4 -> 1"], 3)
    assert found["advice"]["changelog"].startswith("Changes since small@1.0.0:")


def test_the_exit_code_tells_whether_rows_differ(store, run):
    assert run("diff", "small@1.0.0", "small@1.1.0", "--store", store, "--exit-code").code == 1
    same = run("diff", "small@1.1.0", "small@1.1.1", "--store", store, "--exit-code")
    assert (same.code, "Every row is the same." in same.out) == (0, True)


def test_rows_that_differ_in_other_columns_only_are_not_called_the_same(store, run):
    changes = ["version=1.3.0", "select.keep=1", 'sources.0.license="MIT"']
    build(store.parent / "recipe.yaml", store, *changes)
    ran = run("diff", "small@1.1.1", "small@1.3.0", "--store", store, "--exit-code")
    assert (ran.code, "Every row is the same." in ran.out) == (1, False)
    assert "other columns differ" in ran.out
    assert "Version  1.1.2 (patch" in ran.out


def test_buckets_without_a_digest_are_compared(store, run, tmp_path):
    copies = [tmp_path / name for name in ("a", "b")]
    for copy, number in zip(copies, ("1.0.0", "1.1.0"), strict=True):
        shutil.copytree(store / "versions" / "small" / number, copy)
        values = json.loads((copy / "manifest.json").read_text())
        for file in values["files"].values():
            file["digest"] = None
        (copy / "manifest.json").write_text(json.dumps({**values, "manifest_digest": digest_manifest(values)}))
    ran = run("diff", *copies, "--store", store, "--exit-code")
    assert (ran.code, "beyond_keep" in ran.out) == (1, True)


def test_the_command_that_is_named_next_finds_its_row(store, run):
    ran = run("diff", "small@1.1.0", "small@1.0.0", "--store", store)
    words = next(line.split() for line in ran.out.splitlines() if "cotloom explain" in line)
    assert run(*words[1:], "--store", store).code == 0


def test_one_version_is_held_against_its_parent(store, run):
    assert "small@1.0.0 -> small@1.1.0" in run("diff", "small@1.1.0", "--store", store).out
    alone = run("diff", "small@1.0.0", "--store", store)
    assert (alone.code, "has no parent" in alone.err) == (2, True)


def test_a_build_ends_with_the_command_that_says_what_changed(store, run):
    recipe = store.parent / "recipe.yaml"
    ran = run("build", recipe, "--store", store, "--set", "select.keep=2", "--version", "1.2.0")
    assert ran.out.splitlines()[-1] == "cotloom diff small@1.1.1 small@1.2.0"


def test_limit_lists_rows_with_both_texts(store, run):
    shown = run("diff", "small@1.0.0", "small@1.1.0", "--store", store, "--limit", 2)
    found = json.loads(run("diff", "small@1.0.0", "small@1.1.0", "--store", store, "--limit", 2, "--json").out)
    for group in found["groups"]:
        assert len(group["listed"]) == min(2, group["rows"])
        for row in group["listed"]:
            assert row["id"] in shown.out
            assert row["before"] or row["after"]
    sample = next(group for group in found["groups"] if group["unit"] == "sample")["listed"][0]
    assert sample["before"]["text"] == sample["after"]["text"]
    assert sample["before"]["text"] in shown.out


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "future", "no manifest"])
def test_damage_ends_in_words(store, run, tmp_path, damage):
    copy = tmp_path / "copy"
    shutil.copytree(store / "versions" / "small" / "1.1.0", copy)
    table, manifest = copy / "samples.parquet", copy / "manifest.json"
    content = table.read_bytes()
    if damage == "truncated":
        table.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        table.write_bytes(content[:100] + bytes([content[100] ^ 255]) + content[101:])
    elif damage == "missing":
        table.unlink()
    elif damage == "future":
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "a_key_of_2030": 1}))
    else:
        manifest.unlink()
    ran = run("diff", "small@1.0.0", copy, "--store", store)
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert ran.err.startswith("cotloom: ")


@pytest.mark.parametrize(
    ("version", "bump", "raised"),
    [("1.4.2", Bump.PATCH, "1.4.3"), ("1.4.2", Bump.MINOR, "1.5.0"), ("1.4.2", Bump.MAJOR, "2.0.0"),
     ("1.4.2", Bump.NONE, "1.4.2"), ("dev", Bump.PATCH, "1.0.0"), ("1.0.0-rc.1", Bump.MINOR, "1.1.0")],
)  # fmt: skip
def test_the_next_number_rises_by_what_users_must_do_again(version, bump, raised):
    assert raise_version(version, bump) == raised
