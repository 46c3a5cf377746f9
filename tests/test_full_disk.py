"""A disk that is full: a sentence with what to do, nothing half-written, and the same command goes on with room."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cotloom.builder.store import find_version, verify_version
from tests.conftest import PATIENCE_S, ROOT
from tests.passes.builds import answer, ask, run, write_recipe

LIMIT = """
import resource, signal, sys
limit = int(sys.argv.pop(1))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
from cotloom.cli import main
main()
"""
"""Runs a command that can't write a file of more bytes than its first argument: the system raises an error."""


@pytest.fixture
def run_within():
    """Run a command in a process of its own whose files can't grow beyond some bytes; none for no limit."""

    def ran(limit: int | None, *words: object, code: int = 0) -> dict:
        start = ["-c", LIMIT, str(limit)] if limit is not None else ["-m", "cotloom.cli"]
        done = subprocess.run(
            [sys.executable, "-P", *start, *map(str, words), "--json"],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout)

    return ran


@pytest.fixture
def recipe(tmp_path, write_recipe) -> Path:
    source = {"name": "made", "kind": "arithmetic", "problems": 40}
    return write_recipe(tmp_path, sources=[source], split={"test": 0.2})


def says_make_room(done: dict) -> None:
    assert done["error"]["kind"] == "Stopped", done
    assert "make room" in done["error"]["hint"], done


def list_visible(store: Path) -> list[str]:
    folder = store / "versions" / "tiny"
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.exists() else []


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_build_without_room_for_its_version_goes_on_with_room_and_asks_nothing_again(
    run_within, recipe, store, tmp_path, build_recipe, share
):
    usual = build_recipe(recipe, tmp_path / "usual").version
    words = ("build", recipe, "--store", store, "--workers", 1)
    run_within(None, *words, "--version", "0.1.0")  # the ledger and the stages are there, and the version has no room
    shutil.rmtree(store / "versions")
    kept = {path: path.read_bytes() for path in store.rglob("*.parquet")}
    largest = max(path.stat().st_size for path in usual.path.glob("*.parquet"))

    says_make_room(run_within(int(largest * share), *words, code=3))

    assert list_visible(store) == []
    assert {path: path.read_bytes() for path in kept} == kept
    built = run_within(None, *words)
    assert (built["calls"]["new"], built["content_digest"]) == (0, usual.manifest.content_digest)
    assert [path.name for path in (store / "versions" / "tiny").iterdir()] == ["1.0.0"]


@pytest.mark.parametrize("limit", [0, 5_000, 60_000])
def test_a_build_without_room_for_anything_keeps_what_it_has(run_within, recipe, store, tmp_path, build_recipe, limit):
    usual = build_recipe(recipe, tmp_path / "usual").version
    words = ("build", recipe, "--store", store, "--workers", 1)

    says_make_room(run_within(limit, *words, code=3))

    assert list_visible(store) == []
    assert run_within(None, *words)["content_digest"] == usual.manifest.content_digest


@pytest.fixture
def version(recipe, store, build_recipe):
    return build_recipe(recipe, store).version


COMMANDS = {
    "export": ("export", "tiny", "--to", "{to}"),
    "export, llama factory": ("export", "tiny", "--format", "llama-factory", "--to", "{to}"),
    "export, a dataset": ("export", "tiny", "--format", "datasets", "--to", "{to}"),
    "database": ("sql", "tiny", "--database", "{to}.duckdb"),
    "ledger": ("ledger", "export", "{to}.jsonl.gz"),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("limit", [0, 3_000])
def test_what_a_command_writes_without_room_is_not_there_by_half(run_within, version, store, tmp_path, name, limit):
    words = [word.format(to=tmp_path / "to") for word in COMMANDS[name]]

    says_make_room(run_within(limit, *words, "--store", store, code=3))

    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("to")] == []
    verify_version(find_version(store, version.ref))
    run_within(None, *words, "--store", store)


@contextmanager
def mount_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a disk of some size, where the system lets a test do so."""
    folder.mkdir(parents=True)
    mount = shutil.which("mount")
    words = [str(mount), "-t", "tmpfs", "-o", f"size={size}", "cotloom-test", str(folder)]
    if mount is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("this user can't mount a disk")
    try:
        yield folder
    finally:
        subprocess.run([str(shutil.which("umount")), str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 3 MB."""
    with mount_disk(tmp_path / "disk", "3m") as folder:
        yield folder


def test_on_a_small_disk_a_build_stops_and_goes_on_once_there_is_room(
    run_within, recipe, small_disk, tmp_path, build_recipe
):
    usual = build_recipe(recipe, tmp_path / "usual").version
    store = small_disk / "store"
    words = ("build", recipe, "--store", store, "--workers", 1)
    ballast = small_disk / "ballast"
    run_within(None, *words, "--version", "0.1.0")
    shutil.rmtree(store / "versions")
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 8192))

    says_make_room(run_within(None, *words, code=3))

    assert list_visible(store) == []
    ballast.unlink()
    built = run_within(None, *words)
    assert (built["calls"]["new"], built["content_digest"]) == (0, usual.manifest.content_digest)


STAGES = ("sources", "answers", "problems", "paths", "texts", "examples", "mixture", "runs")


@pytest.fixture
def recorded(tmp_path) -> Path:
    answers = [answer(number, wording) for number in range(40) for wording in range(3)]
    return write_recipe(tmp_path, {"a": [ask(number) for number in range(40)]}, answers)


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_without_room_ends_the_build_and_leaves_no_version(run_within, recorded, store, tmp_path, stage):
    usual = run(recorded, tmp_path / "usual").version
    words = ("build", recorded, "--store", store, "--workers", 1, "--allow-empty")

    with mount_disk(store / "stages" / stage, "4k"):
        says_make_room(run_within(None, *words, code=3))

    assert list_visible(store) == []
    assert not [path for path in store.rglob(".*") if path.is_file()]  # nothing half-written is left
    assert run_within(None, *words)["content_digest"] == usual.manifest.content_digest
