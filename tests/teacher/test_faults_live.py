"""Servers that fail, throttle and stall: no row is lost, and nothing that was answered is asked again."""

import pytest

from .chat_service import Answers, Faults, Latency, Limit, Settings, running
from .chat_service.settings import Throttling
from .live_builds import find_asked_again, finish_build, list_words, start_build, write_recipe

RATES = {"throttled": 0.05, "failed": 0.02, "dropped": 0.01, "truncated": 0.005, "stalled": 0.005}
"""The faults of a bad day, as shares of all requests."""
AT_ONCE = 64
OPTIONS = ("--concurrency", str(AT_ONCE), "--timeout", "3")


@pytest.fixture
def build(run):
    """Build in this process, which must succeed. Returns what was printed."""

    def built(recipe, store, url, *words):
        done = run(*list_words(recipe, store, url), *words)
        assert done.code == 0, f"exit {done.code}: {done.out[-2000:]}\n{done.err[-2000:]}"
        return done.json

    return built


def assert_all_rows(built, service, requests):
    """Every request has its answer, once."""
    assert (built["calls"]["new"], built["calls"]["failed"]) == (requests, 0)
    assert service.read_statistics()["outcomes"]["answered"] == requests
    assert find_asked_again(service.read_requests()) == []


@pytest.mark.parametrize("seed", [1])
def test_on_a_bad_day_no_row_is_lost_and_no_answer_is_asked_for_again(tmp_path, seed, build):
    recipe = write_recipe(tmp_path, 1_000)
    settings = Settings(latency=Latency(fixed_s=0.05), faults=Faults(rates=RATES, seed=seed))
    with running(settings) as service:
        built = build(recipe, tmp_path / "store", service.url, *OPTIONS)
    assert_all_rows(built, service, 1_000)
    assert {*RATES} <= {*service.read_statistics()["outcomes"]}


@pytest.mark.parametrize(("fault", "share"), [("throttled", 0.05), ("cut", 1 / 3), ("truncated", 1 / 3)])
def test_one_kind_of_fault_in_many_requests_loses_no_row(tmp_path, fault, share, build):
    recipe = write_recipe(tmp_path, 150)
    settings = Settings(latency=Latency(fixed_s=0.02), faults=Faults(rates={fault: share}))
    with running(settings) as service:
        built = build(recipe, tmp_path / "store", service.url, *OPTIONS, "--retries", "12")
    assert_all_rows(built, service, 150)


def test_several_answers_to_a_prompt_through_faults(tmp_path, build):
    recipe = write_recipe(tmp_path, 100, paths={"round": 4})
    settings = Settings(latency=Latency(fixed_s=0.02), faults=Faults(rates=RATES, seed=3))
    with running(settings) as service:
        built = build(recipe, tmp_path / "store", service.url, *OPTIONS)
    assert (built["calls"]["new"], built["calls"]["failed"]) == (400, 0)
    assert find_asked_again(service.read_requests()) == []


@pytest.mark.parametrize("answers", [Answers(), Answers(n="ignored"), Answers(n="refused")])
def test_neither_faults_nor_timing_decide_a_version(tmp_path, answers, build):
    recipe = write_recipe(tmp_path, 30, paths={"round": 2, "max": 6, "target": 2})
    calm = Settings(answers=answers)
    bad = Settings(
        latency=Latency(fixed_s=0.01, slow_share=0.1, slow_s=0.5), faults=Faults(rates=RATES, seed=6), answers=answers
    )
    with running(calm) as one:
        expected = build(recipe, tmp_path / "calm", one.url, "--concurrency", "1")
    with running(bad) as other:
        built = build(recipe, tmp_path / "bad", other.url, *OPTIONS)
    assert built["content_digest"] == expected["content_digest"]
    assert find_asked_again(other.read_requests()) == []


def test_a_429_does_not_use_up_the_tries_of_a_row(tmp_path, build):
    recipe = write_recipe(tmp_path, 12)
    script = {str(number): "throttled" for number in range(1, 25)}
    with running(Settings(faults=Faults(script=script, retry_after_s=0.05))) as service:
        options = ("--concurrency", "4", "--retries", "1")
        built = build(recipe, tmp_path / "store", service.url, *options)
    assert_all_rows(built, service, 12)


