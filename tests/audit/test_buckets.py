"""Versions of several buckets: what is wrong is found as in a version of one, and rows stay where they belong."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

from cotloom.builder.audit import CHECKS, audit, run_checks
from cotloom.builder.parquet import read_parquet
from cotloom.builder.store import Version, open_version
from cotloom.builder.store.tables import cut_tables
from cotloom.schemas.runtime import Runtime
from tests.forged import rewrite, rewrite_file
from tests.publish.versions import recorded

TABLES = ("problems", "samples", "examples")
KINDS = (*TABLES, "mixture")
KEPT = pl.col("fate") == "kept"
IDS = {"problems": "problem_id", "samples": "sample_id", "examples": "example_id"}

Change = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, build_recipe) -> Version:
    """A version of one bucket."""
    folder = tmp_path_factory.mktemp("whole")
    return build_recipe(recorded(folder), folder / "store").version


@pytest.fixture(scope="module")
def parted(tmp_path_factory, build_recipe) -> Version:
    """The same rows in several buckets."""
    folder = tmp_path_factory.mktemp("parted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cotloom.builder.store.pieces.BUCKET_ROWS", 32)
        return build_recipe(recorded(folder), folder / "store").version


def list_findings(version: Version) -> set[tuple[str, str]]:
    return {(finding.check, finding.message) for finding in audit(version)}


def list_messages(version: Version, check: str) -> str:
    return "\n".join(finding.message for finding in audit(version) if finding.check == check)


def copy(version: Version, folder: Path) -> Version:
    shutil.copytree(version.path, folder)
    return open_version(folder)


def first(where: pl.Expr, column: str, value: object, key: str) -> Change:
    """Set a column of the row of lowest id that something holds of."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        lowest = frame.filter(where).select(pl.col(key).min()).item()
        here = where & (pl.col(key) == lowest)
        return frame.with_columns(
            pl.when(here).then(pl.lit(value, dtype=frame.schema[column])).otherwise(pl.col(column)).alias(column)
        )

    return change


def test_the_versions_are_of_the_same_rows_in_one_and_in_several_buckets(whole, parted):
    assert (whole.manifest.bucket_bits, parted.manifest.bucket_bits) == (0, 2)
    for name, key in IDS.items():
        rows = [
            version.read_table(name).sort(key, *(["source", "origin"] if name == "problems" else []))
            for version in (whole, parted)
        ]
        assert rows[0].equals(rows[1])


def test_a_version_of_several_buckets_passes_every_check(parted):
    report = run_checks(parted, runtime=Runtime(workers=2))

    assert report.findings == ()
    assert report.passed == ("files", "schemas", *CHECKS)
    assert report.skipped == {}


PLANTED = {
    "a verdict that there is not": [("samples", "verdict", "splendid", KEPT)],
    "verdicts": [
        ("samples", "verdict", "wrong", KEPT & (pl.col("verdict") == "correct")),
        ("problems", "question", "Another?", KEPT),
        ("examples", "reason", "over_cap", pl.col("reason") == "not_taken"),
    ],
    "texts": [
        ("samples", "text", "A: 1", KEPT & (pl.col("verdict") == "correct")),
        ("problems", "source", "/home/ann/x", KEPT),
        ("examples", "mixture_stage", "second", pl.col("mixture_stage") == "first"),
    ],
    "teachers": [
        ("samples", "teacher", "nobody", KEPT),
        ("problems", "cluster", "a test problem", KEPT & (pl.col("split") == "test")),
        ("examples", "other_sample_ids", ["s_other"], KEPT & (pl.col("other_sample_ids").list.len() > 0)),
    ],
    "sides": [
        ("samples", "simulated", True, KEPT),
        ("problems", "split", "test", KEPT & (pl.col("split") == "train")),
        ("examples", "split", "test", KEPT & (pl.col("mixture_stage") == "first")),
    ],
    "secrets": [
        ("samples", "text", "Call (212) 555-0123 or ann@mail.org, hf_" + "AbCdEfGhIj" * 3 + "KlMn", KEPT),
        ("problems", "language", "xx", KEPT),
    ],
    "a stage": [("samples", "stage", None, ~KEPT)],
}
"""Faults, each of one column of one table; those of a list are planted together."""


@pytest.mark.parametrize("faults", PLANTED.values(), ids=PLANTED)
def test_planted_faults_are_found_as_in_one_bucket(whole, parted, tmp_path, faults):
    found = []
    for version in (whole, parted):
        changed = {
            table: first(where, column, value, IDS[table])(version.read_table(table))
            for table, column, value, where in faults
        }
        found.append(list_findings(rewrite(version, tmp_path / str(version.manifest.bucket_bits), **changed)))

    assert found[0] == found[1]
    assert len(found[0]) >= len(faults)


