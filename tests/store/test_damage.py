"""A damaged version, and a stranger's, is noticed by whoever opens it, reads it, or makes something of it."""

import json
import os
import random
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from cotloom.builder.errors import InputError
from cotloom.builder.parquet import read_parquet
from cotloom.builder.pipeline import BuildStatus
from cotloom.builder.store import (
    Version,
    check_fates,
    find_version,
    list_version_numbers,
    list_versions,
    open_version,
    read_version,
    scan_versions,
    verify_version,
)
from cotloom.builder.store.checked import read_checked
from cotloom.schemas.frames import add_findings
from cotloom.schemas.ids import SCHEME
from cotloom.schemas.manifest import digest_manifest
from cotloom.schemas.reasons import Stage
from cotloom.schemas.sample import Sample
from tests.forged import rewrite, write_manifest

TABLES = ("problems", "samples", "examples")
READERS = [
    ["show", "REF"],
    ["show", "REF", "--json"],
    ["sql", "REF", "SELECT count(*) FROM problems, samples, examples"],
    ["sql", "REF", "--database", "OUT/x.duckdb"],
    ["explain", "REF", "p_"],
    ["review", "REF", "--list"],
    ["review", "REF", "--list", "--random", "9"],
    ["export", "REF", "--to", "OUT/export"],
    ["publish", "REF", "--repo", "a/b", "--dry-run"],
]
"""Commands that read a version's tables."""

PARTIAL = {"explain", "review", "show", "sql"}
"""Commands that read some columns and rows: what they don't read they don't check."""

UNREAD = {"problems": {"none"}, "samples": {"explain"}, "examples": {"explain", "review", "show"}}
"""Commands that need not read a table; that it is there with its size they check all the same."""


@pytest.fixture
def built(quickstart, tmp_path) -> Version:
    """A copy of the quickstart in a store of its own."""
    path = tmp_path / "store/versions/quickstart/1.0.0"
    shutil.copytree(quickstart.path, path)
    return replace(quickstart, path=path)


@pytest.fixture
def call(run, tmp_path):
    """Run a reading command on the store of `built`."""

    def called(words):
        words = [word.replace("OUT", str(tmp_path)).replace("REF", "quickstart@1.0.0") for word in words]
        return run(*words, "--store", tmp_path / "store")

    return called


