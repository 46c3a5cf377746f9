"""What can be made again is checked when it is read, and made again where it is damaged."""

import random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cotloom.builder.store.checked import digest_table, keep_checked, read_checked, write_checked

NESTED = pl.DataFrame(
    {
        "id": [f"s_{n}" for n in range(120)],
        "text": ["two words", None, ""] * 40,
        "steps": [[{"at": 1, "text": "1 + 1"}], [], None] * 40,
        "number": [0.5, None, float("nan")] * 40,
        "flag": [True, None, False] * 40,
        "span": [{"start": 1, "marks": ["u"]}, None, {"start": None, "marks": []}] * 40,
        "nothing": [None] * 120,
    }
)


def test_a_result_comes_back_with_its_values_and_types(tmp_path):
    write_checked(NESTED, tmp_path / "a.parquet", "key")

    again = read_checked(tmp_path / "a.parquet", "key")

    assert again.schema == NESTED.schema
    assert_frame_equal(again, NESTED)


def test_a_result_that_is_not_there_is_no_warning(tmp_path, capsys):
    assert read_checked(tmp_path / "a.parquet", "key") is None
    assert capsys.readouterr().err == ""


def test_no_flipped_bit_gives_another_table(tmp_path, capsys):
    path, pick = tmp_path / "a.parquet", random.Random(7)
    write_checked(NESTED, path, "key")
    whole = path.read_bytes()
    refused = 0

    for _ in range(600):
        place = pick.randrange(len(whole) * 8)
        path.write_bytes(flip(whole, place))
        found = read_checked(path, "key")
        refused += found is None
        if found is not None:  # the bit has no meaning for the rows: a statistic, an index, padding
            assert found.schema == NESTED.schema
            assert_frame_equal(found, NESTED)

    assert refused > 200
    assert len(capsys.readouterr().err.splitlines()) == refused


def flip(whole: bytes, place: int) -> bytes:
    flipped = bytearray(whole)
    flipped[place // 8] ^= 1 << (place % 8)
    return bytes(flipped)


def replace_by_plain_table(path):
    NESTED.head(3).write_parquet(path)


def swap_with_another_key(path):
    write_checked(NESTED.head(3), path, "another key")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b"PAR1" * 100),
        lambda path: (path.unlink(), path.mkdir()),
        replace_by_plain_table,
        swap_with_another_key,
    ],
)
def test_a_damaged_swapped_or_foreign_result_is_never_believed_and_named_on_stderr(tmp_path, capsys, spoil):
    path = tmp_path / "a.parquet"
    write_checked(NESTED, path, "key")
    spoil(path)

    assert read_checked(path, "key") is None
    assert f"a kept result is damaged and is made again: {path}" in capsys.readouterr().err


def test_what_can_not_be_kept_is_no_error(tmp_path):
    (tmp_path / "file").touch()

    keep_checked(NESTED, tmp_path / "file" / "a.parquet", "key")

    assert (tmp_path / "file").read_bytes() == b""


def test_the_digest_of_a_table_depends_neither_on_chunks_nor_on_what_lies_under_a_null():
    frame = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "yy", None]})
    parts = pl.concat([frame.head(1), frame.tail(2)], rechunk=False)
    masked = pl.DataFrame({"a": [1, 9, 3]}).with_columns(pl.when(pl.col("a") != 9).then("a").alias("a"))

    assert digest_table(parts.to_arrow()) == digest_table(frame.to_arrow())
    assert digest_table(masked.to_arrow()) == digest_table(pl.DataFrame({"a": [1, None, 3]}).to_arrow())


OTHERS = [
    {"a": ["x", "yz"]},
    {"a": ["xy", "z"]},
    {"b": ["x", "yz"]},
    {"a": ["x", None]},
    {"a": ["x", ""]},
    {"a": [["x"], ["yz"]]},
    {"a": [["x", "yz"], []]},
    {"a": [1, 2]},
    {"a": [1.0, 2.0]},
    {"a": [1.0, -2.0]},
    {"a": [True, False]},
    {"a": [{"x": 1}, {"x": 2}]},
    {"a": [{"y": 1}, {"y": 2}]},
    {"a": [None, {"x": 2}]},
    {"a": [{"x": None}, {"x": 2}]},
    {"a": ["x", "yz"], "b": [1, 2]},
    {"a": ["x", "yz", None]},
]


def test_the_digest_of_a_table_changes_with_names_types_values_and_nulls():
    digests = [digest_table(pl.DataFrame(columns).to_arrow()) for columns in OTHERS]

    assert len(set(digests)) == len(OTHERS)


@given(
    st.lists(st.lists(st.text(max_size=3) | st.none(), max_size=3) | st.none(), min_size=1, max_size=5),
    st.lists(st.lists(st.text(max_size=3) | st.none(), max_size=3) | st.none(), min_size=1, max_size=5),
)
def test_the_digests_of_two_tables_are_the_same_only_if_their_cells_are(one, other):
    tables = [pl.DataFrame({"a": cells}, schema={"a": pl.List(pl.String)}).to_arrow() for cells in (one, other)]

    assert (digest_table(tables[0]) == digest_table(tables[1])) == (one == other)
