"""What tests share: real data, a store, a small recipe, a built version, and no way out of this machine."""

import json
import os
import signal
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: several test processes share the processors already

from copy import deepcopy
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from cotloom import cli
from cotloom.builder.pipeline import build
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store import Version
from cotloom.schemas.runtime import Runtime

# No deadline, since machines differ; no database of failures, since a run must not depend on the one before.
settings.register_profile("cotloom", deadline=None, database=None, print_blob=True)
settings.load_profile("cotloom")

ROOT = Path(__file__).resolve().parents[1]
TINY: dict[str, Any] = {
    "name": "tiny",
    "version": "1.0.0",
    "sources": [{"name": "made", "kind": "arithmetic", "problems": 8}],
    "teacher": {"backend": "simulated"},
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def _is_loopback(host: object) -> bool:
    try:
        return host == "localhost" or ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_loopback(arguments[1][0]):
        message = f"a test reaches out to {arguments[1]}"
        raise PermissionError(message)


_GUARDED: list[bool] = []


@pytest.fixture(autouse=True, scope="session")
def _no_way_out():
    """Refuse connections to any other machine, in this process."""
    if not _GUARDED:
        sys.addaudithook(_guard)  # hooks stay until the process ends
        _GUARDED.append(True)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with published data sets: gsm8k/model_solutions.jsonl and svamp/SVAMP.json."""
    folder = Path(os.environ.get("COTLOOM_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test data in {folder}; COTLOOM_TEST_DATA names its folder")
    return folder


@pytest.fixture
def store(tmp_path) -> Path:
    """Where a test's versions go."""
    return tmp_path / "store"


@pytest.fixture(scope="session")
def write_recipe():
    """Write a tiny recipe, with keys replaced, to a folder (JSON is YAML)."""

    def write(folder: Path, **keys: Any) -> Path:
        path = folder / "recipe.yaml"
        path.write_text(json.dumps({**deepcopy(TINY), **keys}, indent=1))
        return path

    return write


@pytest.fixture(scope="session")
def build_recipe():
    """Build a recipe file into a store."""

    def made(path: Path | str, store: Path, *changes: str, workers: int = 1, accept_failures: bool = False):
        runtime = Runtime(store=store, workers=workers, accept_failures=accept_failures, allow_empty=True)
        return build(load_recipe(str(path), changes), runtime)

    return made


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory, build_recipe) -> Version:
    """A small quickstart, built once. For tests that only read it."""
    store = tmp_path_factory.mktemp("quickstart") / "store"
    return build_recipe("quickstart", store, "sources.0.problems=40").version


@pytest.fixture
def run(capsys, monkeypatch):
    """Run a command in this process."""

    def ran(*arguments: object) -> Ran:
        words = [str(argument) for argument in arguments]
        monkeypatch.setattr(sys, "argv", ["cotloom", *words])
        capsys.readouterr()
        code = cli._run(words)
        return Ran(code, *capsys.readouterr())

    return ran


@pytest.fixture
def command() -> list[str]:
    """The words that start Cotloom in a process of its own."""
    return [sys.executable, "-P", "-m", "cotloom.cli"]


PATIENCE_S = 120
"""Far more than linear work takes on any machine, far less than a text that makes a pattern go back and forth."""


@pytest.fixture
def ends():
    """Fail a test that does not end: what a hostile text must never bring about."""

    def give_up(_signal, _frame):
        pytest.fail(f"it did not end within {PATIENCE_S} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
