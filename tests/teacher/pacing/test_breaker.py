"""A server that is broken is noticed soon, and one that only stumbles is left in peace."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.teacher.pacing.breaker import Breaker


def count_until_open(breaker, outcomes):
    for number, good in enumerate(outcomes, 1):
        if good:
            breaker.count_success()
        else:
            breaker.count_failure("HTTP 500: out of memory")
        if breaker.is_open:
            return number
    return None


def test_a_server_that_never_answers_is_given_up_after_sixteen_requests():
    assert count_until_open(Breaker(), [False] * 100) == 16


def test_a_server_that_dies_in_mid_run_is_given_up_after_half_of_the_last_fifty():
    assert count_until_open(Breaker(), [True] * 1000 + [False] * 100) == 1025


def test_a_server_that_answers_once_and_dies_is_given_up_after_sixteen_requests():
    assert count_until_open(Breaker(), [True] + [False] * 100) == 16


def test_fewer_than_half_are_borne():
    assert count_until_open(Breaker(), [False, True, True] * 1000) is None


@given(st.integers(0, 2**32))
def test_the_usual_faults_of_a_busy_server_never_end_a_run(seed):
    """2 % 500, 1 % dropped, 0.5 % truncated, 0.5 % stalled; 429s are not counted at all."""
    source = random.Random(seed)

    assert count_until_open(Breaker(), [source.random() >= 0.04 for _ in range(3000)]) is None


@pytest.mark.parametrize("words", ["HTTP 502: bad gateway", ""])
def test_the_words_of_the_server_are_kept(words):
    breaker = Breaker()
    breaker.count_failure("HTTP 500: out of memory")
    breaker.count_success()
    breaker.count_failure(words)

    assert breaker.words == (words or "HTTP 500: out of memory")
    assert breaker.describe() == f"2 of the last 3 requests failed, the latest with: {breaker.words}"