def test_a_demonstration_of_the_test_split_or_the_own_group_is_found_across_buckets(parted, tmp_path):
    problems = parted.read_table("problems").filter(KEPT)
    kept = parted.read_table("samples").filter(KEPT & (pl.col("verdict") == "correct"))
    sides = kept.join(problems.select("problem_id", "split", "cluster"), on="problem_id", suffix="_asked")
    examples = parted.read_table("examples")
    shows = KEPT & pl.col("mixture_stage").is_not_null() & (pl.col("other_sample_ids").list.len() > 0)
    test = sides.filter(
        pl.col("split_asked") == "test" if "split_asked" in sides.columns else pl.col("split") == "test"
    )
    ours = examples.filter(shows)[0, "problem_id"]
    elsewhere = test.filter(pl.col("problem_id").str.slice(2, 1) != ours[2])

    change = first(
        shows & (pl.col("problem_id") == ours), "other_sample_ids", [elsewhere[0, "sample_id"]], "example_id"
    )
    found = list_messages(rewrite(parted, tmp_path / "forged", examples=change(examples)), "demonstrations")

    assert "show a problem that is not in the training split" in found


def test_a_group_in_both_splits_is_found_across_buckets(parted, tmp_path):
    problems = parted.read_table("problems")
    test = problems.filter(KEPT & (pl.col("split") == "test"))[0]
    train = problems.filter(
        KEPT & (pl.col("split") == "train") & (pl.col("problem_id").str.slice(2, 1) != test[0, "problem_id"][2])
    )
    change = first(pl.col("problem_id") == train[0, "problem_id"], "cluster", test[0, "cluster"], "problem_id")

    found = list_messages(rewrite(parted, tmp_path / "forged", problems=change(problems)), "splits")

    assert f"1 clusters of variations are in both splits, such as '{test[0, 'cluster']}'" in found


def test_a_flipped_byte_is_found_in_any_file(parted, tmp_path):
    for name in sorted(path.name for path in parted.path.glob("*-00002-of-*.parquet")):
        content = bytearray((parted.path / name).read_bytes())
        version = copy(parted, tmp_path / name)
        content[len(content) // 2] ^= 1
        (version.path / name).write_bytes(content)

        assert f"{name} differs from the manifest" in list_messages(version, "files")


def test_a_file_that_is_missing_or_too_many_is_named(parted, tmp_path):
    version = copy(parted, tmp_path / "copy")
    (version.path / "samples-00003-of-00004.parquet").rename(version.path / "samples-00003-of-00008.parquet")

    report = run_checks(version)

    messages = [finding.message for finding in report.findings if finding.check == "files"]
    assert messages == [
        "samples-00003-of-00008.parquet is not in the manifest", "samples-00003-of-00004.parquet is missing",
    ]  # fmt: skip
    assert report.skipped["demonstrations"] == "needs tables that can't be read"


def read_files(version: Version, bucket: int) -> Mapping[str, pl.DataFrame]:
    return {kind: read_parquet(version.path / f"{kind}-{bucket:05}-of-00004.parquet") for kind in KINDS}


@pytest.mark.parametrize("table", TABLES)
def test_a_row_in_a_wrong_bucket_is_found(parted, tmp_path, table):
    version = copy(parted, tmp_path / "copy")
    source = next(bucket for bucket in range(4) if read_files(version, bucket)[table].height)
    target = (source + 1) % 4
    moved, rest = (read_files(version, source)[table][place] for place in (slice(0, 1), slice(1, None)))
    there = pl.concat([read_files(version, target)[table], moved])
    version = rewrite_file(rewrite_file(version, table, source, rest), table, target, there)

    found = list_messages(version, "buckets")

    assert f"1 {table} lie in another bucket than their problem" in found


def test_rows_out_of_order_are_found(parted, tmp_path):
    version = copy(parted, tmp_path / "copy")
    rows = read_parquet(version.path / "samples-00000-of-00004.parquet")

    found = list_messages(
        rewrite_file(version, "samples", 0, rows.sort("sample_id", descending=True), sort=False), "buckets"
    )

    assert found == "1 files of samples do not have their rows in order"


def find_bucket_with_mixture(version: Version) -> int:
    return next(bucket for bucket in range(4) if read_files(version, bucket)["mixture"].height)


def test_mixture_without_a_text_is_found(parted, tmp_path):
    version = copy(parted, tmp_path / "copy")
    bucket = find_bucket_with_mixture(version)
    files = read_files(version, bucket)
    gone = files["mixture"][0, "text_id"]

    found = list_messages(
        rewrite_file(version, "examples", bucket, files["examples"].filter(pl.col("example_id") != gone)), "buckets"
    )

    assert "1 examples are in the mixture, and have no text" in found


def test_a_text_without_the_mixture_that_it_needs_is_found(parted, tmp_path):
    version = copy(parted, tmp_path / "copy")
    bucket = find_bucket_with_mixture(version)
    rows = read_files(version, bucket)["mixture"]
    gone = rows[0, "text_id"]

    found = list_messages(rewrite_file(version, "mixture", bucket, rows.filter(pl.col("text_id") != gone)), "buckets")

    assert found == f"1 examples are for training, and the mixture does not decide about them, such as {gone}"


def test_buckets_cut_from_tables_are_those_that_were_built(parted):
    tables = {name: parted.read_table(name) for name in TABLES}

    for bucket, files in enumerate(cut_tables(tables, 2)):
        for kind, frame in read_files(parted, bucket).items():
            assert files[kind].equals(frame)
