"""Pieces hold their rows, and buckets part them."""

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cotloom.builder.errors import Stopped
from cotloom.builder.store.pieces import BUCKET_ROWS, add_cell, count_bits, read_bucket, write_piece

anew = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
ids = st.integers(0, 2**16 - 1).map(lambda number: f"p_{number:04x}{number:020x}")
rows = st.lists(st.tuples(ids, st.none() | st.text(max_size=4), st.lists(st.text(max_size=2), max_size=2)), max_size=30)
SCHEMA = {"id": pl.String, "text": pl.String, "texts": pl.List(pl.String)}


@anew
@given(st.lists(rows, min_size=1, max_size=4), st.integers(0, 12))
def test_the_buckets_part_the_rows_of_all_pieces(tmp_path, pieces, bits):
    paths, frames = [], []
    for number, piece in enumerate(pieces):
        paths.append(tmp_path / f"{number}.arrow")
        frames.append(add_cell(pl.DataFrame(piece, SCHEMA, orient="row"), "id").sort("cell", maintain_order=True))
        write_piece(frames[-1], paths[-1])
    everything = pl.concat(frames)

    for bucket in {0, 2**bits - 1, *(int(cell) >> (16 - bits) for cell in everything["cell"])}:
        expected = everything.filter(pl.col("cell").cast(pl.Int32) // 2 ** (16 - bits) == bucket)
        found = read_bucket(paths, bucket, bits)
        assert found.equals(expected)
        assert found.schema == everything.schema
    assert read_bucket(paths, 0, 0).equals(everything)


def test_rows_of_one_cell_stay_in_their_order(tmp_path):
    frame = add_cell(pl.DataFrame({"id": ["p_ffff1", "p_00001", "p_ffff0", "p_00000"], "n": [1, 2, 3, 4]}), "id")

    write_piece(frame, tmp_path / "new" / "a.arrow")

    assert read_bucket([tmp_path / "new" / "a.arrow"], 0, 0)["n"].to_list() == [2, 4, 1, 3]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.arrow"]


def test_a_row_without_an_id_or_with_a_strange_one_is_in_the_first_cell():
    frame = pl.DataFrame({"problem_id": ["p_00ff0", None, "p_math", ""]})

    assert add_cell(frame)["cell"].to_list() == [0x00FF, 0, 0, 0]


def test_there_are_as_few_buckets_as_their_size_allows():
    assert [count_bits(rows) for rows in (0, 1, BUCKET_ROWS, BUCKET_ROWS + 1, 2 * BUCKET_ROWS, 10**12)] == [
        0, 0, 0, 1, 1, 12,
    ]  # fmt: skip


def test_a_disk_that_can_not_be_written_stops_the_build(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(Stopped, match=r"a\.arrow can't be written"):
        write_piece(add_cell(pl.DataFrame({"id": ["p_0000"]}), "id"), tmp_path / "file" / "a.arrow")
