"""A Hub, the program that speaks to it, and versions to publish."""

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cotloom.builder.store import Version, read_version
from tests.conftest import Ran
from tests.publish.hub import Hub, serving
from tests.publish.program import OWNER, READER, TOKEN, Program, version_of

COT = {"name": "zero_shot_cot"}


@pytest.fixture(scope="session")
def _hub():
    with serving(tokens={TOKEN: "write", READER: "read"}) as running:
        yield running


@pytest.fixture(scope="session")
def _program(_hub, tmp_path_factory):
    program = Program(_hub, tmp_path_factory.mktemp("program"))
    yield program
    program.close()


@pytest.fixture
def hub(_hub) -> Iterator[Hub]:
    """The Hub, with nothing on it."""
    _hub.clear()
    yield _hub
    unmet = [fault for fault in _hub.faults if fault.times]
    assert not unmet, f"these faults were never met: {unmet}"


@pytest.fixture
def ask(hub, _program) -> Program:  # noqa: ARG001 - the Hub is emptied
    """Run a command against the Hub."""
    return _program


@pytest.fixture
def repo() -> str:
    """Where to publish."""
    return f"{OWNER}/sums"


@pytest.fixture(scope="session")
def _built(tmp_path_factory, build_recipe) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("versions")
    return {
        "1.0.0": version_of(24, "1.0.0", folder / "one", build_recipe, formats=[COT, {"name": "zero_shot_answer"}]),
        "1.1.0": version_of(27, "1.1.0", folder / "two", build_recipe, formats=[COT]),
    }


TAG = "v1.0.0"


@pytest.fixture(scope="session")
def _published(_program, _hub, _built, tmp_path_factory):
    """A version that was published, once."""
    store = tmp_path_factory.mktemp("published") / "store"
    shutil.copytree(_built["1.0.0"], store / "versions" / "sums" / "1.0.0")
    _hub.clear()
    done = _program("publish", "sums", "--repo", f"{OWNER}/sums", "--store", store, "--json")
    assert done.code == 0, done
    record = (store / "versions/sums/1.0.0/publications.json").read_bytes()
    return deepcopy(_hub.repos), dict(_hub.objects), done.json, record


@pytest.fixture
def published(_published, hub, repo) -> dict[str, bytes]:
    """A version that was published: the files at its tag, to read and to change."""
    repos, objects, *_ = deepcopy(_published)
    hub.repos |= repos
    hub.objects |= objects
    return hub.repos[repo].files(TAG)


@pytest.fixture
def first(_published, published, version) -> dict[str, Any]:  # noqa: ARG001 - it lies on the Hub
    """What the command said that published the version; the version has the record of it."""
    *_, told, record = _published
    (version.path / "publications.json").write_bytes(record)
    return deepcopy(told)


@pytest.fixture
def publish(ask, store, repo):
    """Publish a version of the test's store."""

    def published(ref: str = "sums@1.0.0", *words: object, to: str = repo, **environment: str | None) -> Ran:
        return ask("publish", ref, "--repo", to, "--store", store, "--json", *words, **environment)

    return published


@pytest.fixture
def take(_built, store) -> Callable[[str], Version]:
    """Put a version into the test's store."""

    def taken(version: str = "1.0.0") -> Version:
        place = store / "versions" / "sums" / version
        shutil.copytree(_built[version], place)
        return read_version(place)

    return taken


@pytest.fixture
def version(take) -> Version:
    """A version in the test's store."""
    return take("1.0.0")
