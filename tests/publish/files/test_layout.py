import json
from pathlib import Path
from tempfile import TemporaryDirectory

import datasets
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.files import digest_file
from cotloom.builder.publish.files.layout import write_layout
from cotloom.builder.publish.files.parquet import choose_group_rows, pack_shards, split_row_groups
from cotloom.builder.publish.files.read import FILE_LIST
from cotloom.builder.publish.files.rebuild import read_rows
from cotloom.builder.store import Version
from cotloom.builder.store.tables import join_examples
from tests.publish.versions import recorded
from tests.test_laws import recipes

TABLES = ("problems", "samples", "examples")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, build_recipe) -> Version:
    """A version with recorded answers, a reference and an evaluation source, demonstrations and two stages."""
    folder = tmp_path_factory.mktemp("mixed")
    return build_recipe(recorded(folder), folder / "store").version


@pytest.fixture(scope="module")
def laid(quickstart, mixed, tmp_path_factory):
    """Both versions, laid out."""
    folder = tmp_path_factory.mktemp("laid")
    return {
        version.manifest.name: write_layout(version, folder / version.manifest.name) for version in (quickstart, mixed)
    }


def loaded(folder: Path, config: str, cache: Path) -> datasets.DatasetDict:
    return datasets.load_dataset(str(folder), config, cache_dir=str(cache))


def assert_same(version: Version, folder: Path) -> None:
    with TemporaryDirectory() as work:
        rows = read_rows(folder, Path(work))
        buckets = list(rows.iterate_buckets())
        assert rows.manifest == version.manifest
        assert rows.compute_digest() == version.manifest.content_digest
    for name in ("problems", "samples"):
        assert_frame_equal(pl.concat(files[name] for files in buckets), version.read_table(name))
    examples = pl.concat(join_examples(files["examples"], files["mixture"]) for files in buckets)
    expected = version.read_table("examples")
    assert_frame_equal(examples.select(expected.columns), expected)


def test_what_was_laid_out_reads_back_as_it_was(quickstart, mixed, laid):
    assert_same(quickstart, laid["quickstart"].folder)
    assert_same(mixed, laid["recorded"].folder)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(keys=recipes)
def test_any_version_reads_back_as_it_was(tmp_path_factory, write_recipe, build_recipe, keys):
    folder = tmp_path_factory.mktemp("any")
    version = build_recipe(write_recipe(folder, **keys), folder / "store").version

    write_layout(version, folder / "out")

    assert_same(version, folder / "out")


def test_a_version_that_kept_nothing_reads_back_as_it_was(write_recipe, tmp_path, store, build_recipe):
    slips = {"wrong_arithmetic": 1.0, **dict.fromkeys(("wrong_operand", "lucky_answer", "cut_off"), 0.0)}
    teacher = {"backend": "simulated", "slips": {**slips, "no_answer": 0.0, "repeat": 0.0}}
    version = build_recipe(write_recipe(tmp_path, teacher=teacher), store).version

    found = write_layout(version, tmp_path / "out")

    assert version.manifest.counts["examples"] == 0
    assert next(iter(found.configs)) == "candidates"
    assert_same(version, tmp_path / "out")


def test_every_config_loads_with_the_rows_that_the_version_has(quickstart, mixed, laid, tmp_path):
    for version in (quickstart, mixed):
        folder = laid[version.manifest.name].folder
        examples, samples = version.read_table("examples"), version.read_table("samples")
        for config in laid[version.manifest.name].configs:
            found = loaded(folder, config, tmp_path / "cache")
            count = sum(len(split) for split in found.values())
            kept = examples.filter(pl.col("fate") == "kept")
            expected = {
                "default": kept.height,
                "candidates": samples.height,
                "problems": version.read_table("problems").height,
                "logprobs": samples["token_logprobs"].drop_nulls().len(),
                "dropped_examples": examples.height - kept.height,
            }.get(config, kept.filter(pl.col("format") == config).height)
            assert count == expected > 0


