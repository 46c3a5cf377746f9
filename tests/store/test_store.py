import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.pipeline import ROOMS
from cotloom.builder.recipe import load_recipe
from cotloom.builder.store import (
    DEV,
    Version,
    check_fates,
    compute_fingerprint,
    count_funnel,
    digest_tables,
    find_version,
    freeze_tables,
    list_version_numbers,
    list_versions,
    locate_version,
    parse_semver,
    read_or_make,
    read_version,
    sweep_versions,
)
from cotloom.builder.store.checked import digest_table
from cotloom.builder.store.identity import list_changes, make_conflict
from cotloom.builder.store.results.stages import parse_result
from cotloom.builder.store.tables import FILES, describe_file, digest_frame
from cotloom.builder.store.versions import find_free_version
from cotloom.schemas.example import Example
from cotloom.schemas.frames import to_frame
from cotloom.schemas.manifest import File, Manifest
from cotloom.schemas.problem import Problem
from cotloom.schemas.recipe import Recipe, Select, extract_identity
from cotloom.schemas.sample import Sample
from cotloom.schemas.section import declare_identity

ROOT = Path(__file__).resolve().parents[2]
TABLES = {
    "problems": to_frame([Problem(problem_id=f"p_{n}", source="s", origin=f"s:{n}") for n in (1, 2)], Problem),
    "samples": to_frame([], Sample),
    "examples": to_frame([], Example),
}


def manifest(version: str = "1.0.0", **changes) -> Manifest:
    given = {
        "name": "d",
        "version": version,
        "parent": None,
        "fingerprint": "f",
        "content_digest": digest_tables(TABLES, 0),
        "simulated": True,
        "teachers": ["t"],
        "recipe": {},
        "rooms": {},
        "inputs": [],
        "licenses": {},
        "splits": {},
        "counts": {},
        "funnel": [],
        "files": {},
    }
    return Manifest.model_validate({**given, **changes})


def frozen(store, version: str = "1.0.0", **changes) -> Version:
    return freeze_tables(store, manifest(version, **changes), TABLES, {"seconds": 1})


@pytest.fixture
def recipe(write_recipe, tmp_path):
    """Read a tiny recipe with changes."""

    def read(*changes: str) -> Recipe:
        return load_recipe(str(write_recipe(tmp_path)), changes).recipe

    return read


def test_versions_are_in_the_order_of_semver_org():
    early = [f"1.0.0-{part}" for part in "alpha alpha.1 alpha.beta beta beta.2 beta.11 rc.1".split()]
    ordered = ["dev", "0.9.9", *early, "1.0.0", "1.2.0", "1.10.0"]

    shuffled = random.Random(1).sample(ordered, len(ordered))
    assert sorted(shuffled, key=parse_semver) == ordered


@pytest.mark.parametrize(
    ("version", "taken", "free"),
    [
        ("1.0.0", ["1.0.0"], "1.0.1"),
        ("1.0.0", ["1.0.0", "1.0.1", "1.0.2"], "1.0.3"),
        ("1.0.9", ["1.0.9"], "1.0.10"),
        ("1.0.0-rc.1", ["1.0.0-rc.1"], "1.0.1"),
        ("dev", ["dev"], "0.1.0"),
        ("dev", ["0.1.0", "0.1.1"], "0.1.2"),
    ],
)
def test_the_next_free_version_is_not_taken(version, taken, free):
    assert find_free_version(version, taken) == free


def test_a_frozen_version_is_read_back_as_it_was_written(store):
    version = frozen(store)

    again = find_version(store, "d@1.0.0")

    assert again == version
    assert_frame_equal(again.read_table("problems"), TABLES["problems"])
    assert again.read_beside("build.json") == {"seconds": 1}
    tables = ["examples.parquet", "mixture.parquet", "problems.parquet", "samples.parquet"]
    assert sorted(path.name for path in version.path.iterdir()) == [
        "build.json",
        *tables[:1],
        "manifest.json",
        *tables[1:],
    ]


def test_what_is_put_beside_a_version_takes_the_place_of_what_was_there(store):
    version = frozen(store)

    version.write_beside("notes.json", b'{"seen": 1}')
    version.write_beside("notes.json", b'{"seen": 2}')

    assert version.read_beside("notes.json") == {"seen": 2}


