"""A build that came out empty says so, and freezes nothing unless it is told to."""

import pytest

from tests.passes.builds import answer, ask, write_recipe

RIGHT = [answer(number, wording) for number in range(12) for wording in range(2)]
WRONG = [answer(number, slip=1) for number in range(12)]
PROBLEMS = [ask(number) for number in range(12)]


@pytest.fixture
def built(run, store):
    """Build a recipe by the command."""

    def made(recipe, *words):
        return run("build", recipe, "--store", store, "--workers", 1, "--json", *words)

    return made


def list_versions(store):
    return sorted(path.name for path in (store / "versions").glob("small/*") if path.name[0] != ".")


def test_without_a_kept_row_no_version_is_frozen_and_the_reason_is_named(built, store, tmp_path):
    recipe = write_recipe(tmp_path, {"a": PROBLEMS}, WRONG, formats=["zero_shot_cot"])

    done = built(recipe)

    assert (done.code, done.json["error"]["kind"]) == (1, "EmptyVersion")
    assert "no row is kept: verify dropped 12 of 12 samples as wrong" in done.json["error"]["message"]
    assert "--allow-empty" in done.json["error"]["hint"]
    assert list_versions(store) == []


def test_an_empty_version_is_frozen_where_it_is_allowed(built, store, tmp_path):
    recipe = write_recipe(tmp_path, {"a": PROBLEMS}, WRONG, formats=["zero_shot_cot"])
    assert built(recipe).code == 1
    assert built(recipe, "--allow-empty").code == 0
    assert list_versions(store) == ["1.0.0"]


def test_a_source_without_a_kept_row_is_named(built, tmp_path):
    lonely = [ask(number) for number in range(50, 53)]
    recipe = write_recipe(tmp_path, {"a": PROBLEMS, "lonely": lonely}, RIGHT, formats=["zero_shot_cot"])
    done = built(recipe)
    assert done.code == 1
    assert "no row is kept of the source lonely: " in done.json["error"]["message"]


def test_a_format_without_a_kept_row_is_named(built, tmp_path):
    recipe = write_recipe(tmp_path, {"a": PROBLEMS}, RIGHT)
    done = built(recipe, "--set", "formats=[{name: zero_shot_cot}, {name: in_context_cot, shots: [50, 60]}]")
    assert done.code == 1
    assert "no row is kept of the format in_context_cot: " in done.json["error"]["message"]
    assert "no_demonstrations" in done.json["error"]["message"]


def test_an_empty_split_is_a_warning(built, tmp_path):
    recipe = write_recipe(tmp_path, {"a": PROBLEMS[:1]}, RIGHT, formats=["zero_shot_cot"])
    done = built(recipe)
    assert done.code == 0
    assert "is empty: no group of problems fell into it" in done.err
