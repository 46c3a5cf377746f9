"""What builds keep to be faster is bounded, and nothing else is ever removed."""

import os
import time

import pytest

from cotloom.builder.store import collect_garbage
from cotloom.builder.store.results.stages import find_result, read_or_make
from cotloom.builder.store.tables import describe_file

DAY = 24 * 3600


@pytest.fixture
def stages(tmp_path):
    """Three results of 1,000 bytes, used three, two and one days ago, and a ledger."""
    (tmp_path / "ledger.sqlite").write_bytes(b"x" * 5_000)
    for days in (3, 2, 1):
        result = read_or_make(tmp_path / "stages" / "paths", {"days": days}, write_bytes)
        os.utime(result.folder / "result.json", times=(0, time.time() - days * DAY))
    return tmp_path / "stages" / "paths"


def write_bytes(folder):
    (folder / "rows").write_bytes(b"x" * 1_000)
    return {"rows": describe_file(folder / "rows", 0)}, {}


def list_days(stages):
    return sorted(round((time.time() - path.stat().st_mtime) / DAY) for path in stages.glob("*/result.json"))


def test_the_longest_unused_go_first_until_the_others_fit(stages, tmp_path):
    found = collect_garbage(tmp_path, 3_000)

    assert list_days(stages) == [1, 2]
    assert (found.results, found.kept_bytes <= 3_000) == (1, True)
    assert (tmp_path / "ledger.sqlite").stat().st_size == 5_000


def test_a_use_counts(stages, tmp_path):
    oldest = max(stages.iterdir(), key=lambda folder: time.time() - (folder / "result.json").stat().st_mtime)
    assert find_result(stages, oldest.name).known

    collect_garbage(tmp_path, 3_000)

    assert list_days(stages) == [0, 1]


def test_what_is_in_use_stays_however_much_it_is(tmp_path):
    read_or_make(tmp_path / "stages" / "paths", {}, write_bytes)

    assert collect_garbage(tmp_path, 0).results == 0


def test_what_a_version_holds_too_takes_no_room(stages, tmp_path):
    for path in stages.glob("*/rows"):
        (tmp_path / path.parent.name).hardlink_to(path)

    assert collect_garbage(tmp_path, 3_000).results == 0


def test_a_dry_run_removes_nothing(stages, tmp_path):
    assert collect_garbage(tmp_path, 0, remove=False).results == 3
    assert list_days(stages) == [1, 2, 3]


def test_the_command_says_what_it_removed(stages, tmp_path, run):
    told = run("gc", "--keep", "0.000003", "--yes", "--store", str(tmp_path), "--json").json
    assert told["removed"]
    assert (told["results"], told["stages"], list_days(stages)) == (1, {"paths": 1}, [1, 2])


def test_the_command_shows_what_it_would_remove_and_asks(stages, tmp_path, run):
    asked = run("gc", "--keep", "0.000003", "--store", str(tmp_path))
    assert (asked.code, "--yes" in asked.err, "1 results" in asked.out) == (2, True, True)
    assert "Nothing was removed." in run("gc", "--keep", "0", "--dry-run", "--store", str(tmp_path)).out
    assert list_days(stages) == [1, 2, 3]
