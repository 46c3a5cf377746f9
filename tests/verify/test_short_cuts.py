"""The short cuts of comparing give what the long way gives."""

import re
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.verify import ComparisonOutcome, compare
from cotloom.builder.verify.answers import numbers, words
from cotloom.builder.verify.answers.numbers import read_quantity
from cotloom.builder.verify.answers.words import normalize_answer
from cotloom.schemas.problem import AnswerType

NEVER = re.compile(r"(?!)")
compared = import_module("cotloom.builder.verify.answers.compare")


@given(st.from_regex(r"\A-?[0-9]{1,30}(\.[0-9]{1,30})?\Z"))
@settings(max_examples=100, deadline=None)
def test_a_plain_number_equals_itself_and_is_read_exactly(text):
    quantity = read_quantity(text)
    assert quantity == read_quantity(f" {text}")
    assert compare(text, text, AnswerType.NUMBER).outcome is ComparisonOutcome.EQUAL


DRESSED = st.lists(st.sampled_from([*"0123456789$%,.,.", "000", "12", "1,234"]), max_size=9).map("".join)


@given(DRESSED)
@settings(max_examples=500, deadline=None)
def test_a_number_in_common_dress_is_read_as_all_others(text):
    found = read_quantity(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "_COMMON", NEVER)
        patch.setattr(numbers, "is_plain_number", lambda _: False)
        assert found == read_quantity(text)


@given(*[st.from_regex(r"\A-?[0-9]{1,4}(\.[0-9]{1,7})?\Z")] * 2)
@settings(max_examples=500, deadline=None)
def test_two_plain_numbers_compare_as_all_others(gold, answer):
    for other in (answer, gold, f"{gold}0"):
        found = compare(gold, other, AnswerType.NUMBER).outcome
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compared, "_DECIMALS", NEVER)
            assert found == compare(gold, other, AnswerType.NUMBER).outcome


@given(
    st.from_regex(r"\A[1-9][0-9]{0,3}\Z"),
    st.from_regex(r"\A[1-9][0-9]{0,3}\Z"),
    st.sampled_from(["${}", "${}.00", "{}.0", "{} dollars", "{} dollar", "**{}**", "**${}.00**", "{}.00", "{}."]),
)
@settings(max_examples=500, deadline=None)
def test_a_dressed_number_compares_as_all_others(gold, other, dress):
    for number in (gold, other, f"{gold}0"):
        found = compare(gold, dress.format(number), AnswerType.NUMBER).outcome
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compared, "_DRESSED", NEVER)
            assert found == compare(gold, dress.format(number), AnswerType.NUMBER).outcome


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
