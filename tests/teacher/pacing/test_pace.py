"""A pace finds a server's limit, uses it fully and is hardly ever refused: in virtual time, against simulated servers.

`limit alone` is a client that knows the limiter and sends each request as early as it is accepted.
"""

import itertools
import math
import random
from dataclasses import dataclass

import pytest

from cotloom.builder.teacher.pacing.headers import Quota, ServerLimits
from cotloom.builder.teacher.pacing.pace import Pace
from cotloom.builder.teacher.pacing.records import RequestOutcome
from tests.teacher.pacing.servers import Bucket, Client, Fixed, Oracle, Server, Sliding, simulate

REQUEST_SERVERS = {
    "bucket of 1": lambda: Bucket(10, 1),
    "bucket of 10": lambda: Bucket(10, 10),
    "bucket of 600": lambda: Bucket(10, 600),
    "sliding second": lambda: Sliding(10, 1.0),
    "sliding minute": lambda: Sliding(600, 60.0),
    "fixed second": lambda: Fixed(10, 1.0, 0.37),
    "fixed minute": lambda: Fixed(600, 60.0, 13.0),
}
TOKEN_SERVERS = {
    "bucket": lambda: Bucket(20000 / 60, 20000),
    "sliding minute": lambda: Sliding(20000, 60.0),
    "fixed minute": lambda: Fixed(20000, 60.0, 17.0),
}
SLOW_START_S = 0.6
"""Three round trips, in which a pace finds out that nothing limits it."""


@dataclass(frozen=True)
class Bound:
    """What a run may take, as a multiple of what the limit alone takes, and the share of 429s."""

    time: float = 1.1
    refused: float = 0.03


DELAYED = {
    "bucket of 1": Bound(1.4, 0.09),
    "bucket of 10": Bound(1.1, 0.09),
    "sliding second": Bound(1.5, 0.13),
    "fixed second": Bound(1.45, 0.13),
}
"""A refusal that takes as long as an answer is heard only after all that is on its way was refused too."""

IMMEDIATE = {
    "bucket of 10": Bound(1.15, 0.04),
    "sliding second": Bound(1.2, 0.05),
    "fixed second": Bound(1.35, 0.055),
    "bucket of 1": Bound(1.25, 0.042),
}
"""Where nothing but 429 tells of a limit, or each 429 asks for a whole second, in which ten are lost."""

HEADERS = {"sliding second": Bound(1.15, 0.0)}


def compute_ideal(make, requests, tokens=None, concurrency=64):
    server = Server(make(), counts_tokens=tokens is not None)
    return simulate(server, [Client(Oracle(server.limiter, concurrency, tokens), requests)])


def run_one(make, requests, concurrency=64, limits=(None, None), **keys):
    client = Client(Pace(concurrency, *limits, random.Random(0)), requests)
    seconds = simulate(Server(make(), **keys), [client])
    assert client.done == requests
    return seconds, client.refused / requests


def choose_bound(name, *, headers, refusal_s):
    if headers:
        return HEADERS.get(name, Bound())
    return (DELAYED if refusal_s > 0.1 else IMMEDIATE).get(name, Bound())


@pytest.mark.parametrize("name", REQUEST_SERVERS)
@pytest.mark.parametrize(
    ("wait", "headers", "refusal_s"), list(itertools.product((False, True), (False, True), (0.002, 0.2)))
)
def test_three_hundred_requests_pass_a_server_that_allows_ten_a_second(name, wait, headers, refusal_s):
    make = REQUEST_SERVERS[name]

    seconds, refused = run_one(make, 300, has_retry_after=wait, has_headers=headers, refusal_s=refusal_s)

    bound = choose_bound(name, headers=headers, refusal_s=refusal_s)
    assert seconds <= bound.time * compute_ideal(make, 300) + SLOW_START_S
    assert refused <= bound.refused


