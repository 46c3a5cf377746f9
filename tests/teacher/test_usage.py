"""What a server says of tokens and of itself, read from the bytes of its responses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.teacher.chat_responses import UnreadableChoice, read_chat_choices
from cotloom.builder.teacher.chat_usage import add_usage, share_tokens
from cotloom.schemas.sample import Usage


def encode(usage, *texts, **keys):
    """A completion with one choice for each text; what is no text is a choice as it is."""
    choices = [
        {"index": 0, "finish_reason": "stop", "message": {"content": text}} if isinstance(text, str) else text
        for text in texts
    ]
    return json.dumps({"id": "r-1", "model": "m-0613", "choices": choices, "usage": usage, **keys}).encode()


def read_usage(usage, *texts):
    return [choice.usage for choice in read_chat_choices(encode(usage, *(texts or ("5",))))]


PROMPT = {"prompt_tokens": 90, "completion_tokens": 10}

CACHED = {
    "OpenAI, vLLM, OpenRouter": ({"prompt_tokens_details": {"cached_tokens": 64}}, 64),
    "nothing was cached": ({"prompt_tokens_details": {"cached_tokens": 0}}, 0),
    "DeepSeek": ({"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 26}, 64),
    "Anthropic": ({"cache_read_input_tokens": 64, "cache_creation_input_tokens": 0}, 64),
    "Moonshot": ({"cached_tokens": 64}, 64),
    "two names": ({"prompt_tokens_details": {"cached_tokens": 63}, "prompt_cache_hit_tokens": 64}, 63),
    "details without it": ({"prompt_tokens_details": {"audio_tokens": 0}}, None),
    "details that are null, and another name": ({"prompt_tokens_details": None, "prompt_cache_hit_tokens": 64}, 64),
    "details that are a list": ({"prompt_tokens_details": [64]}, None),
    "no number": ({"prompt_tokens_details": {"cached_tokens": "64"}}, None),
    "below zero": ({"prompt_tokens_details": {"cached_tokens": -1}}, None),
    "true": ({"prompt_tokens_details": {"cached_tokens": True}}, None),
    "not said": ({}, None),
}


@pytest.mark.parametrize("server", CACHED)
def test_cached_tokens_are_read_by_every_name_that_servers_have_for_them(server):
    said, expected = CACHED[server]
    assert read_usage({**PROMPT, **said}) == [Usage(prompt_tokens=90, cached_tokens=expected, completion_tokens=10)]


def test_a_total_for_several_choices_is_kept_and_parted_and_is_no_count():
    usages = read_usage({**PROMPT, "prompt_tokens_details": {"cached_tokens": 64}}, "a" * 30, "b" * 10)
    assert usages == [
        Usage(prompt_tokens=90, cached_tokens=64, joint_tokens=10, estimated_tokens=7),
        Usage(joint_tokens=10, estimated_tokens=3),
    ]


def test_a_choice_that_can_not_be_read_takes_no_share():
    first, broken, last = read_chat_choices(encode(PROMPT, "four", 5, "four"))
    assert isinstance(broken, UnreadableChoice)
    assert (first.usage.estimated_tokens, last.usage.estimated_tokens) == (5, 5)


def test_reasoning_counts_for_the_share_of_a_choice():
    choices = [{"message": {"content": "5", "reasoning_content": "t" * 79}}, {"message": {"content": "c" * 20}}]
    assert [usage.estimated_tokens for usage in read_usage(PROMPT, *choices)] == [8, 2]


@pytest.mark.parametrize("usage", [None, {}, [], "10", {"completion_tokens": "10"}, {"completion_tokens": None}])
def test_without_a_total_there_is_no_share(usage):
    assert read_usage(usage, "a", "b") == [Usage(), Usage()]


@given(st.integers(0, 2**53), st.lists(st.integers(0, 10**7), min_size=1, max_size=20))
def test_shares_are_whole_numbers_that_add_up_to_the_total(total, lengths):
    shares = share_tokens(total, lengths)
    assert (sum(shares), len(shares), min(shares) >= 0) == (total, len(lengths), True)
    if any(lengths):
        exact = [total * size / sum(lengths) for size in lengths]
        assert shares == pytest.approx(exact, abs=1 + total * 1e-9)


def test_two_calls_add_up_and_an_estimate_stays_one():
    counted = Usage(prompt_tokens=9, cached_tokens=4, completion_tokens=5, reasoning_tokens=2)
    shared = Usage(prompt_tokens=9, cached_tokens=4, joint_tokens=20, estimated_tokens=6)
    assert add_usage(counted, counted) == Usage(
        prompt_tokens=18, cached_tokens=8, completion_tokens=10, reasoning_tokens=4
    )
    assert add_usage(shared, counted) == Usage(prompt_tokens=18, cached_tokens=8, joint_tokens=25, estimated_tokens=11)
    assert add_usage(shared, Usage()) == Usage()


def test_a_response_says_who_answered():
    (answer,) = read_chat_choices(encode(PROMPT, "5", system_fingerprint="fp_1"))
    assert (answer.served_model, answer.fingerprint, answer.response_id) == ("m-0613", "fp_1", "r-1")


def test_a_refusal_says_who_refused():
    (answer,) = read_chat_choices(encode(PROMPT, {"message": {"content": None, "refusal": "I can't."}}))
    assert (answer.refusal, answer.served_model, answer.usage.completion_tokens) == ("I can't.", "m-0613", 10)


@pytest.mark.parametrize("name", [None, "", 5, ["m"], {"m": 1}, True, "m" * 301])
def test_what_is_no_name_is_none_and_costs_no_text(name):
    (answer,) = read_chat_choices(encode(PROMPT, "5", model=name, id=name, system_fingerprint=name))
    assert (answer.text, answer.served_model, answer.fingerprint, answer.response_id) == ("5", None, None, None)


def test_half_of_a_surrogate_pair_in_a_name_is_repaired():
    (answer,) = read_chat_choices(encode(PROMPT, "5").replace(b"m-0613", b"m\\ud83d"))
    assert answer.served_model == "m\ufffd"
