"""Chunks of a file hold its rows, each once and with its place, however they are cut."""

import json
from dataclasses import asdict

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cotloom.builder import files
from cotloom.builder.errors import InputError
from cotloom.builder.files import Chunk, list_chunks, read_chunk, read_rows
from cotloom.builder.parquet import write_parquet, write_row_groups

anew = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

lines = st.lists(
    st.sampled_from([b'{"a": 1}', b'{"a": "long and longer"}', b"", b"  ", b"{broken", b"[1]", b'{"a":\r1}', b"\xff"])
)
tails = st.sampled_from([b"", b"\n", b"\n\n", b'{"a"', b"\r"])


def read_chunks(path):
    """The rows of all chunks, each sent as JSON on the way."""
    chunks = [Chunk(**json.loads(json.dumps(asdict(chunk)))) for chunk in list_chunks(path)]
    return [row for chunk in chunks for row in read_chunk(chunk)]


@anew
@given(
    lines, st.sampled_from([b"\n", b"\r\n"]), st.sampled_from([b"", b"\n", b"\n\n", b'{"a"', b"\r"]), st.integers(1, 60)
)
def test_chunks_of_lines_hold_the_rows_of_the_file(tmp_path, rows, end, tail, size):
    path = tmp_path / "a.jsonl"
    path.write_bytes(end.join(rows) + tail)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "CHUNK_BYTES", size)
        chunks = list_chunks(path)
        found = read_chunks(path)

    assert found == list(read_rows(path))
    content = path.read_bytes()
    assert b"".join(content[chunk.start : chunk.end] for chunk in chunks) == content
    assert all(chunk.first == content[: chunk.start].count(b"\n") + 1 for chunk in chunks)
    assert all(content[chunk.end - 1 : chunk.end] == b"\n" for chunk in chunks[:-1])


@anew
@given(st.lists(st.integers(1, 5), max_size=6), st.sampled_from([1, 200, 2**20]))
def test_chunks_of_row_groups_hold_the_rows_of_the_file(tmp_path, groups, size):
    path = tmp_path / "a.parquet"
    starts = [sum(groups[:index]) for index in range(len(groups))]
    table = pa.table({"a": list(range(sum(groups))), "b": ["text"] * sum(groups)})
    write_row_groups((table.slice(*part) for part in zip(starts, groups, strict=True)), path, table.schema)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "CHUNK_BYTES", size)
        assert read_chunks(path) == list(read_rows(path))


@pytest.mark.parametrize(("name", "text"), [("a.json", '[{"a": 1}, 2]'), ("a.csv", 'a,b\n1,"2\n3"\n4\n')])
def test_other_files_are_one_chunk(tmp_path, monkeypatch, name, text):
    monkeypatch.setattr(files, "CHUNK_BYTES", 1)
    (tmp_path / name).write_text(text)

    assert len(list_chunks(tmp_path / name)) == 1
    assert read_chunks(tmp_path / name) == list(read_rows(tmp_path / name))


def test_a_damaged_row_group_is_told_by_its_chunk_only(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "CHUNK_BYTES", 1)
    path = tmp_path / "a.parquet"
    table = pl.DataFrame({"a": [f"some text {number}" for number in range(100)]}).to_arrow()
    write_row_groups([table.slice(0, 50), table.slice(50)], path, table.schema)
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)

    first, second = list_chunks(path)
    with pytest.raises(InputError, match=r"a\.parquet"):
        list(read_chunk(first))
    assert [row.origin for row in read_chunk(second)] == [f"a.parquet:{number}" for number in range(51, 101)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.txt"])
def test_a_file_that_is_missing_or_no_table_has_no_chunks(tmp_path, name):
    with pytest.raises(InputError) as caught:
        list_chunks(tmp_path / name)
    with pytest.raises(InputError) as other:
        list(read_rows(tmp_path / name))
    assert (caught.value.message, caught.value.hint) == (other.value.message, other.value.hint)


def test_a_table_without_rows_has_no_rows(tmp_path):
    (tmp_path / "a.jsonl").touch()
    write_parquet(pl.DataFrame({"a": [1]}).clear(), tmp_path / "a.parquet")

    assert read_chunks(tmp_path / "a.jsonl") == read_chunks(tmp_path / "a.parquet") == []