@pytest.mark.parametrize("name", REQUEST_SERVERS)
@pytest.mark.parametrize("wait", [False, True])
def test_headers_let_a_long_run_use_the_limit_fully_with_hardly_any_refusal(name, wait):
    make = REQUEST_SERVERS[name]

    seconds, refused = run_one(make, 1500, has_retry_after=wait, has_headers=True)

    assert seconds <= 1.12 * compute_ideal(make, 1500)
    assert refused <= 0.005


@pytest.mark.parametrize("name", ["bucket of 1", "bucket of 10", "bucket of 600", "sliding second", "fixed second"])
def test_a_long_run_is_refused_less_than_three_times_in_a_hundred_without_any_header(name):
    make = REQUEST_SERVERS[name]

    seconds, refused = run_one(make, 1500)

    assert seconds <= 1.1 * compute_ideal(make, 1500)
    assert refused <= 0.03


@pytest.mark.parametrize("name", TOKEN_SERVERS)
@pytest.mark.parametrize("wait", [False, True])
def test_a_token_limit_in_headers_is_used_fully_and_never_passed(name, wait):
    make = TOKEN_SERVERS[name]

    seconds, refused = run_one(make, 120, counts_tokens=True, has_headers=True, has_retry_after=wait)

    assert seconds <= 1.1 * compute_ideal(make, 120, 350)
    assert refused == 0


@pytest.mark.parametrize(
    ("name", "wait", "bound"),
    [
        ("bucket", False, Bound(1.1, 0.1)),
        ("bucket", True, Bound(1.1, 0.1)),
        ("sliding minute", True, Bound(1.1, 0.05)),
        ("fixed minute", True, Bound(1.1, 0.05)),
        ("sliding minute", False, Bound(1.6, 0.13)),
        ("fixed minute", False, Bound(1.3, 0.13)),
    ],
)
def test_a_token_limit_that_no_header_states_is_found(name, wait, bound):
    make = TOKEN_SERVERS[name]

    seconds, refused = run_one(make, 120, counts_tokens=True, has_retry_after=wait)

    assert seconds <= bound.time * compute_ideal(make, 120, 350)
    assert refused <= bound.refused


@pytest.mark.parametrize("name", REQUEST_SERVERS)
@pytest.mark.parametrize("headers", [False, True])
def test_the_users_own_request_limit_is_kept_so_that_nothing_is_refused(name, headers):
    seconds, refused = run_one(REQUEST_SERVERS[name], 300, limits=(600, None), has_headers=headers)

    assert refused == 0
    assert seconds <= 1.1 * 30


@pytest.mark.parametrize("name", TOKEN_SERVERS)
@pytest.mark.parametrize("headers", [False, True])
def test_the_users_own_token_limit_is_kept_so_that_nothing_is_refused(name, headers):
    seconds, refused = run_one(TOKEN_SERVERS[name], 120, limits=(None, 20000), has_headers=headers, counts_tokens=True)

    assert refused == 0
    assert seconds <= 1.1 * 120 * 350 / 20000 * 60


@pytest.mark.parametrize("headers", [False, True])
@pytest.mark.parametrize(("before", "after", "ideal_s"), [(10, 5, 98), (5, 10, 68)])
def test_a_limit_that_changes_in_mid_run_is_followed(headers, before, after, ideal_s):
    changed = Bucket(after, 10)
    changed.level, changed.at_s = 0.0, 20.0
    server = Server(Bucket(before, 10), has_headers=headers, change=(20.0, changed))
    client = Client(Pace(64, source=random.Random(1)), 600)

    seconds = simulate(server, [client])

    assert client.done == 600
    assert seconds <= 1.2 * ideal_s
    assert client.refused <= 0.04 * 600