def test_what_can_not_be_put_beside_a_version_leaves_nothing_behind(store):
    version = frozen(store)
    (version.path / "notes.json" / "in the way").mkdir(parents=True)
    before = sorted(version.path.iterdir())

    with pytest.raises(Stopped, match=r"notes\.json can't be written"):
        version.write_beside("notes.json", b"{}")

    assert sorted(version.path.iterdir()) == before


def test_the_digests_of_the_files_are_those_of_their_bytes(store):
    version = frozen(store)

    described = version.manifest.files["problems.parquet"]

    content = (version.path / "problems.parquet").read_bytes()
    footer = content[-8 - int.from_bytes(content[-8:-4], "little") :]
    assert described == File(
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        rows=2,
        footer=hashlib.sha256(footer).hexdigest(),
        digest=digest_frame("problems", TABLES["problems"]),
    )


def test_a_folder_without_a_manifest_is_no_version(store):
    frozen(store)
    half = locate_version(store, "d", "2.0.0")
    half.mkdir()
    (half / "problems.parquet").touch()
    hidden = locate_version(store, "d", ".3.0.0.123")
    hidden.mkdir()
    (hidden / "manifest.json").write_text("{}")

    assert list_version_numbers(store, "d") == ["1.0.0"]
    assert [version.ref for version in list_versions(store)] == ["d@1.0.0"]
    with pytest.raises(InputError, match=r"is no version: it has no manifest\.json"):
        read_version(half)


def test_a_fixed_version_is_never_written_over(store):
    before = frozen(store)

    with pytest.raises(FileExistsError):
        frozen(store, fingerprint="other")

    assert find_version(store, "d@1.0.0") == before
    assert [path.name for path in (store / "versions/d").iterdir()] == ["1.0.0"]


def test_a_dev_version_may_be_written_over(store):
    frozen(store, DEV)
    frozen(store, DEV, fingerprint="other")

    assert find_version(store, "d").manifest.fingerprint == "other"
    assert {path.name for path in (store / "versions/d").iterdir()} == {"dev", ".dev.lock"}


FREEZER = """
import sys
from pathlib import Path
from tests.store.test_store import frozen

for turn in range(40):
    frozen(Path(sys.argv[1]), "dev", fingerprint=str(turn))
"""


def test_processes_that_write_the_same_dev_version_at_once_all_succeed(store):
    words = [sys.executable, "-c", FREEZER, str(store)]
    processes = [subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) for _ in range(2)]

    assert [process.wait() for process in processes] == [0, 0]
    assert find_version(store, "d").manifest.fingerprint == "39"
    assert {path.name for path in (store / "versions/d").iterdir()} == {"dev", ".dev.lock"}


def test_a_table_that_can_not_be_written_leaves_nothing_behind(store):
    store.mkdir()
    (store / "versions").touch()

    with pytest.raises(Stopped, match="the version can't be written"):
        frozen(store)

    assert (store / "versions").read_bytes() == b""


def test_a_table_that_breaks_halfway_leaves_nothing_behind(store):
    with pytest.raises(AttributeError):
        freeze_tables(store, manifest(), {**TABLES, "samples": None}, {})

    assert list((store / "versions/d").iterdir()) == []


def test_a_ref_is_the_newest_fixed_version_a_named_one_or_a_folder(store):
    for version in ("1.9.0", "1.10.0", "1.10.0-rc.1", DEV):
        frozen(store, version)

    assert find_version(store, "d").manifest.version == "1.10.0"
    assert find_version(store, "d@1.9.0").manifest.version == "1.9.0"
    assert find_version(store, "d@dev").manifest.version == "dev"
    assert find_version(store, f"{store}/versions/d/1.9.0").manifest.version == "1.9.0"


@pytest.mark.parametrize(
    ("ref", "said", "hint"),
    [
        ("d@2.0.0", "no version 2.0.0 of d", "available: 1.0.0"),
        ("e", "no dataset e", "available: d"),
        ("./e", "is no version", "cotloom list shows"),
        ("..", "no dataset ..", "available: d"),
    ],
)
def test_a_ref_that_is_not_there_is_told_with_what_is(store, ref, said, hint):
    frozen(store)

    with pytest.raises(InputError, match=said) as caught:
        find_version(store, ref)

    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "d"}', "\udcff"])