def remove(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def become_a_broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


@pytest.mark.parametrize("spoil", [remove, truncate, empty, become_a_folder, become_a_broken_link])
@pytest.mark.parametrize("table", TABLES)
def test_a_missing_or_truncated_table_is_named_by_every_command_that_reads(table, spoil, built, call):
    spoil(built.path / f"{table}.parquet")

    for words in READERS:
        done = call(words)
        assert (done.code, f"{table}.parquet" in done.out + done.err) == (2, True), (words, done)
        assert "Traceback" not in done.err


@pytest.mark.parametrize("table", TABLES)
def test_no_flipped_bit_of_a_table_is_believed_by_anybody(table, built, call):
    path, pick = built.path / f"{table}.parquet", random.Random(3)
    whole = path.read_bytes()

    for _ in range(40):
        flipped = bytearray(whole)
        flipped[pick.randrange(len(whole))] ^= 1 << pick.randrange(8)
        path.write_bytes(flipped)
        with pytest.raises(InputError, match=f"{table}.parquet differs from the manifest"):
            built.read_table(table)
    for words in READERS:
        if words[0] not in {*UNREAD[table], *PARTIAL}:
            done = call(words)
            code = 1 if "publish" in words else 2  # the audit is a gate of publish
            assert (done.code, f"{table}.parquet" in done.out + done.err) == (code, True), (words, done)


@pytest.mark.parametrize("table", TABLES)
def test_no_damaged_page_is_believed_by_a_command_that_reads_a_part(table, built, call):
    path = built.path / f"{table}.parquet"
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    path.write_bytes(bytes(byte ^ 1 for byte in whole[:footer]) + whole[footer:])

    for words in READERS:
        if words[0] in PARTIAL - UNREAD[table] and "--json" not in words:
            done = call(words)
            assert (done.code, f"{table}.parquet" in done.out + done.err) == (2, True), (words, done)


def test_a_table_that_the_manifest_does_not_know_is_named(built, call):
    shutil.copy(built.path / "problems.parquet", built.path / "more.parquet")

    done = call(["show", "REF"])

    assert (done.code, "more.parquet is not in the manifest" in done.err) == (2, True)


def test_pages_carry_checksums_and_a_flipped_page_is_not_read(tmp_path, quickstart):
    path, pick = tmp_path / "x.parquet", random.Random(5)
    whole = (quickstart.path / "samples.parquet").read_bytes()
    good = quickstart.read_table("samples")
    refused = 0

    for _ in range(60):
        flipped = bytearray(whole)
        flipped[pick.randrange(4, int(len(whole) * 0.9))] ^= 1 << pick.randrange(8)
        path.write_bytes(flipped)
        try:
            assert read_parquet(path).equals(good, null_equal=True)
        except InputError:
            refused += 1

    assert refused > 40


def test_a_flipped_bit_of_a_manifest_is_never_believed(built):
    path, pick = built.path / "manifest.json", random.Random(9)
    whole, refused = path.read_bytes(), 0

    for _ in range(150):
        flipped = bytearray(whole)
        flipped[pick.randrange(len(whole))] ^= 1 << pick.randrange(8)
        path.write_bytes(flipped)
        try:
            assert read_version(built.path) == built
        except InputError:
            refused += 1

    assert refused > 100


def test_audit_opens_a_damaged_version_and_says_what_is_wrong(built, run, tmp_path):
    truncate(built.path / "samples.parquet")
    values = json.loads((built.path / "manifest.json").read_text())
    (built.path / "manifest.json").write_text(json.dumps({**values, "languages": ["xx"]}))

    done = run("audit", "quickstart", "--store", tmp_path / "store")

    assert done.code == 1
    assert "samples.parquet has" in done.out
    assert "manifest.json does not have its own digest" in done.out


# What is made of a version


def test_a_version_is_verified_up_to_its_rows(built, tmp_path):
    changed = built.read_table("examples").with_columns(weight=pl.lit(7.0))
    forged = rewrite(built, tmp_path / "forged", examples=changed)
    lying = write_manifest(forged, content_digest=built.manifest.content_digest)

    assert verify_version(built) is built
    assert verify_version(forged) is forged
    with pytest.raises(InputError, match="its rows do not have the content digest"):
        verify_version(lying)


def test_rows_whose_number_is_not_that_of_the_manifest_are_noticed(built):
    files = dict(built.manifest.files)
    files["samples.parquet"] = files["samples.parquet"].model_copy(update={"rows": 1})

    with pytest.raises(InputError, match=r"samples\.parquet has \d+ rows instead of 1"):
        verify_version(write_manifest(built, files=files))


def test_an_export_of_poisoned_examples_is_refused_although_every_file_has_its_digest(built, call):
    digest = built.manifest.content_digest
    changed = rewrite(built, examples=built.read_table("examples").with_columns(weight=pl.lit(7.0)))
    write_manifest(changed, content_digest=digest)

    done = call(["export", "REF", "--to", "OUT/export"])

    assert (done.code, "do not have the content digest" in done.err) == (2, True), done.err
    assert not (built.path.parents[3] / "export").exists()


@pytest.fixture
def tiny(write_recipe, tmp_path) -> Path:
    return write_recipe(tmp_path)


@pytest.mark.parametrize("spoil", [remove, truncate])
@pytest.mark.parametrize("name", ["samples.parquet", "manifest.json"])
def test_a_build_never_says_nothing_to_do_over_a_damaged_version(name, spoil, tiny, store, build_recipe, run):
    path = build_recipe(tiny, store).version.path
    spoil(path / name)

    done = run("build", tiny, "--store", store, "--json")

    error = done.json["error"]
    assert (done.code, error["kind"], name in error["message"]) == (2, "InputError", True)
    assert str(path) in error["message"] + error["hint"]


def test_a_build_notices_a_flipped_bit_and_builds_again_once_the_folder_is_gone(tiny, store, build_recipe):
    first = build_recipe(tiny, store).version
    path = first.path / "examples.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30] + bytes([whole[-30] ^ 1]) + whole[-29:])

    with pytest.raises(InputError, match=r"examples\.parquet differs") as caught:
        build_recipe(tiny, store)
    shutil.rmtree(first.path)
    again = build_recipe(tiny, store)

    assert "costs no call" in caught.value.hint
    assert (again.status, again.calls.new) == (BuildStatus.BUILT, 0)
    assert again.version == first


def test_a_damaged_dev_version_is_built_again_and_said(tiny, store, build_recipe, capsys):
    first = build_recipe(tiny, store, "version=dev").version
    truncate(first.path / "samples.parquet")

    again = build_recipe(tiny, store, "version=dev")

    assert again.status is BuildStatus.BUILT
    assert verify_version(again.version).manifest == first.manifest
    assert "it is built again" in capsys.readouterr().err


def test_a_build_on_a_damaged_parent_is_refused(tiny, store, build_recipe):
    parent = build_recipe(tiny, store).version
    remove(parent.path / "samples.parquet")

    with pytest.raises(InputError, match=r"tiny@1\.0\.0 is damaged: samples\.parquet is missing"):
        build_recipe(tiny, store, "version=1.1.0", "parent=1.0.0")


def test_a_build_over_a_folder_that_is_no_version_is_refused(tiny, store, run):
    (store / "versions/tiny/1.0.0").mkdir(parents=True)

    done = run("build", tiny, "--store", store)

    assert (done.code, "is no version" in done.err) == (2, True)


def test_a_stage_result_without_the_finding_of_one_row_keeps_no_row(tiny, store, build_recipe, capsys):
    before = build_recipe(tiny, store).version
    (path,) = (store / "stages/judge/memo").rglob("*.arrow")
    found = read_checked(path, path.stem)
    found.filter(pl.col("verdict") != "wrong").write_ipc_stream(path)
    shutil.rmtree(store / "stages/paths")

    again = build_recipe(tiny, store, "version=1.0.1").version

    assert again.manifest.content_digest == before.manifest.content_digest
    assert f"a kept result is damaged and is made again: {path}" in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_the_command_says_on_stderr_that_a_result_is_made_again(as_json, tiny, store, build_recipe, run):
    build_recipe(tiny, store)
    (path,) = (found.parent for found in (store / "stages/paths").glob("*/result.json"))
    truncate(path / "samples.parquet")

    done = run("build", tiny, "--store", store, "--version", "1.0.1", "--workers", 1, *as_json)

    assert done.code == 0
    assert f"a kept result is damaged and is made again: {path}" in done.err
    assert "damaged" not in done.out
    assert not as_json or done.json["status"] == "built"


# Findings


def make_findings(*ids: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"sample_id": ids, "verdict": "correct", "reason": None}, schema_overrides={"reason": pl.String}
    )


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["s_1"], "1 rows have no finding, such as s_2"),
        ([], "2 rows have no finding, such as s_1"),
        (["s_1", "s_2", "s_2"], "1 rows have several findings, such as s_2"),
        (["s_1", "s_2", "s_3"], "1 findings are about rows that it was not handed, such as s_3"),
    ],
)
def test_every_row_that_a_stage_was_handed_has_one_finding(quickstart, ids, message):
    samples = quickstart.read_table("samples").head(3).with_columns(sample_id=pl.Series(["s_1", "s_2", "s_3"]))

    with pytest.raises(RuntimeError, match=message):
        add_findings(
            samples,
            make_findings(*ids),
            Sample,
            key="sample_id",
            stage=Stage.VERIFY,
            handed=samples["sample_id"].head(2),
        )