@pytest.mark.parametrize("name", ["bucket of 10", "fixed second", "sliding second"])
@pytest.mark.parametrize("wait", [False, True])
def test_two_builds_share_a_limit_and_both_end(name, wait):
    server = Server(REQUEST_SERVERS[name](), has_retry_after=wait)
    clients = [Client(Pace(64, source=random.Random(seed)), 300) for seed in (1, 2)]

    seconds = simulate(server, clients)

    assert [client.done for client in clients] == [300, 300]
    assert seconds <= 2.6 * compute_ideal(REQUEST_SERVERS[name], 600, concurrency=128)
    assert sum(client.refused for client in clients) <= (0.08 if wait or name != "bucket of 10" else 0.12) * 600


@pytest.mark.parametrize(("per_s", "store"), [(100, 10), (100, 100), (50, 10), (300, 30)])
def test_a_fast_limit_in_headers_is_used_too(per_s, store):
    seconds, refused = run_one(lambda: Bucket(per_s, store), 1000, has_headers=True)

    assert seconds <= 1.15 * compute_ideal(lambda: Bucket(per_s, store), 1000)
    assert refused <= 0.005


def test_an_idle_hour_does_not_raise_a_pace_that_was_learned():
    server, pace = Server(Bucket(10, 10)), Pace(64, source=random.Random(0))
    simulate(server, [Client(pace, 300)])
    before = pace.describe(100.0).allowed_per_s

    pace.finish(4000.1, RequestOutcome.SUCCEEDED, ticket=pace.start(4000.0, 1))

    assert 9 < before < 11.5
    assert pace.describe(4000.1).allowed_per_s == pytest.approx(before, rel=0.02)


def test_the_slow_start_costs_little_where_nothing_limits():
    unpaced = simulate(Server(), [Client(Oracle(None, 256), 5000)])

    seconds, refused = run_one(lambda: None, 5000, concurrency=256)

    assert seconds <= 1.1 * unpaced
    assert refused == 0


def test_the_first_reply_that_tells_what_is_left_ends_the_slow_start():
    pace = Pace(64)
    first = pace.start(0.0, 1)

    pace.finish(0.2, RequestOutcome.SUCCEEDED, 1, ServerLimits(requests=Quota(600, 599, 0.1)), first)

    started = 0
    while pace.compute_delay(0.2, 1) == 0:
        pace.start(0.2, 1)
        started += 1
    assert (started, pace.compute_delay(0.2, 1)) == (64, math.inf)


def test_no_more_are_in_flight_than_allowed():
    pace = Pace(2)
    for now in (0.0, 0.1):
        assert pace.compute_delay(now, 1) == 0
        pace.start(now, 1)

    assert pace.compute_delay(0.2, 1) == math.inf
    pace.finish(0.3, RequestOutcome.FAILED)
    assert pace.compute_delay(0.3, 1) == 0


def refuse(pace, now, asked_s=None):
    ticket = pace.start(now, 1)
    pace.finish(now, RequestOutcome.THROTTLED, None, ServerLimits(retry_after_s=asked_s), ticket)


def test_a_refusal_closes_the_gate_for_everyone_and_one_probe_opens_it():
    pace = Pace(64)
    refuse(pace, 0.0, asked_s=7.0)

    assert pace.compute_delay(1.0, 1) == pytest.approx(6.0, abs=0.01)
    assert pace.describe(1.0).reason == "the server asks to wait 7 s (429)"
    probe = pace.start(7.01, 1)
    assert pace.compute_delay(7.01, 1) > 0
    pace.finish(7.02, RequestOutcome.SUCCEEDED, 1, ticket=probe)
    assert pace.describe(7.02).closed_s == 0.0


def test_requests_that_were_on_their_way_as_the_gate_closed_neither_close_it_again_nor_open_it():
    pace = Pace(64)
    tickets = [pace.start(0.01 * number, 1) for number in range(4)]
    pace.finish(0.1, RequestOutcome.THROTTLED, None, ServerLimits(retry_after_s=1.0), tickets[1])

    pace.finish(0.2, RequestOutcome.THROTTLED, ticket=tickets[2])
    pace.finish(0.3, RequestOutcome.SUCCEEDED, ticket=tickets[0])

    assert pace.compute_delay(0.3, 1) == pytest.approx(0.8, abs=0.01)
    assert pace.throttled == 2


