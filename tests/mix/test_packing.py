"""Packing rows into sequences: as many as placing them one by one takes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.errors import InputError
from cotloom.builder.mix import measure_lengths
from cotloom.builder.mix.packing import pack_rows

SIZES = st.lists(st.integers(0, 40), max_size=60)


def place_one_by_one(sizes, length):
    """The sequences of best fit decreasing, row by row."""
    rooms = []
    for size in sorted((size for size in sizes if size), reverse=True):
        fitting = [room for room in rooms if room >= size]
        if fitting:
            rooms.remove(min(fitting))
        rooms.append((min(fitting) if fitting else length) - size)
    return len(rooms)


@given(SIZES, st.integers(40, 200))
def test_equal_rows_together_take_as_many_sequences_as_one_by_one(sizes, length):
    assert pack_rows(Counter(sizes), length) == place_one_by_one(sizes, length)


def test_a_row_longer_than_a_sequence_is_refused():
    with pytest.raises(InputError, match="101 tokens"):
        pack_rows({101: 1}, 100)


@given(SIZES.filter(any), st.integers(0, 60))
def test_rows_that_are_longer_than_a_sequence_are_counted_and_packed_into_none(sizes, length):
    found = measure_lengths("s", Counter(sizes), length)
    fitting = [size for size in sizes if size <= length]
    assert (found.rows, found.tokens, found.longest) == (len(sizes), sum(sizes), max(sizes))
    assert (found.packed_rows, found.packed_tokens) == (len(fitting), sum(fitting))
    assert found.packed_tokens <= found.sequences * found.length
    assert sum(item.rows for item in found.bins) == len(sizes)
    for item in found.bins:
        assert item.rows == sum(item.least <= size <= item.most for size in sizes)