def test_a_manifest_that_was_changed_by_hand_is_told(store, text):
    path = frozen(store).path
    (path / "manifest.json").write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(InputError, match=r"manifest\.json can't be read"):
        read_version(path)


def test_sweeping_removes_what_killed_builds_left_and_nothing_else(store):
    frozen(store)
    folder = store / "versions/d"
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    left = [f".1.0.0.{done.pid}", f".dev.old.{done.pid}"]
    running = [f".1.0.0.{os.getpid()}", ".keep"]
    for name in [*left, *running]:
        (folder / name).mkdir()

    sweep_versions(store, "d")

    assert sorted(path.name for path in folder.iterdir()) == sorted([*running, "1.0.0"])


def test_sweeping_a_store_without_versions_does_nothing(store):
    sweep_versions(store, "d")

    assert not store.exists()


def test_the_fingerprint_leaves_out_defaults_address_and_circumstances(recipe):
    plain = compute_fingerprint(recipe(), {}, {})

    assert (
        compute_fingerprint(recipe("select.keep=4", "formats=[{name: zero_shot_cot}]", "split.test=0.0"), {}, {})
        == plain
    )
    assert compute_fingerprint(recipe("version=2.0.0", "name=other"), {}, {}) == plain
    assert compute_fingerprint(recipe("description=x", "folder=/x", "parent=0.1.0"), {}, {}) == plain


@pytest.mark.parametrize(
    "change",
    [
        "select.keep=5",
        "seed=1",
        "limit=3",
        "sources.made.problems=9",
        "verify.steps=tag",
        "license=MIT",
        "select.keep=null",
    ],
)
def test_the_fingerprint_changes_with_every_identity_key(recipe, change):
    assert compute_fingerprint(recipe(change), {}, {}) != compute_fingerprint(recipe(), {}, {})


def test_the_fingerprint_changes_with_files_and_rooms(recipe):
    prints = [
        compute_fingerprint(recipe(), inputs, rooms)
        for inputs in ({}, {"sources.s": "1"}, {"sources.s": "2"})
        for rooms in ({}, {"verify": 1}, {"verify": 2})
    ]

    assert len(set(prints)) == 9


def test_a_key_that_a_later_release_adds_changes_nothing_at_its_default():
    class Later(Select):
        fresh: int = declare_identity(7)
        """A new key."""

    assert extract_identity(Later(keep=3)) == extract_identity(Select(keep=3)) == {"keep": 3}
    assert extract_identity(Later(keep=3, fresh=8)) == {"keep": 3, "fresh": 8}


def test_a_version_of_an_earlier_release_does_not_differ_by_a_key_it_did_not_know(recipe):
    old = extract_identity(recipe(), defaults=True)
    del old["select"]["near_duplicate"]

    before = manifest(recipe=old, rooms=dict(ROOMS))

    assert list(list_changes(before, recipe(), {}, ROOMS)) == []
    assert [key for key, _ in list_changes(before, recipe("select.near_duplicate=0.5"), {}, ROOMS)] == [
        "select.near_duplicate"
    ]


def test_a_conflict_names_every_changed_key_file_and_room(recipe, store):
    old = manifest(
        recipe=extract_identity(recipe(), defaults=True),
        rooms={**ROOMS, "verify": 99},
        inputs=[{"name": "sources.s", "file": "s.jsonl", "sha256": "1", "bytes": 1, "rows": 1}],
    )
    there = freeze_tables(store, old, TABLES, {})

    error = make_conflict(
        recipe("select.keep=6", "sources.made.problems=9"), {"sources.s": "2"}, ROOMS, there, ["1.0.0", "1.0.1"]
    )

    assert error.keys == ("sources.made.problems", "select.keep", "sources.s", "rooms.verify")
    assert "  select.keep: 4 -> 6" in error.message.splitlines()
    assert "  sources.s: the content of the file changed" in error.message.splitlines()
    assert "--version 1.0.2" in error.hint
    assert error.exit_code == 2


