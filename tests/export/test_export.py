import json
import re
import resource
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.export import EXPORTS, export
from cotloom.builder.store import Version
from tests.forged import rewrite

ROOT = Path(__file__).resolve().parents[2]


def rows(path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def recorded(tmp_path, build_recipe) -> Version:
    """A version whose answers somebody wrote."""
    questions = [{"q": f"What is {n} + 1?", "a": n + 1, "c": f"{n} + 1 = {n + 1}\nA: {n + 1}"} for n in range(4)]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, questions)))
    completions = [{"column": "c", "teacher": "people"}]
    recipe = {
        "name": "recorded",
        "version": "1.0.0",
        "sources": [{"name": "s", "kind": "file", "path": "s.jsonl", "fields": {"question": "q", "answer": "a"}}],
        "teacher": {
            "backend": "recorded",
            "answers": {"path": "s.jsonl", "problem": "q", "completions": completions},
        },
        "verify": {"pattern": "A: (.+)"},
    }
    (tmp_path / "r.yaml").write_text(json.dumps(recipe))
    return build_recipe(tmp_path / "r.yaml", tmp_path / "store").version


@pytest.fixture
def small_files():
    """Let no file of this process grow beyond some bytes: to a writer it is what a full disk is."""

    @contextmanager
    def limited(size: int):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


def test_trl_rows_are_chats_parted_into_prompt_and_completion(quickstart, tmp_path):
    counts = export(quickstart, "trl", tmp_path / "out").rows

    for name in counts:
        for row in rows(tmp_path / "out" / name):
            assert [message["role"] for message in row["prompt"]] == ["user"]
            assert [message["role"] for message in row["completion"]] == ["assistant"]
            assert all(set(message) == {"role", "content"} for message in row["prompt"] + row["completion"])
            assert row["completion"][0]["content"].rpartition("The answer is ")[1]


def test_every_kept_example_is_written_once_with_the_held_out_apart(quickstart, tmp_path):
    counts = export(quickstart, "trl", tmp_path / "out").rows

    kept = quickstart.read_table("examples").filter(pl.col("fate") == "kept")
    for name, side in (("train.jsonl", "train"), ("test.jsonl", "test")):
        expected = kept.filter(pl.col("split") == side)["example_id"].sort().to_list()
        written = [row["example_id"] for row in rows(tmp_path / "out" / name)]
        assert written == expected
        assert counts[name] == len(expected) > 0


def test_simulated_rows_say_so_in_every_row_and_in_the_marker(quickstart, tmp_path):
    export(quickstart, "trl", tmp_path / "out")

    assert {row["simulated"] for name in ("train", "test") for row in rows(tmp_path / f"out/{name}.jsonl")} == {True}
    marker = json.loads((tmp_path / "out/cotloom.json").read_text())
    assert (marker["version"], marker["simulated"]) == ("quickstart@1.0.0", True)
    assert "No model wrote them" in marker["notice"]
    assert marker["content_digest"] == quickstart.manifest.content_digest


def test_rows_that_were_not_simulated_say_nothing_of_it(recorded, tmp_path):
    counts = export(recorded, "trl", tmp_path / "out").rows

    assert counts == {"train.jsonl": 4}
    assert {frozenset(row) for row in rows(tmp_path / "out/train.jsonl")} == {
        frozenset({"prompt", "completion", "example_id"})
    }
    marker = json.loads((tmp_path / "out/cotloom.json").read_text())
    assert (marker["teachers"], marker["simulated"], marker.get("notice")) == (["people"], False, None)


def test_each_stage_of_a_mixture_has_its_file_in_the_order_of_the_recipe(write_recipe, tmp_path, store, build_recipe):
    stages = [{"name": "wide", "take": {"made": "all"}}, {"name": "narrow", "take": {"made": 3}}]
    version = build_recipe(write_recipe(tmp_path, mixture={"stages": stages}), store).version

    counts = export(version, "trl", tmp_path / "out").rows

    assert list(counts) == ["train-1-wide.jsonl", "train-2-narrow.jsonl"]
    assert counts["train-2-narrow.jsonl"] == len(rows(tmp_path / "out/train-2-narrow.jsonl")) == 3


