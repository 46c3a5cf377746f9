import json

import polars as pl
import pytest

from builder.errors import InputError, Stopped
from builder.publish import export
from builder.store import Version


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


def test_trl_rows_are_chats_parted_into_prompt_and_completion(quickstart, tmp_path):
    counts = export(quickstart, "trl", tmp_path / "out")

    for name in counts:
        for row in rows(tmp_path / "out" / name):
            assert [message["role"] for message in row["prompt"]] == ["user"]
            assert [message["role"] for message in row["completion"]] == ["assistant"]
            assert all(set(message) == {"role", "content"} for message in row["prompt"] + row["completion"])
            assert row["completion"][0]["content"].rpartition("The answer is ")[1]


def test_every_kept_example_is_written_once_with_the_held_out_apart(quickstart, tmp_path):
    counts = export(quickstart, "trl", tmp_path / "out")

    kept = quickstart.table("examples").filter(pl.col("fate") == "kept")
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
    counts = export(recorded, "trl", tmp_path / "out")

    assert counts == {"train.jsonl": 4}
    assert {frozenset(row) for row in rows(tmp_path / "out/train.jsonl")} == {
        frozenset({"prompt", "completion", "example_id"})
    }
    marker = json.loads((tmp_path / "out/cotloom.json").read_text())
    assert (marker["teachers"], marker["simulated"], marker.get("notice")) == (["people"], False, None)


def test_each_stage_of_a_mixture_has_its_file(write_recipe, tmp_path, store, build_recipe):
    stages = [{"name": "first", "take": {"made": "all"}}, {"name": "second", "take": {"made": 3}}]
    version = build_recipe(write_recipe(tmp_path, mixture={"stages": stages}), store).version

    counts = export(version, "trl", tmp_path / "out")

    assert set(counts) == {"train-first.jsonl", "train-second.jsonl"}
    assert counts["train-second.jsonl"] == len(rows(tmp_path / "out/train-second.jsonl")) == 3


def test_a_folder_with_other_files_is_refused_and_left_alone(quickstart, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(InputError, match="is not empty and holds no export"):
        export(quickstart, "trl", tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_place_of_the_folder_is_refused(quickstart, tmp_path):
    (tmp_path / "out").write_text("mine")

    with pytest.raises(InputError, match="is a file"):
        export(quickstart, "trl", tmp_path / "out")


def test_an_empty_folder_is_taken(quickstart, tmp_path):
    (tmp_path / "out").mkdir()

    assert export(quickstart, "trl", tmp_path / "out")["train.jsonl"] > 0


def test_exporting_again_replaces_the_earlier_export(quickstart, recorded, tmp_path):
    export(quickstart, "trl", tmp_path / "out")

    export(recorded, "trl", tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cotloom.json", "train.jsonl"]
    assert json.loads((tmp_path / "out/cotloom.json").read_text())["version"] == "recorded@1.0.0"


def test_exports_of_the_same_version_are_the_same_bytes(quickstart, tmp_path):
    for name in ("a", "b"):
        export(quickstart, "trl", tmp_path / name)

    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes()


def test_an_unknown_format_is_told_with_those_there_are(quickstart, tmp_path):
    with pytest.raises(InputError, match="no export format trrl") as caught:
        export(quickstart, "trrl", tmp_path / "out")

    assert "trl" in caught.value.hint
    assert not (tmp_path / "out").exists()


def test_a_place_that_can_not_be_written_stops_the_export(quickstart, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(Stopped, match="the export can't be written"):
        export(quickstart, "trl", tmp_path / "file" / "out")