def test_pauses_double_while_nothing_is_accepted_and_never_pass_a_minute():
    pace, now, pauses = Pace(64, source=random.Random(3)), 0.0, []
    for _ in range(4):  # the first are doubted
        refuse(pace, now)
    for _ in range(12):
        refuse(pace, now)
        pauses.append(pace.compute_delay(now, 1))
        now += pauses[-1]

    assert all(later >= 1.5 * earlier for earlier, later in itertools.pairwise(pauses[:5]))
    assert max(pauses) <= 60.001
    assert pauses[-1] > 30.0


def test_a_server_that_refuses_everything_for_minutes_is_given_up_with_a_reason():
    pace, now = Pace(64, source=random.Random(3)), 0.0
    while now < 299:
        assert pace.find_exhaustion(now) is None
        refuse(pace, now)
        now += pace.compute_delay(now, 1)
    refuse(pace, now)

    assert "refused every request for" in pace.find_exhaustion(now).reason


def test_a_server_that_asks_for_more_than_ten_minutes_is_given_up_at_once():
    pace = Pace(64)
    refuse(pace, 0.0, asked_s=7200.0)

    exhaustion = pace.find_exhaustion(0.0)

    assert (exhaustion.reason, round(exhaustion.wait_s)) == ("the server asks to wait for 120 more minutes", 7200)


def test_a_server_that_asks_for_less_is_waited_for():
    pace = Pace(64)
    refuse(pace, 0.0, asked_s=599.0)

    assert pace.find_exhaustion(0.0) is None


@pytest.mark.parametrize("gap_s", [0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03])
@pytest.mark.parametrize("refusal_s", [0.002, 0.1])
@pytest.mark.parametrize("store", [1, 28, 60])
def test_a_busy_machine_that_meets_a_silent_limit_halfway_is_not_refused_again_and_again(gap_s, refusal_s, store):
    client = Client(Pace(64, source=random.Random(0)), 180, gap_s=gap_s)

    simulate(Server(Bucket(30, store), refusal_s=refusal_s, latency_s=0.1), [client])

    assert client.done == 180
    assert client.refused <= (40 if refusal_s < 0.1 else 72)  # a late refusal is heard after 64 were sent


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_back_the_pace_never_waits_for_ever_with_nothing_in_flight(seed):
    source = random.Random(seed)
    pace, now, tickets = Pace(8, source=random.Random(seed)), 0.0, []
    for _ in range(2000):
        delay = pace.compute_delay(now, 100)
        assert delay < math.inf or tickets
        if delay == 0 and source.random() < 0.7:
            tickets.append(pace.start(now, 100))
        elif tickets:
            odd = [None, 0, 1, 3, 10**9]
            quota = Quota(*(source.choice(odd) for _ in range(4)))
            limits = ServerLimits(quota, quota, source.choice([None, 0.0, 2.0]))
            ticket = tickets.pop(source.randrange(len(tickets)))
            pace.finish(now, source.choice(list(RequestOutcome)), source.choice([None, 5]), limits, ticket)
            now += source.random()
        else:
            now += min(delay, 1e6)


class Gateway:
    """Takes any pace, and refuses one request in so many by chance."""

    def __init__(self, share: float, seed: int) -> None:
        self._share, self._random = share, random.Random(seed)

    def take(self, _now: float, _amount: float) -> bool:
        return self._random.random() >= self._share


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.01, 0.05])
def test_429s_that_come_by_chance_slow_nothing_down(seed, share):
    client = Client(Pace(256, source=random.Random(seed)), 2_000)

    seconds = simulate(Server(Gateway(share, seed)), [client])

    unpaced_s = 2_000 / (1 - share) / 256 * 0.2
    assert seconds <= 1.6 * unpaced_s
    assert client.refused > 0