def test_ten_stages_still_lie_in_order(write_recipe, tmp_path, store, build_recipe):
    stages = [{"name": f"s{11 - place}", "take": {"made": 1}} for place in range(11)]
    version = build_recipe(write_recipe(tmp_path, mixture={"stages": stages}), store).version

    counts = export(version, "trl", tmp_path / "out").rows

    assert list(counts) == sorted(counts)
    assert [name.split("-")[2] for name in counts] == [f"{stage['name']}.jsonl" for stage in stages]


def test_a_stage_that_took_nothing_is_told(write_recipe, tmp_path, store, build_recipe):
    stages = [{"name": "none", "take": {"made": 0}}, {"name": "some", "take": {"made": "all"}}]
    version = build_recipe(write_recipe(tmp_path, mixture={"stages": stages}), store).version

    done = export(version, "trl", tmp_path / "out")

    assert list(done.rows) == ["train-2-some.jsonl"]
    assert "the stage none has no rows, so it has no file" in done.notes


def test_a_folder_with_other_files_is_refused_and_left_alone(quickstart, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(InputError, match="is not empty and has no export"):
        export(quickstart, "trl", tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_place_of_the_folder_is_refused(quickstart, tmp_path):
    (tmp_path / "out").write_text("mine")

    with pytest.raises(InputError, match="is a file"):
        export(quickstart, "trl", tmp_path / "out")


def test_an_empty_folder_is_taken(quickstart, tmp_path):
    (tmp_path / "out").mkdir()

    assert export(quickstart, "trl", tmp_path / "out").rows["train.jsonl"] > 0


def test_exporting_again_replaces_the_earlier_export(quickstart, recorded, tmp_path):
    export(quickstart, "trl", tmp_path / "out")

    export(recorded, "trl", tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cotloom.json", "train.jsonl"]
    assert json.loads((tmp_path / "out/cotloom.json").read_text())["version"] == "recorded@1.0.0"


def test_an_export_in_which_something_else_was_put_since_is_left_alone(quickstart, tmp_path):
    export(quickstart, "trl", tmp_path / "out")
    (tmp_path / "out/student").mkdir()

    with pytest.raises(InputError, match="has other files besides an export: student"):
        export(quickstart, "trl", tmp_path / "out")

    assert (tmp_path / "out/student").is_dir()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": 3}'])
def test_a_marker_that_is_none_is_refused(text, quickstart, tmp_path):
    (tmp_path / "cotloom.json").write_text(text)

    with pytest.raises(InputError, match="was not written by an export"):
        export(quickstart, "trl", tmp_path)


@pytest.mark.parametrize("form", EXPORTS)
def test_exports_of_the_same_version_are_the_same_bytes(form, quickstart, tmp_path):
    for name in ("a", "b"):
        export(quickstart, form, tmp_path / name)

    for path in filter(Path.is_file, (tmp_path / "a").rglob("*")):
        assert (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("form", EXPORTS)
def test_every_export_says_of_which_version_it_is_and_what_it_holds(form, quickstart, tmp_path):
    done = export(quickstart, form, tmp_path / "out")

    marker = json.loads((tmp_path / "out/cotloom.json").read_text())
    manifest = quickstart.manifest
    assert (marker["version"], marker["format"], marker["rows"]) == ("quickstart@1.0.0", form, done.rows)
    assert (marker["content_digest"], marker["simulated"]) == (manifest.content_digest, True)
    assert {*marker["files"], "cotloom.json"} == {path.name for path in (tmp_path / "out").iterdir()}
    assert any("simulated" in note for note in done.notes)
    assert form in {"trl-steps", "trl-dpo", "trl-grpo"} or sum(done.rows.values()) == manifest.counts["examples_kept"]


@pytest.mark.parametrize(("said", "meant"), [("trrl", "trl"), ("llamafactory", "llama-factory"), ("json", "jsonl")])
def test_an_unknown_format_is_told_with_the_nearest_and_all_there_are(said, meant, quickstart, tmp_path):
    with pytest.raises(InputError, match=f"no export format {said}") as caught:
        export(quickstart, said, tmp_path / "out")

    assert caught.value.hint == f"did you mean {meant}? the formats are: {', '.join(EXPORTS)}"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("page", [["export", "--help"], Path("docs/exports.md")], ids=str)
def test_every_format_is_told_in_the_help_and_in_the_docs(page, run):
    text = (ROOT / page).read_text() if isinstance(page, Path) else run(*page).out

    whole = re.sub(r"-\s+", "-", text)  # a long name may be broken at the end of a line
    assert set(EXPORTS) <= set(re.findall(r"[a-z]+(?:-[a-z]+)*", whole))


def test_a_version_without_examples_has_no_export(recorded, tmp_path):
    kept = recorded.read_table("examples").with_columns(fate=pl.lit("dropped"))
    changed = rewrite(recorded, examples=kept)

    with pytest.raises(InputError, match="has no examples to export"):
        export(changed, "trl", tmp_path / "out")


def test_a_stage_that_the_recipe_does_not_name_is_refused(recorded, tmp_path):
    moved = recorded.read_table("examples").with_columns(mixture_stage=pl.lit("other"))
    changed = rewrite(recorded, examples=moved)

    with pytest.raises(InputError, match="of a stage that is not in its recipe"):
        export(changed, "trl", tmp_path / "out")


@pytest.mark.parametrize("roles", [["assistant"], ["user", "user", "assistant"], ["user", "assistant", "user"], []])
def test_chats_whose_sides_do_not_take_turns_are_refused(roles, recorded, tmp_path):
    messages = [[{"role": role, "content": "x"} for role in roles]] * 4
    examples = recorded.read_table("examples")
    odd = examples.with_columns(pl.Series("messages", messages, dtype=examples.schema["messages"]))
    changed = rewrite(recorded, examples=odd)

    with pytest.raises(InputError, match="4 examples in which user and assistant do not alternate"):
        export(changed, "trl", tmp_path / "out")


def test_a_place_that_can_not_be_written_stops_the_export(quickstart, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(Stopped, match="the export can't be written"):
        export(quickstart, "trl", tmp_path / "file" / "out")


@pytest.mark.parametrize("form", EXPORTS)
def test_a_full_disk_stops_the_export_and_leaves_the_earlier_one(form, quickstart, tmp_path, small_files):
    export(quickstart, "trl", tmp_path / "out")
    before = (tmp_path / "out/train.jsonl").read_bytes()

    with small_files(4_000), pytest.raises(Stopped, match="the export can't be written"):
        export(quickstart, form, tmp_path / "out")

    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out/train.jsonl").read_bytes() == before


def test_where_the_new_export_can_not_be_put_the_earlier_one_is_put_back(quickstart, tmp_path, monkeypatch):
    export(quickstart, "trl", tmp_path / "out")
    rename = Path.rename

    def refusing(path, target):
        if path.name.startswith(".") and ".old." not in path.name:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(Stopped, match="No space left"):
        export(quickstart, "jsonl", tmp_path / "out")

    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert json.loads((tmp_path / "out/cotloom.json").read_text())["format"] == "trl"
    with pytest.raises(Stopped, match="No space left"):
        export(quickstart, "jsonl", tmp_path / "new")


def test_the_folder_may_be_the_one_where_one_stands(quickstart, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    export(quickstart, "trl", Path())

    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["cotloom.json", "test.jsonl", "train.jsonl"]


def test_the_command_tells_files_rows_and_notes(quickstart, tmp_path, run):
    ran = run("export", quickstart.path, "--to", tmp_path / "out", "--format", "openai")

    assert ran.code == 0
    assert "train.jsonl (" in ran.out
    assert "Note: its rationales are simulated; only cotloom.json says so" in ran.out
    assert run("export", quickstart.path, "--to", tmp_path / "b", "--format", "openai", "--json").json["notes"]
