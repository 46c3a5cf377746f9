"""Killed at any moment, a build goes on where it was, and no half of a version is ever seen."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

KILLS = 6
SLEEP = 0.01


@pytest.fixture(scope="module")
def recipe(tmp_path_factory, write_recipe) -> Path:
    """A recipe that takes a second or two."""
    return write_recipe(
        tmp_path_factory.mktemp("kill"),
        name="killed",
        sources=[{"name": "made", "kind": "arithmetic", "problems": 12}],
        teacher={"backend": "simulated", "sampling": {"top_logprobs": 3}, "paths": {"round": 2, "max": 6}},
        split={"test": 0.2},
    )


@pytest.fixture
def start(command, recipe):
    """Start a build in a process group of its own."""

    def started(store: Path, *words: str) -> subprocess.Popen[str]:
        given = [*command, "build", str(recipe), "--store", str(store), "--workers", "2", "--json", *words]
        return subprocess.Popen(
            given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    return started


def wait_for_store(process: subprocess.Popen[str], store: Path) -> None:
    """Wait until a build writes: to start takes longer than all the rest."""
    while process.poll() is None and not store.exists():
        time.sleep(SLEEP)


def finished(process: subprocess.Popen[str]) -> dict:
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    return json.loads(out)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, recipe, build_recipe) -> tuple[str, float]:
    """The content digest of a build that nobody disturbs, and about how long it takes once it has started."""
    begin = time.monotonic()
    version = build_recipe(recipe, tmp_path_factory.mktemp("undisturbed") / "store").version
    return version.manifest.content_digest, time.monotonic() - begin


def folders(store: Path) -> list[str]:
    there = store / "versions" / "killed"
    names = (path.name for path in there.iterdir()) if there.is_dir() else ()
    return sorted(name for name in names if not name.endswith(".lock"))


def assert_whole(store: Path) -> None:
    """Every folder that counts as a version has its manifest, and the ledger can be read."""
    for name in folders(store):
        assert name.startswith(".") or (store / "versions/killed" / name / "manifest.json").is_file()
    if (store / "ledger.sqlite").exists():
        with closing(sqlite3.connect(store / "ledger.sqlite")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(KILLS))
def test_a_build_that_was_killed_comes_out_the_same(turn, start, recipe, build_recipe, undisturbed, store):
    digest, seconds = undisturbed
    process = start(store)
    wait_for_store(process, store)
    time.sleep(random.Random(turn).uniform(turn / KILLS, (turn + 1) / KILLS) * seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()

    assert_whole(store)
    again = build_recipe(recipe, store).version

    assert again.manifest.content_digest == digest
    assert folders(store) == ["1.0.0"]
    assert_whole(store)


@pytest.mark.slow
def test_a_build_that_is_killed_again_and_again_asks_for_no_answer_twice(start, undisturbed, store):
    digest, seconds = undisturbed
    for turn in range(3):
        process = start(store)
        wait_for_store(process, store)
        time.sleep(random.Random(turn).uniform(0.1, 0.8) * seconds)
        process.kill()
        process.communicate()
    recorded = 0
    if (store / "ledger.sqlite").exists():
        with closing(sqlite3.connect(store / "ledger.sqlite")) as connection:
            (recorded,) = connection.execute("SELECT count(*) FROM answers").fetchone()

    last = finished(start(store))

    assert last["content_digest"] == digest
    assert last["status"] == "unchanged" or last["calls"]["ledger"] == recorded


@pytest.mark.slow
def test_two_builds_at_once_make_one_version(start, undisturbed, store):
    both = [finished(process) for process in [start(store), start(store)]]

    assert {told["content_digest"] for told in both} == {undisturbed[0]}
    assert "built" in {told["status"] for told in both} <= {"built", "unchanged"}
    assert folders(store) == ["1.0.0"]


@pytest.mark.slow
def test_two_builds_of_dev_at_once_both_finish(start, undisturbed, store):
    both = [finished(process) for process in [start(store, "--version", "dev"), start(store, "--version", "dev")]]

    assert {told["content_digest"] for told in both} == {undisturbed[0]}
    assert folders(store) == ["dev"]


@pytest.mark.parametrize("as_json", [True, False])
def test_ctrl_c_ends_a_build_with_a_message_and_keeps_what_was_answered(
    command, write_recipe, tmp_path, store, as_json
):
    long = [{"name": "made", "kind": "arithmetic", "problems": 1_500}]
    words = ["build", str(write_recipe(tmp_path, sources=long)), "--store", str(store), "--workers", "1"]
    process = subprocess.Popen(
        [*command, *words, *(["--json"] if as_json else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and not _answers(store):
        time.sleep(SLEEP)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate()

    assert process.returncode == 130
    assert "Traceback" not in err
    if as_json:
        assert json.loads(out)["error"]["kind"] == "Interrupted"
    else:
        assert err.startswith("cotloom: interrupted\n  -> what was done is kept, and every answer is in the ledger")
    assert _answers(store) > 0
    assert not (store / "versions").exists()


def _answers(store: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{store}/ledger.sqlite?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT count(*) FROM answers").fetchone()[0]
    except sqlite3.OperationalError:  # not there yet
        return 0
