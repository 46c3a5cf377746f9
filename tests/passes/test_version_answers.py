"""Samples of another version as recorded answers: taken by verdict, checked by this recipe's own rules."""

import polars as pl
import pytest

from cotloom.builder.audit import run_checks
from cotloom.builder.errors import InputError
from cotloom.builder.store.withdrawal import mark_withdrawn
from tests.passes.builds import answer, ask, write_recipe
from tests.passes.builds import run as build_recipe_file

PROBLEMS = [ask(number) for number in range(12)]
RIGHT = [answer(number, wording) for number in range(12) for wording in range(3)]
WRONG = [answer(number, slip=1) for number in range(12)]
UNSAID = [(ask(number)[0], "I will not say how many there are.", False) for number in range(12)]


@pytest.fixture
def old(tmp_path):
    """A version of recorded answers."""
    return build_recipe_file(
        write_recipe(tmp_path / "old", {"a": PROBLEMS}, [*RIGHT, *WRONG, *UNSAID]), tmp_path / "store"
    ).version


@pytest.fixture
def build(old, tmp_path):  # noqa: ARG001 - the version that is read
    """Build a recipe that takes samples of it."""

    def built(take, version="2.0.0", ref="small@1.0.0", **keys):
        teacher = {"backend": "recorded", "answers": {"kind": "version", "version": ref, "take": take}}
        folder = tmp_path / "new"
        recipe = write_recipe(folder, {"a": PROBLEMS}, [], teacher=teacher, version=version, **keys)
        return build_recipe_file(recipe, tmp_path / "store").version

    return built


@pytest.mark.parametrize(
    ("take", "verdicts"),
    [
        ("all", {"correct": 36, "wrong": 12, "no_answer": 12}),
        ("kept", {"correct": 12}),
        (["wrong", "no_answer"], {"wrong": 12, "no_answer": 12}),
    ],
)
def test_the_samples_that_are_taken_are_judged_again(old, build, take, verdicts):
    version = build(take)

    samples = version.read_table("samples")
    counted = dict(samples.group_by("verdict").len().iter_rows())
    if take == "kept":
        assert set(counted) == {"correct"}
        assert samples.height == old.read_table("samples").filter(fate="kept").height
    else:
        assert counted == verdicts
    labels = samples["labels"].str.json_decode(pl.Struct({"sample_id": pl.String, "verdict": pl.String}))
    assert labels.struct.field("verdict").to_list() == samples["verdict"].to_list()
    assert set(labels.struct.field("sample_id")) <= set(old.read_table("samples")["sample_id"])
    assert version.manifest.inputs[1].file == "small@1.0.0"
    assert version.manifest.inputs[1].sha256 == old.manifest.content_digest
    assert run_checks(version).findings == ()


def test_this_recipes_own_checks_decide(build):
    version = build(["no_answer"], verify={"answer": "unchecked"}, formats=["zero_shot_cot"])
    assert set(version.read_table("samples").filter(fate="kept")["verdict"]) == {"unchecked"}


def test_the_same_recipe_changes_nothing_and_another_version_is_a_conflict(build, tmp_path):
    first = build("all")
    assert build("all").manifest == first.manifest
    build_recipe_file(write_recipe(tmp_path / "third", {"a": PROBLEMS}, RIGHT, version="3.0.0"), tmp_path / "store")
    with pytest.raises(InputError, match="exists and was built from something else"):
        build("all", ref="small@3.0.0")


def test_simulated_samples_stay_simulated_and_truncated_ones_truncated(tmp_path, write_recipe_file, build_recipe):
    store = tmp_path / "store"
    made = build_recipe(write_recipe_file("1.0.0", {"backend": "simulated"}), store).version
    teacher = {"backend": "recorded", "answers": {"kind": "version", "version": "tiny@1.0.0"}}

    taken = build_recipe(write_recipe_file("1.1.0", teacher), store).version

    assert taken.manifest.simulated
    assert set(taken.read_table("samples")["simulated"]) == {True}
    assert set(taken.read_table("examples")["simulated"]) == {True}
    columns = ["verdict", "fate"]
    assert sorted(taken.read_table("samples").select(columns).rows()) == sorted(
        made.read_table("samples").select(columns).rows()
    )
    assert run_checks(taken).findings == ()


@pytest.fixture
def write_recipe_file(tmp_path, write_recipe):
    """Write the tiny recipe with a version and a teacher."""

    def written(version, teacher):
        folder = tmp_path / version
        folder.mkdir()
        return write_recipe(folder, version=version, teacher=teacher)

    return written


def test_what_can_not_be_taken_is_the_users_mistake(build, old):
    with pytest.raises(InputError, match="has no samples to take"):
        build(["truncated"])
    with pytest.raises(InputError, match="is the version that this recipe builds"):
        build("all", version="1.0.0")
    with pytest.raises(InputError, match="no dataset nothing in the store"):
        build("all", ref="nothing@1.0.0")
    mark_withdrawn(old, "p_1")
    with pytest.raises(InputError, match="is withdrawn"):
        build("all")


def test_the_plan_counts_the_samples_of_the_version(old, tmp_path, run):
    teacher = {"backend": "recorded", "answers": {"kind": "version", "version": "small", "take": "kept"}}
    recipe = write_recipe(tmp_path / "new", {"a": PROBLEMS}, [], teacher=teacher, version="2.0.0")

    planned = run("plan", recipe, "--store", tmp_path / "store", "--json")

    assert (planned.code, planned.json["teacher"]["ledger"]) == (0, old.manifest.counts["samples_kept"])
    refused = run("plan", recipe, "--store", tmp_path / "store", "--set", 'teacher.answers.version="../x"', "--json")
    assert refused.code == 2
