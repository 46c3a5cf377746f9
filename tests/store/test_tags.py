"""Tags name versions; a version is removed whole, after a word was typed, and the ledger stays."""

import io
import json
import sys

import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.store import find_version, list_tags, remove_tag, tag_version
from tests.passes.builds import answer, ask, write_recipe
from tests.passes.builds import run as build

ANSWERS = [answer(number) for number in range(6)]


@pytest.fixture
def store(tmp_path):
    """A store with two versions and a dev one; the second names the first as its parent."""
    path = write_recipe(tmp_path, {"a": [ask(number) for number in range(6)]}, ANSWERS, ("zero_shot_cot",))
    for changes in (["version=1.0.0"], ["version=1.1.0", "parent=1.0.0", "select.keep=1"], ["version=dev"]):
        build(path, tmp_path / "store", *changes)
    return tmp_path / "store"


def test_a_tag_names_a_version_wherever_a_ref_does(store, run):
    assert run("tag", "small@1.0.0", "best", "--store", store).out == "small@1.0.0: best\n"
    assert find_version(store, "small@best").ref == "small@1.0.0"
    for command in ("show", "audit"):
        assert run(command, "small@best", "--store", store).code == 0
    assert "small@1.0.0 (best)" in run("list", "--store", store).out
    listed = json.loads(run("list", "--store", store, "--json").out)["versions"]
    assert {item["version"]: item["tags"] for item in listed} == {"1.0.0": ["best"], "1.1.0": [], "dev": []}


def test_a_tag_moves_and_can_be_taken_away(store, run):
    tag_version(find_version(store, "small@1.0.0"), "best")
    tag_version(find_version(store, "small@1.0.0"), "paper")
    moved = json.loads(run("tag", "small@1.1.0", "best", "--store", store, "--json").out)
    assert moved == {"version": "small@1.1.0", "tags": ["best"], "moved_from": "1.0.0"}
    assert list_tags(find_version(store, "small@1.0.0")) == ("paper",)
    remove_tag(find_version(store, "small@best"), "best")
    with pytest.raises(InputError, match="no tag best of small") as caught:
        find_version(store, "small@best")
    assert "paper" in caught.value.hint


def test_of_two_versions_with_a_tag_the_last_one_counts(store):
    first, second = (find_version(store, f"small@{number}") for number in ("1.0.0", "1.1.0"))
    tag_version(second, "best")
    kept = (second.path / "tags.json").read_bytes()
    tag_version(first, "best")
    (second.path / "tags.json").write_bytes(kept)  # as if the process had been killed before it took the tag away
    assert find_version(store, "small@best").ref == first.ref


@pytest.mark.parametrize(
    ("ref", "tag", "message"),
    [
        ("small@1.0.0", "2.0.0", "is no tag"),
        ("small@1.0.0", "Best!", "is no tag"),
        ("small@dev", "best", "overwritten"),
    ],
)
def test_what_can_be_no_tag_is_refused(store, run, ref, tag, message):
    ran = run("tag", ref, tag, "--store", store)
    assert (ran.code, message in ran.err) == (2, True)


def test_damaged_tags_are_told(store, run):
    version = find_version(store, "small@1.0.0")
    tag_version(version, "best")
    path = version.path / "tags.json"
    path.write_text(path.read_text().replace("best", "worst"))
    ran = run("show", "small@worst", "--store", store)
    assert (ran.code, "tags.json" in ran.err) == (2, True)
    assert "small@1.0.0 (tags can't be read)" in run("list", "--store", store).out
    assert None in [item["tags"] for item in json.loads(run("list", "--store", store, "--json").out)["versions"]]


def test_a_removed_version_is_gone_and_can_be_built_again(store, run):
    version = find_version(store, "small@1.0.0")
    tag_version(version, "best")
    ran = run("rm", "small@1.0.0", "--yes", "--store", store)
    assert ran.code == 0
    assert "its tags go with it: best" in ran.out
    assert "these name it as their parent: small@1.1.0" in ran.out
    assert not version.path.exists()
    assert [path.name for path in version.path.parent.iterdir() if not path.name.startswith(".")] == ["1.1.0", "dev"]
    again = build(store.parent / "recipe.yaml", store).version
    assert again.manifest.content_digest == version.manifest.content_digest


@pytest.mark.parametrize(("typed", "is_left"), [("small@1.0.0\n", False), ("yes\n", True), ("", True)])
def test_a_version_goes_when_its_name_is_typed(store, run, monkeypatch, typed, is_left):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    ran = run("rm", "small@1.0.0", "--store", store)
    assert ran.code == 0
    assert (store / "versions" / "small" / "1.0.0").exists() is is_left
    assert ("Nothing was removed." in ran.out) is is_left


def test_without_a_terminal_nothing_is_removed_unasked(store, run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("small@1.0.0\n"))
    ran = run("rm", "small@1.0.0", "--store", store)
    assert (ran.code, "--yes" in ran.err) == (2, True)
    assert (store / "versions" / "small" / "1.0.0").exists()
