"""Exports of a version with several buckets: the same rows, bucket after bucket, or nothing at all."""

import json
import shutil
from pathlib import Path

import datasets
import polars as pl
import pyarrow.parquet as pq
import pytest

from cotloom.builder import parquet
from cotloom.builder.errors import InputError
from cotloom.builder.export import EXPORTS, export, make_dataset_dict
from cotloom.builder.store import Version, open_version
from cotloom.builder.store.tables import name_file
from tests.buckets import build_both
from tests.forged import rewrite, write_manifest


@pytest.fixture(scope="module")
def both(tmp_path_factory, write_recipe, build_recipe) -> list[Version]:
    return build_both(tmp_path_factory.mktemp("both"), write_recipe, build_recipe)


@pytest.fixture
def copied(both, tmp_path) -> Version:
    """A copy of the version with several buckets, to be changed."""
    return open_version(shutil.copytree(both[1].path, tmp_path / "copy"))


def read_rows(folder: Path) -> dict[str, list[dict]]:
    """The rows of each file or split of an export."""
    if (folder / "dataset_dict.json").exists():
        return {name: rows.to_list() for name, rows in datasets.load_from_disk(folder).items()}
    found = {path.name: pl.read_parquet(path).to_dicts() for path in folder.glob("*.parquet")}
    return found | {path.name: list(map(json.loads, path.read_bytes().splitlines())) for path in folder.glob("*.jsonl")}


def sort_rows(rows: dict[str, list[dict]]) -> dict[str, list[str]]:
    return {name: sorted(json.dumps(row, sort_keys=True) for row in part) for name, part in rows.items()}


@pytest.mark.parametrize("form", EXPORTS)
def test_an_export_has_the_same_rows_whatever_the_buckets(form, both, tmp_path):
    one, several = (export(version, form, tmp_path / str(number)) for number, version in enumerate(both))

    assert one == several
    first, second = (read_rows(tmp_path / str(number)) for number in range(2))
    assert sort_rows(first) == sort_rows(second)
    assert {name: len(rows) for name, rows in second.items()} == several.rows


@pytest.mark.parametrize("form", ["trl", "jsonl", "parquet", "datasets"])
def test_rows_come_bucket_by_bucket_and_within_a_bucket_by_id(form, both, tmp_path):
    version = both[1]
    buckets = [rows["example_id"].sort().to_list() for rows in version.iterate_table("examples", ["example_id"])]
    place = {name: (number, name) for number, names in enumerate(buckets) for name in names}

    export(version, form, tmp_path / "out")

    for rows in read_rows(tmp_path / "out").values():
        places = [place[row["example_id"]] for row in rows]
        assert places == sorted(places)


def test_a_dataset_dict_in_memory_has_the_rows_of_all_buckets(both):
    one, several = map(make_dataset_dict, both)

    assert list(one) == list(several)
    for name, rows in one.items():
        assert several[name].features == rows.features
        assert sort_rows({"": several[name].to_list()}) == sort_rows({"": rows.to_list()})


def test_row_groups_of_parquet_are_filled_across_buckets(both, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP_ROWS", 20)

    done = export(both[1], "parquet", tmp_path / "out")

    for name, count in done.rows.items():
        metadata = pq.read_metadata(tmp_path / "out" / name)
        sizes = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
        assert sizes == [20] * (count // 20) + [count % 20] * (count % 20 > 0)


@pytest.mark.parametrize("name", ["problems", "samples", "examples", "mixture"])
@pytest.mark.parametrize("form", ["trl", "datasets"])
def test_damage_in_the_last_bucket_is_told_and_nothing_is_written(name, form, copied, tmp_path):
    bits = copied.manifest.bucket_bits
    path = copied.path / name_file(name, (1 << bits) - 1, bits)
    content = path.read_bytes()
    path.write_bytes(content[:60] + bytes([content[60] ^ 1]) + content[61:])

    with pytest.raises(InputError, match=f"{path.name} differs from the manifest"):
        export(copied, form, tmp_path / "out")

    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize("form", ["trl", "parquet", "datasets"])
def test_rows_that_do_not_have_their_digest_end_an_export_without_a_trace(form, copied, tmp_path):
    bits = copied.manifest.bucket_bits
    last = name_file("examples", (1 << bits) - 1, bits)
    files = copied.manifest.files
    digest = files[name_file("examples", 0, bits)].digest
    lying = write_manifest(copied, files={**files, last: files[last].model_copy(update={"digest": digest})})

    with pytest.raises(InputError, match="do not have the content digest of the manifest"):
        export(lying, form, tmp_path / "out")

    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize("form", ["trl", "llama-factory-alpaca", "openai", "parquet"])
def test_odd_chats_of_all_buckets_are_counted_and_nothing_is_written(form, copied, tmp_path):
    examples = copied.read_table("examples")
    odd = examples.with_columns(messages=pl.col("messages").list.head(1))
    changed = rewrite(copied, examples=odd)
    kept = examples.filter(pl.col("fate") == "kept").height

    with pytest.raises(InputError, match=f"{kept} examples in which user and assistant do not alternate"):
        export(changed, form, tmp_path / "out")

    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
