"""Limits hold: whatever fails, whenever a build is killed, what the server served is never more than was permitted.

Each run asks a real server over real connections, in a process of its own that is killed at random moments and started
again with the same limits.
"""

import asyncio
import multiprocessing
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cotloom.builder.costs import Limits, ResponseTokens, compute_cost
from cotloom.builder.errors import LimitReached
from cotloom.builder.teacher.backends import openai_client
from cotloom.builder.teacher.backends.openai_errors import Server
from cotloom.builder.teacher.backends.protocol import CompletionRequest
from cotloom.builder.teacher.ledger import open_ledger, open_recorder
from cotloom.builder.teacher.ledger.check import check_ledger
from cotloom.builder.teacher.request import Request
from cotloom.builder.teacher.sampling.completing import Completer, Stop
from cotloom.builder.teacher.sampling.turns import Turns
from cotloom.schemas.example import Message, Role
from cotloom.schemas.problem import Problem
from cotloom.schemas.runtime import Runtime

from .chat_service import Answers, Faults, Latency, RequestRecord, Settings, running
from .purses import make_books, make_price

PRICE = make_price("1000", "3000")
LONGEST = 60
"""`max_tokens`; no answer of the server is longer."""
FAULTS = {"throttled": 0.05, "failed": 0.04, "dropped": 0.03, "cut": 0.03, "truncated": 0.03, "stalled": 0.01}
FREE_OF_CHARGE = frozenset({"throttled", "refused"})
PROBLEMS, ROUNDS = 12, 2


def make_requests(problem: int, indexes: Sequence[int]) -> list[CompletionRequest]:
    question = f"What is {problem} + {1 + problem % 7}?"
    own = Problem(problem_id=f"p_{problem}", source="s", origin=f"s:{problem}", question=question, answer="1")
    message = Message(role=Role.USER, content=question)
    request = Request(
        problem_id=own.problem_id, messages=(message,), model="m", endpoint="e", sampling={"max_tokens": LONGEST}
    )
    return [CompletionRequest(own, request, index) for index in indexes]


async def ask(url: str, path: Path, limits: Limits, concurrency: int, several: int) -> bool:
    """Ask all problems, in rounds of several answers. Returns whether a limit ended it."""
    runtime = Runtime(concurrency=concurrency, timeout_s=0.5, retries=1, accept_failures=True)
    server = Server(url=url, key_env="", key="none", headers={}, query={}, secrets={}, refused=set())
    stop, broken = Stop(), []
    with open_ledger(path) as ledger:
        async with open_recorder(path) as recorder, openai_client.open_sender(server, runtime) as sender:
            complete = Completer(
                ledger=ledger,
                books=make_books(recorder, PRICE, limits, LONGEST),
                sender=sender,
                forgotten=frozenset(),
                take_turn=Turns(ledger, ()).take,
                stop=stop,
            )

            async def ask_one(problem: int) -> None:
                for number in range(ROUNDS):
                    try:
                        await complete(make_requests(problem, range(number * several, (number + 1) * several)))
                    except LimitReached as error:
                        broken.append(error)
                        return

            await asyncio.gather(*map(ask_one, range(PROBLEMS)))
    return bool(broken) or isinstance(stop.error, LimitReached)


def run_child(*options) -> None:
    asyncio.run(ask(*options))


def bill(requests: Sequence[RequestRecord], several: int) -> tuple[int, int, int]:
    """What the server charges at most: every request that it did not refuse, failed and broken ones too."""
    served = [request for request in requests if request.outcome not in FREE_OF_CHARGE]
    tokens = sum(request.tokens for request in served)
    prompt = 5  # words of each question
    cost = sum(compute_cost(PRICE, ResponseTokens(prompt=prompt, completion=each.tokens - prompt)) for each in served)
    assert all(each.tokens <= prompt + several * LONGEST for each in served)
    return cost, len(requests), tokens


def draw_limits(chance: random.Random, several: int) -> Limits:
    """Draw limits that are now and then tight, now and then wide."""
    whole = PROBLEMS * ROUNDS
    share = chance.choice([0.0, 0.1, 0.4, 0.8, 1.5])
    most = compute_cost(PRICE, ResponseTokens(prompt=200, completion=several * LONGEST))
    drawn = {
        "picodollars": int(share * whole * most * 0.4),
        "requests": int(share * whole),
        "tokens": int(share * whole * several * LONGEST),
    }
    kinds = chance.sample(sorted(drawn), chance.choice([1, 1, 2]))
    return Limits(**{name: drawn[name] for name in kinds})


CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.teacher.test_spending"])


def spend(chance: random.Random, url: str, path: Path, limits: Limits, several: int) -> int:
    """Ask with up to three kills, and then once more. Returns how many kills hit."""
    kills = 0
    for patience in [chance.uniform(0.05, 0.3) for _ in range(chance.choice([0, 1, 1, 2, 3]))]:
        options = (url, path, limits, chance.choice([1, 4, 16, 64]), several)
        process = CONTEXT.Process(target=run_child, args=options)
        process.start()
        process.join(patience)
        if process.is_alive():
            process.kill()
            kills += 1
        process.join()
    asyncio.run(ask(url, path, limits, chance.choice([1, 4, 16, 64]), several))
    return kills


GROUPS, AT_ONCE, RUNS = 5, 8, 5


def play(folder: Path, seed: int) -> tuple[int, int]:
    """Play some runs against a server of their own. Returns how many kills hit, and how many limits were reached."""
    chance = random.Random(seed)
    settings = Settings(
        latency=Latency(fixed_s=0.02, slow_share=0.05, slow_s=0.2),
        faults=Faults(rates=FAULTS, seed=seed, retry_after_s=0.02),
        answers=Answers(tokens=chance.choice([0, 20, 50])),
    )
    kills, reached, begin = 0, 0, 0
    with running(settings) as service:
        for number in range(RUNS):
            path, several = folder / f"{seed}-{number}.sqlite", chance.choice([1, 2, 4])
            limits = draw_limits(chance, several)
            kills += spend(chance, service.url, path, limits, several)
            while service.read_statistics()["in_flight"]:
                time.sleep(0.01)
            requests = service.read_requests()
            check_spent(path, limits, bill(requests[begin:], several))
            reached += len(requests) - begin < PROBLEMS * ROUNDS
            begin = len(requests)
    return kills, reached


def check_spent(path: Path, limits: Limits, billed: tuple[int, int, int]) -> None:
    """Check that what the server counts is no more than what we count, and this no more than the limits."""
    with open_ledger(path) as ledger:
        spent = ledger.count_spent("test@1.0.0")
    for name, served in zip(("picodollars", "requests", "tokens"), billed, strict=True):
        ours, most = getattr(spent, name), getattr(limits, name)
        assert served <= ours, (name, limits)
        assert most is None or ours <= most, (name, limits)
    assert check_ledger(path).is_intact


@pytest.mark.slow
@pytest.mark.parametrize("group", range(GROUPS))
def test_no_run_spends_more_than_its_limit_by_the_count_of_the_server(tmp_path, group):
    seeds = [1900 + AT_ONCE * group + number for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        played = list(threads.map(play, [tmp_path] * AT_ONCE, seeds))

    kills, reached = map(sum, zip(*played, strict=True))
    assert kills > 5
    assert 5 < reached < AT_ONCE * RUNS