def test_the_config_that_loads_by_itself_is_train_ready(quickstart, laid, tmp_path):
    found = datasets.load_dataset(str(laid["quickstart"].folder), cache_dir=str(tmp_path))

    kept = quickstart.read_table("examples").filter(pl.col("fate") == "kept")
    assert {side: len(rows) for side, rows in found.items()} == dict(kept.group_by("split").len().iter_rows())
    assert found["train"].column_names[:8] == [
        "messages", "answer", "source", "problem_id", "cluster", "pass_rate", "teacher", "hint",
    ]  # fmt: skip
    assert set(found["train"]["mixture_stage"]) == {"train"}
    assert set(found["test"]["mixture_stage"]) == {None}
    assert {row["messages"][-1]["role"] for row in found["train"]} == {"assistant"}
    wanted = dict(kept.select("example_id", "messages").iter_rows())
    assert {row["example_id"]: row["messages"] for side in found.values() for row in side} == wanted


def test_no_row_of_the_test_side_or_of_evaluation_lies_in_a_train_split(mixed, laid):
    folder = laid["recorded"].folder
    apart = mixed.read_table("problems").filter(
        pl.col("split").ne_missing(pl.lit("train")) | (pl.col("fate") != "kept")
    )
    trained = mixed.read_table("problems").filter((pl.col("fate") == "kept") & (pl.col("split") == "train"))[
        "problem_id"
    ]
    outside = set(apart["problem_id"].drop_nulls()) - set(trained)

    files = list((folder / "data").rglob("train-*.parquet"))

    assert {path.parent.name for path in files} >= {"candidates", "problems", "zero_shot_cot", "in_context_cot"}
    for path in files:
        assert not outside & set(pl.read_parquet(path)["problem_id"].drop_nulls())
    assert {path.name.split("-")[0] for path in (folder / "data/problems").iterdir()} == {
        "train", "test", "evaluation", "dropped",
    }  # fmt: skip


def test_candidates_say_how_they_were_sampled_where_a_teacher_was_asked(write_recipe, tmp_path, store, build_recipe):
    sources = [
        {"name": "made", "kind": "arithmetic", "problems": 4},
        {"name": "words", "kind": "skills", "role": "reference", "problems": 4},
    ]
    teacher = {"backend": "simulated", "sampling": {"temperature": 0.7, "max_tokens": 99}}
    version = build_recipe(write_recipe(tmp_path, sources=sources, teacher=teacher), store).version

    write_layout(version, tmp_path / "out")

    found = pl.read_parquet(tmp_path / "out/data/candidates/*.parquet")
    parameters = ("temperature", "top_p", "max_tokens", "top_logprobs")
    asked = found.filter(pl.col("verdict") != "provided").select(parameters).unique().rows()
    brought = found.filter(pl.col("verdict") == "provided").select(parameters).unique().rows()
    assert (asked, brought) == ([(0.7, None, 99, 0)], [(None, None, None, None)])


def test_in_the_candidates_verdicts_come_before_the_long_texts(laid):
    path = next((laid["recorded"].folder / "data/candidates").iterdir())

    columns = pq.read_schema(path).names

    assert columns[-5:] == ["steps", "text", "reasoning", "blind_text", "grades"]
    assert columns.index("verdict") < columns.index("text")
    assert "token_logprobs" not in columns


def test_every_file_is_listed_with_its_digest_size_and_rows(laid):
    for found in laid.values():
        there = {str(path.relative_to(found.folder)) for path in found.folder.rglob("*") if path.is_file()}
        listed = json.loads((found.folder / FILE_LIST).read_text())
        assert {*listed, FILE_LIST} == there
        assert listed == {name: file.model_dump() for name, file in found.files.items()}
        for name, file in found.files.items():
            rows = pq.read_metadata(found.folder / name).num_rows if name.endswith(".parquet") else 0
            assert (file.sha256, file.bytes, file.rows) == (*digest_file(found.folder / name), rows)


def test_tables_have_pages_that_can_be_found_and_chunks_by_content(laid):
    path = next((laid["quickstart"].folder / "data/logprobs").iterdir())

    column = pq.read_metadata(path).row_group(0).column(0)

    assert column.has_offset_index
    assert column.has_column_index
    assert column.compression == "ZSTD"