@pytest.mark.parametrize("verdict", [None, "wrong", "check_failed", "unverifiable", "no_answer", "truncated"])
def test_a_kept_sample_that_nobody_found_right_never_passes(quickstart, verdict):
    tables = {name: quickstart.read_table(name) for name in TABLES}
    kept = pl.col("fate") == "kept"
    first = tables["samples"].filter(kept)[0, "sample_id"]
    spoilt = pl.when(pl.col("sample_id") == first).then(pl.lit(verdict, dtype=pl.String)).otherwise("verdict")

    with pytest.raises(RuntimeError, match=f"have no verdict that allows it, such as {first}"):
        check_fates({**tables, "samples": tables["samples"].with_columns(verdict=spoilt)})


# Strangers


def edit_manifest(version: Version, keys: dict[str, object]) -> None:
    """Write a manifest with other keys, and the digest that fits."""
    path = version.path / "manifest.json"
    values = {**json.loads(path.read_text()), **keys}
    path.write_text(json.dumps({**values, "manifest_digest": digest_manifest(values)}))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"scheme": SCHEME + 1}, "was written by a later Cotloom"),
        ({"scheme": SCHEME + 1, "new_key": 1}, "was written by a later Cotloom"),
        ({"scheme": 0}, "scheme"),
        ({"name": "../../x"}, "name"),
        ({"name": "a\x1b[31m"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "other"}, "lies in the folder quickstart/1.0.0"),
        ({"version": "../x"}, "version"),
        ({"version": "1.0"}, "version"),
        ({"version": "2.0.0"}, "lies in the folder quickstart/1.0.0"),
        ({"parent": "../x"}, "parent"),
        ({"counts": {"samples": -1}}, "counts"),
        ({"counts": {"samples": 10**30}}, "counts"),
        ({"counts": {"samples": "many"}}, "counts"),
        ({"files": {"../x.parquet": {"sha256": "a", "bytes": 1, "rows": 1}}}, "which is no file of the folder"),
        ({"files": {"/etc/passwd": {"sha256": "a", "bytes": 1, "rows": 1}}}, "which is no file of the folder"),
        ({"files": {}}, "problems.parquet is not in the manifest"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_manifest_of_a_stranger_is_checked_before_it_is_believed(keys, message, built, call):
    edit_manifest(built, keys)

    for words in [["show", "REF"], ["export", "REF", "--to", "OUT/export"]]:
        done = call(words)
        assert (done.code, message in done.err) == (2, True), done
        assert "\x1b" not in done.err


NESTED = b"[" * 100_000 + b"]" * 100_000
BROKEN = {
    "empty": b"",
    "cut": b'{"name": "quick',
    "a list": b"[1]",
    "null": b"null",
    "nested": NESTED,
    "nested object": b'{"calls": ' + NESTED + b"}",
    "no unicode": b'{"a": "\xff"}',
    "half a pair": b'{"a": "\\ud800"}',
    "not finite": b'{"a": NaN}',
    "too large": b'{"a": 1e999}',
    "too long": b'{"a": ' + b"9" * 10_000 + b"}",
    "twice": b'{"a": 1, "a": 2}',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_manifest_is_a_sentence(content, built, call):
    (built.path / "manifest.json").write_bytes(content)

    for words in (*READERS, ["audit", "REF"]):
        done = call(words)
        assert (done.code, "manifest.json can't be read" in done.out + done.err) == (2, True), (words, done)


@pytest.mark.parametrize("name", ["build.json", "validation.json"])
@pytest.mark.parametrize("content", [*BROKEN.values(), b'{"started_at": 5, "calls": "x", "summary": 1}'])
def test_a_broken_file_beside_a_manifest_breaks_no_list_and_is_named_by_show(name, content, built, call):
    (built.path / name).write_bytes(content)

    listed, shown = call(["list"]), call(["show", "REF"])

    assert (listed.code, "quickstart@1.0.0" in listed.out) == (0, True)
    assert name != "build.json" or "unknown" in listed.out
    assert (shown.code, f"{name} can't be read" in shown.err) == (2, True)
    assert call(["sql", "REF", "FROM funnel"]).code == 0


def test_a_version_without_the_counts_that_are_shown_is_shown_with_unknown(built, call):
    edit_manifest(built, {"counts": {}})

    assert "examples   unknown for training, unknown in all" in call(["show", "REF"]).out
    assert call(["list"]).out.count("unknown") == 4


# Stores in disorder


def test_what_is_no_version_breaks_neither_the_list_nor_a_build(built, tmp_path, run, write_recipe, build_recipe):
    store, folder = tmp_path / "store", tmp_path / "store/versions"
    shutil.copytree(built.path, folder / "quickstart/notaversion")
    shutil.copytree(built.path, folder / "quickstart/2.0.0")
    (folder / "quickstart/3.0.0").mkdir()
    (folder / "quickstart/4.0.0").symlink_to("nowhere")
    (folder / "quickstart/5.0.0").touch()
    (folder / "stray.txt").touch()
    (folder / "Not A Name/1.0.0").mkdir(parents=True)
    (folder / ".DS_Store").mkdir()
    (folder / "quickstart/.DS_Store").touch()
    odd = ["Not A Name/1.0.0", *(f"quickstart/{name}" for name in ("2.0.0", "3.0.0", "4.0.0", "5.0.0", "notaversion"))]

    text, values = run("list", "--store", store), run("list", "--store", store, "--json").json

    assert (text.code, "quickstart@1.0.0" in text.out) == (0, True)
    assert [entry["name"] for entry in values["versions"]] == ["quickstart"]
    paths = [str(Path(entry["path"]).relative_to(folder)) for entry in values["unreadable"]]
    assert sorted(paths) == sorted([*odd, "stray.txt"])
    assert all(name in text.out and entry["error"] for name, entry in zip(odd, values["unreadable"], strict=False))
    assert [version.ref for version in list_versions(store)] == ["quickstart@1.0.0"]
    assert list_version_numbers(store, "quickstart") == ["1.0.0", "2.0.0"]
    assert build_recipe(write_recipe(tmp_path), store).status is BuildStatus.BUILT
    with pytest.raises(InputError, match="no dataset nothing"):
        find_version(store, "nothing")


def test_a_listing_names_a_damaged_version_and_goes_on(built, tmp_path, run):
    remove(built.path / "samples.parquet")

    done = run("list", "--store", tmp_path / "store")

    assert done.code == 0
    assert f"not readable: {built.path}: quickstart@1.0.0 is damaged: samples.parquet is missing" in done.out
    assert scan_versions(tmp_path / "store").versions == ()
    assert open_version(built.path) == built


# Modes


@pytest.mark.parametrize("umask", ["000", "022", "077"])
def test_a_store_is_private_whatever_the_umask_and_an_export_follows_it(tiny, tmp_path, run, umask):
    before = os.umask(int(umask, 8))
    try:
        assert run("build", tiny, "--store", tmp_path / "store", "--workers", 1).code == 0
        assert run("export", "tiny", "--store", tmp_path / "store", "--to", tmp_path / "out").code == 0
    finally:
        os.umask(before)

    written = [path for path in (tmp_path / "store").rglob("*") if not path.name.startswith("ledger")]
    assert {get_mode(path) for path in written if path.is_dir()} == {0o700}
    assert {get_mode(path) for path in written if path.is_file()} == {0o600}
    assert get_mode(tmp_path / "store") == 0o700
    exported = list((tmp_path / "out").iterdir())
    assert {get_mode(path) for path in exported} == {0o666 & ~int(umask, 8)}
    assert get_mode(tmp_path / "out") == 0o777 & ~int(umask, 8)


def get_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_digit_changed_beside_the_manifest_is_noticed(build_recipe, write_recipe, tmp_path, store):
    version = build_recipe(write_recipe(tmp_path), store).version
    version.write_beside("notes.json", b'{"seen": 123}')
    for name, old, new in (("build.json", b'"new": 8', b'"new": 9'), ("notes.json", b"123", b"124")):
        path = version.path / name
        content = path.read_bytes()
        assert old in content or name == "build.json"
        path.write_bytes(
            content.replace(old, new) if old in content else content.replace(b'"ledger": 0', b'"ledger": 1')
        )

        with pytest.raises(InputError, match="does not have its own digest"):
            version.read_beside(name)
