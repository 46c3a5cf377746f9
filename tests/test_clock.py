"""The clock of the machine decides nothing: it may be wrong, jump back between commands, and run backwards in one."""

import gzip
import json
import os
import subprocess
import sys
from email.utils import formatdate
from pathlib import Path

import pytest

from cotloom.builder.store.atomic import remove_leftovers
from cotloom.builder.teacher.pacing.headers import read_limits
from tests.conftest import PATIENCE_S, ROOT

CLOCK = """
import itertools
import os
import time

start, step, calls = float(os.environ["CLOCK_S"]), float(os.environ["CLOCK_STEP_S"]), itertools.count()
time.time = lambda: start + step * next(calls)
time.time_ns = lambda: int(time.time() * 1e9)
"""
"""A clock that begins where it is told, and goes by a step whenever somebody looks at it. Python runs it at start."""

START = """
import datetime
import importlib
import time

class Backwards(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

for name in ("run_record", "teacher.ledger.forget", "store.withdrawal"):
    module = importlib.import_module("cotloom.builder." + name)
    assert module.datetime is datetime.datetime
    module.datetime = Backwards

from cotloom.cli import main
main()
"""
"""Starts the command, with the same clock for dates. Libraries in C do not bear another `datetime` than their own."""

FUTURE_S, PAST_S = 4_000_000_000.0, 0.0
"""2096 and 1970."""


@pytest.fixture(scope="module")
def clock(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clock")
    (folder / "sitecustomize.py").write_text(CLOCK)
    return folder


@pytest.fixture(scope="module")
def run_at(clock):
    """Run a command in a process of its own whose clock is wrong; other processes that it starts have such a clock."""

    def ran(start_s: float, *words: object, step_s: float = -3600.0, code: int = 0):
        environment = {
            **os.environ,
            "PYTHONPATH": f"{clock}{os.pathsep}{ROOT}",
            "CLOCK_S": str(start_s),
            "CLOCK_STEP_S": str(step_s),
        }
        arguments = [sys.executable, "-P", "-c", START, *map(str, words)]
        done = subprocess.run(
            arguments, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode == code, done
        return done.stdout

    return ran


@pytest.fixture
def recipe(tmp_path, write_recipe) -> Path:
    return write_recipe(tmp_path, split={"test": 0.2})


def set_times(store: Path, when_s: float) -> None:
    for path in store.rglob("*"):
        os.utime(path, (when_s, when_s))


def test_a_clock_that_goes_back_changes_no_version_and_loses_no_answer(run_at, recipe, store, tmp_path, build_recipe):
    digest = build_recipe(recipe, tmp_path / "usual").version.manifest.content_digest
    words = ("build", recipe, "--store", store, "--workers", 2, "--json")
    first = json.loads(run_at(FUTURE_S, *words))
    set_times(store, FUTURE_S)
    for path in (store / "versions" / "tiny").iterdir():
        path.rename(tmp_path / "taken-away")

    again = json.loads(run_at(PAST_S, *words))

    assert first["content_digest"] == again["content_digest"] == digest
    assert (first["calls"]["new"] > 0, again["calls"]["new"], again["status"]) == (True, 0, "built")
    for folder in (tmp_path / "taken-away", store / "versions" / "tiny" / "1.0.0"):
        assert 0 <= json.loads((folder / "build.json").read_text())["seconds"] < PATIENCE_S
    assert json.loads(run_at(FUTURE_S, *words))["status"] == "unchanged"
    assert [row["version"] for row in json.loads(run_at(PAST_S, "list", "--store", store, "--json"))["versions"]] == [
        "1.0.0"
    ]
    assert "tiny@1.0.0" in run_at(PAST_S, "show", "tiny", "--store", store)
    assert json.loads(run_at(PAST_S, "audit", "tiny", "--store", store, "--json"))["findings"] == []


def test_a_build_goes_on_in_a_store_whose_files_are_of_the_future(run_at, recipe, store):
    words = ("build", recipe, "--store", store, "--json")
    run_at(PAST_S, *words, "--version", "0.9.0")
    set_times(store, FUTURE_S)
    begun = store / "versions" / "tiny" / ".1.0.0.999999999"
    own = store / "versions" / "tiny" / f".1.0.0.{os.getpid()}"
    for folder in (begun, own):
        folder.mkdir()
        set_times(folder.parent, FUTURE_S)

    built = json.loads(run_at(PAST_S, *words))

    assert (built["status"], built["calls"]["new"]) == ("built", 0)
    assert (begun.exists(), own.exists()) == (False, True)


@pytest.mark.parametrize("when_s", [PAST_S, FUTURE_S])
def test_the_age_of_a_leftover_decides_nothing(tmp_path, when_s):
    dead, alive = tmp_path / ".a.999999999", tmp_path / f".b.{os.getpid()}"
    for path in (dead, alive):
        path.write_text("")
        os.utime(path, (when_s, when_s))

    remove_leftovers(tmp_path)

    assert list(tmp_path.iterdir()) == [alive]


@pytest.fixture(scope="module")
def exported(run_at, tmp_path_factory, write_recipe) -> Path:
    """A store and the export of its ledger, both of the future."""
    folder = tmp_path_factory.mktemp("future")
    run_at(FUTURE_S, "build", write_recipe(folder, split={"test": 0.2}), "--store", folder / "store")
    run_at(FUTURE_S, "ledger", "export", folder / "a.jsonl.gz", "--store", folder / "store")
    return folder


@pytest.mark.parametrize("start_s", [-1e9, 2.0**33], ids=["1938", "2242"])
def test_a_ledger_is_exported_alike_whatever_the_clock_says(run_at, run, exported, tmp_path, start_s):
    run_at(start_s, "ledger", "export", tmp_path / "b.jsonl.gz", "--store", exported / "store")

    assert (exported / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()
    assert gzip.decompress((tmp_path / "b.jsonl.gz").read_bytes()).count(b"\n") > 0
    run_at(start_s, "ledger", "import", tmp_path / "b.jsonl.gz", "--store", tmp_path / "other")
    assert run("ledger", "check", "--store", tmp_path / "other").code == 0


def test_a_date_to_wait_for_is_read_by_the_clock_of_the_server_that_names_it():
    here_s = 1_000_000_000.0
    until, now = formatdate(here_s + 7, usegmt=True), formatdate(here_s, usegmt=True)

    def read(value: str, date: str) -> float | None:
        """Read with a clock of this machine that is a year off."""
        return read_limits({"Retry-After": value, "Date": date}, wall_s=here_s + 365 * 86_400).retry_after_s

    assert read(until, now) == 7.0
    assert read(now, until) == 0.0
    assert read("3", until) == 3.0
    assert read("no date", now) is None
