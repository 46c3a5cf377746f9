"""The short cuts of comparing give what the long way gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import ComparisonOutcome, compare
from cotloom.builder.verify.answers import words
from cotloom.builder.verify.answers.numbers import read_quantity
from cotloom.builder.verify.answers.words import normalize_answer
from cotloom.schemas.problem import AnswerType


@given(st.from_regex(r"\A-?[0-9]{1,30}(\.[0-9]{1,30})?\Z"))
@settings(max_examples=100, deadline=None)
def test_a_plain_number_equals_itself_and_is_read_exactly(text):
    quantity = read_quantity(text)
    assert quantity == read_quantity(f" {text}")
    assert compare(text, text, AnswerType.NUMBER).outcome is ComparisonOutcome.EQUAL


WRAPPED = st.lists(
    st.sampled_from([*"*_`$\"'“”‘’{}.,;:!? \n", "**", "\\text{", "\\boxed{", "the ", "An ", "ab", "7"])
).map("".join)


@given(WRAPPED)
@settings(max_examples=300, deadline=None)
def test_an_answer_is_normalised_as_by_looking_for_every_wrapper(text):
    normalized = normalize_answer(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_ENDS", frozenset(map(chr, range(0x3000))) | {""})
        assert normalized == normalize_answer(text)
