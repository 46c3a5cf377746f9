"""SIGKILL in the midst of sampling: the same command goes on, and only what was in flight is sent again.

`make bench-sampling` kills ten times, and more requests.
"""

import random
import signal

import pytest

from .chat_service import Answers, Latency, RequestRecord, Settings, running
from .live_builds import (
    find_sent_twice,
    finish_build,
    kill_at,
    kill_build,
    list_words,
    start_build,
    wait_for_answers,
    write_recipe,
)

REQUESTS, KILLS, AT_ONCE = 500, 4, 32
WINDOW = 3 * AT_ONCE
"""While one answer waits for a slow disk, other places are taken anew: so many may be answered behind it."""
OPTIONS = ("--concurrency", str(AT_ONCE))
SETTINGS = Settings(latency=Latency(fixed_s=0.05), answers=Answers(tokens=40))


@pytest.fixture
def finish(run):
    """Build in this process, which must succeed. Returns what was printed."""

    def finished(recipe, store, url):
        done = run(*list_words(recipe, store, url), *OPTIONS)
        assert done.code == 0, done
        return done.json

    return finished


def kill_builds(recipe, store, service, moments):
    """Kill a build at each of these numbers of answers. Returns how many requests had come at each."""
    kills = []
    for answered in moments:
        process = start_build(recipe, store, service.url, *OPTIONS)
        kills.append(kill_at(process, service, answered))
        assert process.returncode == -signal.SIGKILL  # it was still running
    return kills


@pytest.mark.slow
def test_a_build_that_is_killed_again_and_again_sends_nothing_twice_but_what_was_in_flight(tmp_path, finish):
    recipe = write_recipe(tmp_path, REQUESTS)
    with running(SETTINGS) as calm:
        expected = finish(recipe, tmp_path / "calm", calm.url)
    chance = random.Random(14)
    with running(SETTINGS) as service:
        moments = sorted(chance.sample(range(1, REQUESTS - AT_ONCE), KILLS))
        kills = kill_builds(recipe, tmp_path / "killed", service, moments)
        last = finish(recipe, tmp_path / "killed", service.url)

    again, wrong = find_sent_twice(service.read_requests(), kills, WINDOW)
    assert last["content_digest"] == expected["content_digest"]
    assert calm.read_statistics()["requests"] == REQUESTS
    assert service.read_statistics()["bodies"] == REQUESTS
    assert wrong == []
    assert again <= AT_ONCE * KILLS  # no kill loses more than is in flight


@pytest.mark.slow
def test_rounds_that_are_killed_come_out_the_same(tmp_path, finish):
    recipe = write_recipe(tmp_path, 150, paths={"round": 2, "max": 8, "target": 3})
    with running(SETTINGS) as calm:
        expected = finish(recipe, tmp_path / "calm", calm.url)
    with running(SETTINGS) as service:
        kills = kill_builds(recipe, tmp_path / "killed", service, (20, 160))
        last = finish(recipe, tmp_path / "killed", service.url)

    assert last["content_digest"] == expected["content_digest"]
    assert {each.digest for each in service.read_requests()} == {each.digest for each in calm.read_requests()}
    assert find_sent_twice(service.read_requests(), kills, WINDOW)[1] == []


@pytest.mark.slow
def test_of_two_builds_on_one_store_the_one_that_is_left_goes_on(tmp_path):
    recipe = write_recipe(tmp_path, 400)
    with running(SETTINGS) as service:
        both = [start_build(recipe, tmp_path / "store", service.url, *OPTIONS) for _ in range(2)]
        wait_for_answers(both[0], service, 150)
        kill_build(both[0])
        finish_build(both[1])

    statistics = service.read_statistics()
    assert statistics["bodies"] == 400
    assert statistics["requests"] <= 400 + 2 * AT_ONCE  # what was in flight at the kill


def make_record(digest, ended_s, outcome="answered"):
    return RequestRecord(digest=digest, came_s=ended_s - 0.5, in_flight=1, ended_s=ended_s, outcome=outcome)


def test_what_was_sent_twice_is_found():
    before = [*(make_record(f"a{n}", n) for n in range(4)), make_record("open", 4, "left")]
    assert find_sent_twice([*before, make_record("a3", 9), make_record("open", 9)], [5], 1) == (2, [])
    assert find_sent_twice([*before, make_record("a2", 9)], [5], 1) == (1, ["a2"])
    assert find_sent_twice([*before, make_record("a2", 9)], [5], 2) == (1, [])
    assert find_sent_twice([*before, make_record("b", 9), make_record("b", 9)], [5], 2) == (1, ["b"])