def other_tables() -> Iterator[pl.DataFrame]:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    yield frame
    yield frame.rename({"a": "c"})
    yield frame.reverse()
    yield frame.select("b", "a")
    yield frame.with_columns(pl.Series("b", ["x", ""]))
    yield frame.with_columns(pl.Series("b", ["x", "None"]))
    yield frame.with_columns(pl.Series("a", ["1", "2"]))
    yield frame.with_columns(pl.Series("a", [[1], [2]]))
    yield frame.with_columns(pl.Series("a", [2**62, 2**62 + 1]))
    yield frame.with_columns(pl.Series("a", [2**62, 2**62]))
    yield frame.head(1)
    yield frame.clear()


def test_the_digest_of_rows_changes_with_names_order_types_and_nulls():
    digests = [digest_table(frame.to_arrow()) for frame in other_tables()]

    assert len(set(digests)) == len(digests)


@given(st.lists(st.text(max_size=4) | st.none(), min_size=1, max_size=6), st.data())
def test_the_digest_of_rows_changes_with_any_cell(cells, data):
    place = data.draw(st.integers(0, len(cells) - 1))
    other = data.draw((st.text(max_size=4) | st.none()).filter(lambda cell: cell != cells[place]))
    changed_cells = [*cells[:place], other, *cells[place + 1 :]]

    def made(values: list) -> str:
        return digest_table(pl.DataFrame({"a": values}, schema={"a": pl.String}).to_arrow())

    assert made(changed_cells) != made(cells)


def test_the_digest_of_rows_is_the_same_for_another_chunking():
    frame = pl.DataFrame({"a": range(5_000), "b": [str(number) for number in range(5_000)]})

    parts = pl.concat([frame.slice(0, 7), frame.slice(7)], rechunk=False)

    assert digest_table(parts.to_arrow()) == digest_table(frame.to_arrow())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize(
    ("name", "column", "cell"),
    [
        ("samples", "token_logprobs", lambda bad: [{"token": "a", "logprob": bad, "top": []}]),
        (
            "samples",
            "token_logprobs",
            lambda bad: [{"token": "a", "logprob": -1.0, "top": [{"token": "b", "logprob": bad}]}],
        ),
        ("mixture", "weight", lambda bad: bad),
    ],
)
def test_the_digest_of_rows_refuses_numbers_that_are_not_finite_at_any_depth(bad, name, column, cell):
    frame = pl.DataFrame([{column: cell(0.5)}, {column: cell(bad)}], schema=FILES[name])

    with pytest.raises(ValueError, match=rf"{name}\.{column}.* holds a number that is not finite"):
        digest_frame(name, frame)


def test_a_table_of_other_columns_has_no_digest():
    with pytest.raises(TypeError, match="the columns of problems"):
        digest_frame("problems", pl.DataFrame({"problem_id": ["p_1"]}))


# Results of stages


def write_text(calls: list[str]):
    def make(folder: Path):
        calls.append("made")
        (folder / "a.txt").write_text("found")
        return {"a.txt": describe_file(folder / "a.txt", 0)}, {"counts": {"rows": 2}}

    return make


def test_a_result_is_made_once_for_what_decides_it(tmp_path):
    calls: list[str] = []

    first = read_or_make(tmp_path, {"code": 1}, write_text(calls))
    again = read_or_make(tmp_path, {"code": 1}, write_text(calls))

    assert (first.known, again.known) == (False, True)
    assert (again.folder, again.files, again.values) == (first.folder, first.files, first.values)
    assert len(calls) == 1
    for decided_by in ({"code": 2}, {"code": 1, "k": None}, {"code": "1"}):
        assert not read_or_make(tmp_path, decided_by, write_text(calls)).known
    assert len(calls) == 4


@pytest.mark.parametrize("name", ["a.txt", "result.json"])
@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda b: b[: len(b) // 2], lambda b: b"x" * len(b), lambda b: b[4:], None]
)
def test_a_damaged_result_of_a_stage_is_made_again_and_named(tmp_path, capsys, name, damage):
    calls: list[str] = []
    path = read_or_make(tmp_path, {}, write_text(calls)).folder / name
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage(path.read_bytes()))

    again = read_or_make(tmp_path, {}, write_text(calls))

    assert len(calls) == 2
    assert (again.folder / "a.txt").read_text() == "found"
    assert read_or_make(tmp_path, {}, write_text(calls)).known
    missing = name == "result.json" and damage is None
    assert missing or f"a kept result is damaged and is made again: {again.folder}" in capsys.readouterr().err


