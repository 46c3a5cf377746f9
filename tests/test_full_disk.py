"""A disk that is full: a sentence with what to do, nothing half-written, and the same command goes on with room."""

import json
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cotloom.builder.store import Version, find_version, verify_version
from tests.conftest import PATIENCE_S, ROOT
from tests.passes import builds


@contextmanager
def limit_files(size: int | None) -> Iterator[None]:
    """Let no file of this process grow beyond some bytes: the system raises an error. None for no limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN, "the signal would end the tests"
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft if size is None else size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def run_within(run):
    """Run a command whose files can't grow beyond some bytes; none for no limit."""

    def ran(limit: int | None, *words: object, code: int = 0) -> dict:
        with limit_files(limit):
            done = run(*words, "--json")
        assert done.code == code, done
        assert "Traceback" not in done.err
        return done.json

    return ran


@pytest.fixture
def run_apart(command):
    """Run a command in a process of its own."""

    def ran(*words: object, code: int = 0) -> dict:
        given = [*command, *map(str, words), "--json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(given, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout)

    return ran


@pytest.fixture(scope="module")
def recipe(tmp_path_factory, write_recipe) -> Path:
    source = {"name": "made", "kind": "arithmetic", "problems": 40}
    return write_recipe(tmp_path_factory.mktemp("recipe"), sources=[source], split={"test": 0.2})


@pytest.fixture(scope="module")
def usual(recipe, tmp_path_factory, build_recipe) -> Version:
    """What the recipe gives where there is room."""
    return build_recipe(recipe, tmp_path_factory.mktemp("usual") / "store").version


def says_make_room(done: dict) -> None:
    assert done["error"]["kind"] == "Stopped", done
    assert "make room" in done["error"]["hint"], done


def list_visible(store: Path) -> list[str]:
    folder = store / "versions" / "tiny"
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.exists() else []


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_build_without_room_for_its_version_goes_on_with_room_and_asks_nothing_again(
    run_within, recipe, usual, store, share
):
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
def test_a_build_without_room_for_anything_keeps_what_it_has(run_within, recipe, usual, store, limit):
    words = ("build", recipe, "--store", store, "--workers", 1)

    says_make_room(run_within(limit, *words, code=3))

    assert list_visible(store) == []
    assert run_within(None, *words)["content_digest"] == usual.manifest.content_digest


@pytest.fixture
def version(usual, store):
    """The usual version, in the test's store."""
    shutil.copytree(usual.path.parents[2], store)
    return find_version(store, usual.ref)


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


def test_on_a_small_disk_a_build_stops_and_goes_on_once_there_is_room(run_apart, recipe, usual, small_disk):
    store = small_disk / "store"
    words = ("build", recipe, "--store", store, "--workers", 1)
    ballast = small_disk / "ballast"
    run_apart(*words, "--version", "0.1.0")
    shutil.rmtree(store / "versions")
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 8192))

    says_make_room(run_apart(*words, code=3))

    assert list_visible(store) == []
    ballast.unlink()
    built = run_apart(*words)
    assert (built["calls"]["new"], built["content_digest"]) == (0, usual.manifest.content_digest)


STAGES = ("sources", "answers", "problems", "paths", "texts", "examples", "mixture", "runs")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    answers = [builds.answer(number, wording) for number in range(40) for wording in range(3)]
    asked = {"a": [builds.ask(number) for number in range(40)]}
    return builds.write_recipe(tmp_path_factory.mktemp("recorded"), asked, answers)


@pytest.fixture(scope="module")
def expected(recorded, tmp_path_factory) -> str:
    """The content digest of the recorded recipe where there is room."""
    return builds.run(recorded, tmp_path_factory.mktemp("expected") / "store").version.manifest.content_digest


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_without_room_ends_the_build_and_leaves_no_version(run_within, recorded, expected, store, stage):
    words = ("build", recorded, "--store", store, "--workers", 1, "--allow-empty")

    with mount_disk(store / "stages" / stage, "4k"):
        says_make_room(run_within(None, *words, code=3))

    assert list_visible(store) == []
    assert not [path for path in store.rglob(".*") if path.is_file()]  # nothing half-written is left
    assert run_within(None, *words)["content_digest"] == expected