@pytest.mark.parametrize(
    ("size", "rows", "group"),
    [(0, 0, 1), (10, 1, 65_536), (64 * 2**20, 1_000, 512), (64 * 2**20, 1_024, 1_024), (2**40, 10, 1)],
)
def test_row_groups_are_powers_of_two_within_the_limits(size, rows, group):
    assert choose_group_rows(size, rows) == group


def test_large_tables_are_parted_into_groups_and_files(mixed, tmp_path, monkeypatch):
    monkeypatch.setattr("cotloom.builder.publish.files.parquet._GROUP_BYTES", 4_000)
    monkeypatch.setattr("cotloom.builder.publish.files.parquet._SHARD_GROUPS", 2)

    found = write_layout(mixed, tmp_path / "out")

    names = [name for name in found.files if name.startswith("data/candidates/train-")]
    assert len(names) > 2
    assert names == [f"data/candidates/train-{n:05}-of-{len(names):05}.parquet" for n in range(len(names))]
    assert pq.read_metadata(tmp_path / "out" / names[0]).num_row_groups == 2
    assert_same(mixed, tmp_path / "out")
    assert len(loaded(tmp_path / "out", "candidates", tmp_path / "cache")["train"]) == sum(
        found.files[name].rows for name in names
    )


@pytest.fixture
def line(write_recipe, tmp_path, store, build_recipe) -> list[Version]:
    """Three versions in a line, each with more problems than the one before."""
    return [
        build_recipe(
            write_recipe(tmp_path, sources=[{"name": "made", "kind": "arithmetic", "problems": count}]),
            store,
            f'version="1.{place}.0"',
        ).version
        for place, count in enumerate((6, 8, 11))
    ]


def test_rows_that_came_with_a_version_stand_after_those_before(line, tmp_path):
    write_layout(line[-1], tmp_path / "out")

    samples = pl.read_parquet(tmp_path / "out/data/candidates/train-*.parquet")["sample_id"].to_list()

    seen: list[str] = []
    for version in line:
        rows = version.read_table("samples").sort("problem_id", "sample_id")
        new = [one for one in rows["sample_id"].to_list() if one not in seen]
        assert samples[len(seen) : len(seen) + len(new)] == new
        assert len(new) > 0
        seen += new
    assert_same(line[-1], tmp_path / "out")


def test_the_bytes_of_the_rows_before_stay_as_they_were(line, tmp_path):
    files = [write_layout(version, tmp_path / version.manifest.version).folder for version in line[:2]]
    old, new = (folder / "data/candidates/train-00000-of-00001.parquet" for folder in files)

    last = pq.read_metadata(old).row_group(0).column(pq.read_metadata(old).num_columns - 1)
    end = (last.dictionary_page_offset or last.data_page_offset) + last.total_compressed_size
    assert (pq.read_metadata(old).num_row_groups, pq.read_metadata(new).num_row_groups) == (1, 2)
    assert end > 4_000
    assert new.read_bytes()[:end] == old.read_bytes()[:end]


@given(st.lists(st.integers(1, 40), max_size=6), st.integers(1, 16), st.integers(1, 4))
def test_every_row_is_in_one_group_and_groups_end_with_their_version(generations, most, times):
    groups = list(split_row_groups(generations, most))
    shards = pack_shards(groups, most * times)

    assert [row for start, rows in groups for row in range(start, start + rows)] == list(range(sum(generations)))
    assert {sum(generations[:place]) for place in range(len(generations))} <= {start for start, _ in groups}
    assert [group for shard in shards for group in shard] == groups
    assert all(sum(rows for _, rows in shard) <= most * times for shard in shards)
    assert all(shard for shard in shards)


def test_a_version_away_from_its_store_is_ordered_by_problem_and_id(line, tmp_path):
    away = tmp_path / "away"
    line[-1].path.rename(away)

    write_layout(Version(path=away, manifest=line[-1].manifest), tmp_path / "out")

    samples = pl.read_parquet(tmp_path / "out/data/candidates/train-*.parquet").select("problem_id", "sample_id").rows()
    assert samples == sorted(samples)


