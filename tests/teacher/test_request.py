"""The digest of a request: made once, fast, and the same content id as ever."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.teacher.request import Request
from cotloom.schemas.example import Message, Role
from cotloom.schemas.ids import NotCanonicalError, make_content_id

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def make(messages, sampling, model="m", endpoint="e"):
    chat = tuple(Message(role=role, content=content) for role, content in messages)
    return Request(problem_id="p", messages=chat, model=model, endpoint=endpoint, sampling=sampling)


@given(st.lists(st.tuples(st.sampled_from(Role), texts), max_size=4), st.dictionaries(texts, values, max_size=4), texts)
def test_it_is_the_content_id_of_what_can_change_the_answer(messages, sampling, name):
    content = {"messages": messages, "model": name, "endpoint": f"{name}/v1", "sampling": sampling}
    assert make(messages, sampling, name, f"{name}/v1").digest == make_content_id("r", content)


def test_numbers_of_other_types_are_other_requests():
    digests = {make([], {"n": value}).digest for value in (1, 1.0, True, "1", None)}
    assert len(digests) == 5


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, "\ud800", {"a": [math.nan]}])
def test_what_has_no_canonical_text_has_no_digest(value):
    with pytest.raises(NotCanonicalError):
        make([], {"x": value})


def test_half_of_a_surrogate_pair_in_a_message_has_no_digest():
    with pytest.raises(NotCanonicalError):
        make([(Role.USER, "\ud800")], {})