def test_a_result_comes_through_plain_values_as_it_was(tmp_path):
    result = read_or_make(tmp_path, {}, write_text([]))

    assert parse_result(json.loads(json.dumps(result.to_plain()))) == result


def make_fates(name: str, *fates: tuple[str | None, str | None]) -> pl.DataFrame:
    """Rows with the given stages and reasons; null for a kept row."""
    schema = {name: pl.String, "stage": pl.String, "reason": pl.String}
    return pl.DataFrame([(f"{n}", *fate) for n, fate in enumerate(fates)], schema=schema, orient="row")


def test_the_funnel_goes_through_stages_and_reasons_in_their_order():
    kept = (None, None)
    tables = {
        "problems": make_fates("problem_id", *[("sources", "duplicate_problem")] * 2, ("sources", "malformed"), kept),
        "samples": make_fates(
            "sample_id",
            ("select", "beyond_keep"), *[("select", "exact_duplicate")] * 2, ("verify", "wrong_step"),
            *[("verify", "no_answer")] * 3, ("verify", "wrong"), *[kept] * 4,
        ),
        "examples": make_fates("example_id", ("mix", "not_taken"), *[("mix", "over_cap")] * 2, kept, kept),
    }  # fmt: skip

    rows = [(row.stage, row.unit, row.rows_in, row.kept, row.dropped, row.reason) for row in count_funnel(tables)]

    assert rows == [
        ("sources", "problem", 4, 1, 1, "malformed"),
        ("sources", "problem", 4, 1, 2, "duplicate_problem"),
        ("teacher", "sample", 12, 12, 0, None),
        ("verify", "sample", 12, 7, 3, "no_answer"),
        ("verify", "sample", 12, 7, 1, "wrong"),
        ("verify", "sample", 12, 7, 1, "wrong_step"),
        ("select", "sample", 7, 4, 2, "exact_duplicate"),
        ("select", "sample", 7, 4, 1, "beyond_keep"),
        ("format", "example", 5, 5, 0, None),
        ("mix", "example", 5, 2, 2, "over_cap"),
        ("mix", "example", 5, 2, 1, "not_taken"),
    ]


def problems(**changes) -> dict[str, pl.DataFrame]:
    rows = [Problem(problem_id=f"p_{n}", source="s", origin=f"s:{n}") for n in range(3)]
    frame = to_frame(rows, Problem)
    one = {name: pl.Series([None, None, value], dtype=frame.schema[name]) for name, value in changes.items()}
    filled = frame.with_columns(**{name: pl.coalesce(series, frame[name]) for name, series in one.items()})
    none = pl.DataFrame(schema={"sample_id": pl.String, "stage": pl.String, "fate": pl.String, "reason": pl.String})
    return {"problems": filled, "samples": none, "examples": none.rename({"sample_id": "example_id"})}


def test_rows_with_one_clear_fate_each_pass():
    check_fates(problems())
    check_fates(problems(fate="dropped", stage="sources", reason="malformed"))


@pytest.mark.parametrize(
    "changes",
    [
        {"fate": "dropped"},
        {"fate": "dropped", "stage": "sources"},
        {"fate": "dropped", "reason": "malformed"},
        {"stage": "sources", "reason": "malformed"},
        {"fate": "dropped", "stage": "verify", "reason": "malformed"},
        {"fate": "lost"},
        {"problem_id": "p_0"},
    ],
)
def test_rows_without_a_clear_fate_are_refused(changes):
    with pytest.raises(RuntimeError, match="law 1 is broken"):
        check_fates(problems(**changes))


def test_a_version_folder_can_be_moved_elsewhere_and_read(store, tmp_path):
    moved = frozen(store).path.rename(tmp_path / "moved")

    assert read_version(moved).ref == "d@1.0.0"
    assert json.loads((moved / "manifest.json").read_text())["name"] == "d"


def test_a_store_can_be_given_as_text(quickstart):
    assert find_version(str(quickstart.path.parents[2]), quickstart.ref) == quickstart
