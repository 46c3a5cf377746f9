"""What a service says is read whatever it is, and never believed further than it can be."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.teacher.batches.remote import BatchOutcome, is_id, read_batch, read_line

KEYS = st.sampled_from(
    ["id", "status", "metadata", "request_counts", "errors", "data", "completed", "total", "output_file_id", "line",
     "custom_id", "response", "status_code", "body", "error", "created_at"]
)  # fmt: skip
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, PLAIN), st.text(max_size=8), st.sampled_from(["completed", "odd", "EXPIRED"]))
def test_whatever_a_service_says_of_a_batch_is_read(value, batch_id, status):
    batch = read_batch({**value, "id": batch_id, "status": status})
    assert (batch is not None) == is_id(batch_id)
    assert batch is None or (batch.done >= batch.completed >= 0 and batch.total >= 0)
    assert batch is None or batch.output_file_id is None or is_id(batch.output_file_id)


@given(st.dictionaries(KEYS, PLAIN) | PLAIN)
def test_whatever_stands_in_a_line_is_read(value):
    line = read_line(orjson.dumps(value))
    assert line is None or line.custom_id == value["custom_id"]


@given(st.binary())
def test_what_is_no_line_is_none(content):
    line = read_line(content)
    assert line is None or isinstance(line.custom_id, str)


@pytest.mark.parametrize("content", [
    b'{"custom_id": "a", "response": {"status_code": 200, "body": {"choices": [NaN, "\\ud83d"]}}}',
    b'{"custom_id": "a", "response": {"status_code": "200", "body": "text"}}',
    b'\xef\xbb\xbf{"custom_id": "a", "response": null, "error": {"code": "batch_expired"}}',
    b"[" * 100_000,
])  # fmt: skip
def test_odd_lines_end_nothing(content):
    line = read_line(content)
    assert line is None or line.custom_id == "a"


@pytest.mark.parametrize(("status", "outcome"), [
    ("validating", "running"), ("in_progress", "running"), ("finalizing", "running"), ("cancelling", "running"),
    ("queued", "running"), ("COMPLETED", "over"), ("expired", "over"), ("cancelled", "over"), ("failed", "invalid"),
])  # fmt: skip
def test_a_status_says_whether_a_batch_is_over(status, outcome):
    batch = read_batch({"id": "b", "status": status})
    assert batch is not None
    assert batch.outcome is BatchOutcome(outcome)


@pytest.mark.parametrize("name", ["../x", "a/b", "a?b", "", ".", "..", "a b", "é", "x" * 201, "a\n"])
def test_an_id_never_means_another_address(name):
    assert not is_id(name)
