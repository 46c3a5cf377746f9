"""What a build keeps may be damaged, removed, or made by two builds at once: the version is the same, or none."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cotloom.builder.passes import runs
from cotloom.builder.pipeline import BuildStatus
from cotloom.builder.store import collect_garbage, pieces
from cotloom.builder.store.results import garbage
from tests.passes.builds import answer, ask, run, write_recipe

STAGES = ("sources", "answers", "problems", "paths", "texts", "examples", "mixture")


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """A recipe of several buckets."""
    monkeypatch.setattr(pieces, "BUCKET_ROWS", 40)
    answers = [answer(number, wording) for number in range(30) for wording in range(3)]
    return write_recipe(tmp_path, {"a": [ask(number) for number in range(30)]}, answers)


def flip_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_kept_is_made_again_where_it_is_damaged(recipe, tmp_path, stage, capsys):
    cold = run(recipe, tmp_path / "store")
    for path in (tmp_path / "store" / "stages" / stage).glob("*/*.*"):
        if path.name != "result.json":
            flip_byte(path)

    again = run(recipe, tmp_path / "store", "version=1.0.1")

    assert again.version.manifest.content_digest == cold.version.manifest.content_digest
    assert "a kept result is damaged and is made again" in capsys.readouterr().err


def test_what_gc_removed_is_made_again_without_a_warning(recipe, tmp_path, monkeypatch, capsys):
    cold = run(recipe, tmp_path / "store")
    monkeypatch.setattr(garbage, "SPARED_S", -1.0)
    assert collect_garbage(tmp_path / "store", 0).results > 0

    again = run(recipe, tmp_path / "store", "version=1.0.1")

    assert again.version.manifest.content_digest == cold.version.manifest.content_digest
    assert "damaged" not in capsys.readouterr().err


def test_another_mixture_links_every_text(recipe, tmp_path):
    first = run(recipe, tmp_path / "store")
    stages = 'mixture={"stages": [{"name": "half", "take": {"a": "1/2"}}]}'
    second = run(recipe, tmp_path / "store", "version=1.0.1", stages)

    files = {path.name: path.stat().st_ino for path in first.version.path.glob("*.parquet")}
    linked = {name for name, number in files.items() if (second.version.path / name).stat().st_ino == number}
    assert {name for name in files if name not in linked} == {name for name in files if name.startswith("mixture")}


def test_two_builds_at_once_give_one_version(recipe, tmp_path, command):
    words = [
        *command,
        "build",
        str(recipe),
        "--store",
        str(tmp_path / "store"),
        "--workers",
        "1",
        "--allow-empty",
        "--json",
    ]
    processes = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    ended = [(process.communicate(), process.returncode) for process in processes]

    assert [code for _, code in ended] == [0, 0, 0], ended
    told = [json.loads(out) for (out, _), _ in ended]
    assert len({each["content_digest"] for each in told}) == 1
    assert {each["status"] for each in told} <= {"built", "unchanged"}


def test_a_store_without_its_results_has_its_versions(recipe, tmp_path):
    built = run(recipe, tmp_path / "store")
    rows = built.version.read_table("examples")
    shutil.rmtree(tmp_path / "store" / "stages")

    assert built.version.read_table("examples").equals(rows)
    assert run(recipe, tmp_path / "store").status is BuildStatus.UNCHANGED


def test_a_stage_that_another_build_finished_just_now_is_taken_over(recipe, tmp_path, monkeypatch):
    cold = run(recipe, tmp_path / "store")
    real, looked = runs.find_result, set()

    def find_late(stage, key):
        """Find nothing at the first look: the other build has not ended yet."""
        late = key not in looked
        looked.add(key)
        return None if late else real(stage, key)

    monkeypatch.setattr(runs, "find_result", find_late)
    again = run(recipe, tmp_path / "store", "version=1.0.1")

    assert again.version.manifest.content_digest == cold.version.manifest.content_digest


def test_gc_spares_what_a_build_has_just_used(recipe, tmp_path):
    run(recipe, tmp_path / "store")
    for path in (tmp_path / "store" / "stages").rglob("result.json"):
        os.utime(path, (0, 0))

    stages = 'mixture={"stages": [{"name": "half", "take": {"a": "1/2"}}]}'
    run(recipe, tmp_path / "store", "version=1.0.1", stages)

    collect_garbage(tmp_path / "store", 0)
    left = {path.parent.parent.name for path in (tmp_path / "store" / "stages").rglob("result.json")}
    assert {"answers", "paths", "texts", "examples", "mixture"} <= left