def test_a_layout_is_the_same_bytes_again(mixed, laid, tmp_path):
    again = write_layout(mixed, tmp_path / "again")

    assert dict(again.files) == dict(laid["recorded"].files)


def test_a_folder_with_something_in_it_is_left_alone(mixed, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(InputError, match="already exists"):
        write_layout(mixed, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_place_that_can_not_be_written_stops_it(mixed, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(Stopped, match="can't be written"):
        write_layout(mixed, tmp_path / "file" / "out")


@pytest.fixture
def copy(mixed, tmp_path) -> Path:
    write_layout(mixed, tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def work(tmp_path) -> Path:
    """A folder for the pieces of a copy."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", ["cotloom/manifest.json", FILE_LIST, "data/problems/train-00000-of-00001.parquet"])
def test_a_copy_that_lacks_a_file_is_no_published_version(copy, work, name):
    (copy / name).unlink()

    with pytest.raises(InputError, match="has no published version"):
        read_rows(copy, work)


def test_a_list_of_files_can_not_lead_out_of_the_folder(copy, work):
    listed = json.loads((copy / FILE_LIST).read_text())
    (copy / FILE_LIST).write_text(json.dumps({**listed, "data/../../secret.parquet": {}}))

    with pytest.raises(InputError, match="leads out of the folder"):
        read_rows(copy, work)


def test_a_row_that_was_changed_shows_in_the_digest(copy, work, mixed):
    path = copy / "data/candidates/train-00000-of-00001.parquet"
    table = pl.read_parquet(path).with_columns(verdict=pl.lit("correct"))
    table.write_parquet(path)

    assert read_rows(copy, work).compute_digest() != mixed.manifest.content_digest


@given(st.integers(0, 2**40), st.integers(0, 10**9))
def test_a_row_group_is_never_empty_nor_larger_than_the_viewer_likes(size, rows):
    assert 1 <= choose_group_rows(size, rows) <= 2**16


def build_parted(recipe: Path, store: Path, build_recipe, *changes: str, rows: int = 16) -> Version:
    """Build a version of several buckets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cotloom.builder.store.pieces.BUCKET_ROWS", rows)
        return build_recipe(recipe, store, *changes).version


def test_a_version_of_several_buckets_reads_back_as_it_was(tmp_path, build_recipe):
    version = build_parted(recorded(tmp_path), tmp_path / "store", build_recipe)

    write_layout(version, tmp_path / "out")

    assert version.manifest.bucket_bits == 3
    assert_same(version, tmp_path / "out")


def test_the_rows_are_the_same_bytes_in_whatever_number_of_buckets(mixed, laid, tmp_path, build_recipe):
    version = build_parted(recorded(tmp_path), tmp_path / "store", build_recipe)

    found = write_layout(version, tmp_path / "out")

    tables = {name: file.sha256 for name, file in found.files.items() if name.endswith(".parquet")}
    whole = laid[mixed.manifest.name].files
    assert tables == {name: file.sha256 for name, file in whole.items() if name.endswith(".parquet")}


def test_the_bytes_of_the_rows_before_stay_where_the_number_of_buckets_rises(write_recipe, tmp_path, build_recipe):
    sources = [[{"name": "made", "kind": "arithmetic", "problems": count}] for count in (6, 12)]
    versions = [
        build_parted(
            write_recipe(tmp_path, sources=own), tmp_path / "store", build_recipe, f'version="1.{place}.0"', rows=12
        )
        for place, own in enumerate(sources)
    ]
    folders = [write_layout(version, tmp_path / version.manifest.version).folder for version in versions]
    old, new = (folder / "data/candidates/train-00000-of-00001.parquet" for folder in folders)

    last = pq.read_metadata(old).row_group(0).column(pq.read_metadata(old).num_columns - 1)
    end = (last.dictionary_page_offset or last.data_page_offset) + last.total_compressed_size
    assert versions[0].manifest.bucket_bits < versions[1].manifest.bucket_bits
    assert new.read_bytes()[:end] == old.read_bytes()[:end]