def test_one_429_with_a_time_makes_everyone_wait(tmp_path, build):
    recipe = write_recipe(tmp_path, 200)
    settings = Settings(latency=Latency(fixed_s=0.05), faults=Faults(script={"40": "throttled"}, retry_after_s=3))
    with running(settings) as service:
        built = build(recipe, tmp_path / "store", service.url, "--concurrency", "4")
    assert_all_rows(built, service, 200)
    requests = service.read_requests()
    (refused,) = (request for request in requests if request.outcome == "throttled")
    meanwhile = [request for request in requests if 0 < request.came_s - refused.ended_s < 2.9]
    assert len(meanwhile) <= 4  # those that were on their way


def test_a_server_that_breaks_down_ends_the_build_and_everything_is_kept(tmp_path, build, run):
    recipe = write_recipe(tmp_path, 300)
    script = {"*": "failed", **{str(number): "" for number in range(1, 101)}}
    store, options = tmp_path / "store", ("--concurrency", "16", "--retries", "2")
    with running(Settings(latency=Latency(fixed_s=0.02), faults=Faults(script=script))) as ill:
        stopped = run(*list_words(recipe, store, ill.url), *options)
    with running() as well:
        built = build(recipe, store, well.url, *options)
    assert stopped.code == 3
    assert "The server had an error" in stopped.out + stopped.err
    assert ill.read_statistics()["outcomes"]["answered"] == 100
    assert (built["calls"]["ledger"], built["calls"]["new"], well.read_statistics()["requests"]) == (100, 200, 200)
    assert ill.read_statistics()["requests"] < 300  # it does not go on to knock for every row


def test_rounds_do_not_wait_for_the_slowest_of_the_round_before(tmp_path, build):
    recipe = write_recipe(tmp_path, 20, paths={"round": 1, "max": 4, "target": 4})
    faults = Faults(script={"3": "stalled"}, stall_s=5)
    with running(Settings(latency=Latency(fixed_s=0.05), faults=faults)) as service:
        build(recipe, tmp_path / "store", service.url, *OPTIONS, "--timeout", "60")
    requests = service.read_requests()
    (stalled,) = (request for request in requests if request.outcome == "stalled")
    before = sum(request.came_s < stalled.ended_s for request in requests)
    assert before >= 1 + 19 * 2  # the other problems have begun their second round at least


PER_SECOND = 30
LIMITS = {
    "a bucket that says when": (Limit(of="requests", amount=PER_SECOND, per_s=1.0), Throttling()),
    "the last seconds, with headers": (
        Limit(of="requests", amount=2 * PER_SECOND, per_s=2.0, kind="sliding"),
        Throttling(headers=True, retry_after="exact"),
    ),
    "windows, after the latency": (
        Limit(of="requests", amount=2 * PER_SECOND, per_s=2.0, kind="fixed"),
        Throttling(after_latency=True, retry_after="date"),
    ),
    "tokens, and it says nothing": (
        Limit(of="tokens", amount=PER_SECOND * 70, per_s=1.0, capacity=2_000),
        Throttling(retry_after=None),
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_server_with_a_limit_gives_every_row_and_is_not_flooded(tmp_path, name, build):
    limit, throttling = LIMITS[name]
    recipe = write_recipe(tmp_path, 180)
    settings = Settings(
        latency=Latency(fixed_s=0.1), limits=(limit,), throttling=throttling, answers=Answers(tokens=50)
    )
    with running(settings) as service:
        built = build(recipe, tmp_path / "store", service.url, *OPTIONS)
    assert_all_rows(built, service, 180)
    assert service.read_statistics()["outcomes"].get("throttled", 0) <= AT_ONCE  # the first wave at the most


def test_two_builds_at_once_on_one_store_pay_for_each_answer_once(tmp_path):
    recipe = write_recipe(tmp_path, 400)
    with running(Settings(latency=Latency(fixed_s=0.1))) as service:
        options = ("--concurrency", "16")
        both = [start_build(recipe, tmp_path / "store", service.url, *options) for _ in range(2)]
        built = [finish_build(process) for process in both]
    assert built[0]["content_digest"] == built[1]["content_digest"]
    statistics = service.read_statistics()
    assert (statistics["requests"], statistics["bodies"]) == (400, 400)


def test_two_builds_of_two_recipes_at_once_on_one_store_pay_for_what_they_share_once(tmp_path):
    small = write_recipe(tmp_path, 200, name="small")
    large = write_recipe(tmp_path, 400, name="large")
    with running(Settings(latency=Latency(fixed_s=0.1))) as service:
        options = ("--concurrency", "16")
        both = [start_build(recipe, tmp_path / "store", service.url, *options) for recipe in (small, large)]
        for process in both:
            finish_build(process)
    assert service.read_statistics()["requests"] == 400
