"""The gate lets requests through in order, keeps its count whatever becomes of them, and never wakes for nothing."""

import asyncio

import pytest

from cotloom.builder.teacher.pacing.estimate import TokenEstimate
from cotloom.builder.teacher.pacing.gate import RequestGate
from cotloom.builder.teacher.pacing.records import RequestOutcome


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_lower_priority_goes_first_and_then_who_came_first():
    async def run():
        gate, order = RequestGate(1), []
        ticket = await gate.enter(1)

        async def work(name, priority):
            own = await gate.enter(1, priority)
            order.append(name)
            gate.leave(RequestOutcome.SUCCEEDED, ticket=own)

        tasks = [
            asyncio.create_task(work(name, priority)) for name, priority in (("c", 1), ("a", 0), ("d", 1), ("b", 0))
        ]
        await settle()
        assert (gate.describe().in_flight, gate.describe().waiting, order) == (1, 4, [])
        gate.leave(RequestOutcome.SUCCEEDED, ticket=ticket)
        await asyncio.gather(*tasks)
        return order, gate.describe()

    order, state = asyncio.run(run())

    assert order == ["a", "b", "c", "d"]
    assert (state.in_flight, state.waiting, state.allowed_per_s) == (0, 0, None)


def test_a_task_that_is_cancelled_while_it_waits_leaves_the_queue():
    async def run():
        gate = RequestGate(1)
        ticket = await gate.enter(1)
        first, second = (asyncio.create_task(gate.enter(1)) for _ in range(2))
        await settle()
        first.cancel()
        await settle()
        assert gate.describe().waiting == 1
        gate.leave(RequestOutcome.SUCCEEDED, ticket=ticket)
        gate.leave(RequestOutcome.SUCCEEDED, ticket=await second)
        return gate.describe()

    state = asyncio.run(run())

    assert (state.in_flight, state.waiting) == (0, 0)


def test_a_task_that_is_cancelled_just_as_it_is_let_through_gives_its_place_back():
    async def run():
        gate = RequestGate(1)
        ticket = await gate.enter(1)
        first, second = (asyncio.create_task(gate.enter(1)) for _ in range(2))
        await settle()
        gate.leave(RequestOutcome.SUCCEEDED, ticket=ticket)  # the first has its place now, but has not run yet
        first.cancel()
        gate.leave(RequestOutcome.SUCCEEDED, ticket=await second)
        return gate.describe()

    state = asyncio.run(run())

    assert (state.in_flight, state.waiting) == (0, 0)


def test_a_wait_that_the_server_asks_for_holds_everyone_and_one_timer_ends_it():
    async def run():
        gate = RequestGate(4)
        ticket = await gate.enter(1)
        gate.leave(RequestOutcome.THROTTLED, headers={"retry-after-ms": "50"}, ticket=ticket)
        state = gate.describe()
        waiting = [asyncio.create_task(gate.enter(1)) for _ in range(3)]
        await settle()
        assert [task.done() for task in waiting] == [False] * 3
        own = await waiting[0]
        gate.leave(RequestOutcome.SUCCEEDED, ticket=own)
        for task in waiting[1:]:
            gate.leave(RequestOutcome.SUCCEEDED, ticket=await task)
        return state, gate.describe()

    closed, state = asyncio.run(run())

    assert (closed.closed_s > 0, closed.throttled, closed.reason) == (True, 1, "the server asks to wait 0.05 s (429)")
    assert (state.closed_s, state.in_flight, state.waiting) == (0, 0, 0)


def test_nothing_runs_while_only_a_reply_can_make_room():
    async def run():
        gate = RequestGate(1)
        await gate.enter(1)
        task = asyncio.create_task(gate.enter(1))
        await settle()
        timer = gate._timer
        gate.leave(RequestOutcome.SUCCEEDED)  # without a ticket the oldest has ended
        gate.leave(RequestOutcome.SUCCEEDED, ticket=await task)
        gate.close()
        return timer

    assert asyncio.run(run()) is None


def test_a_long_wait_is_known_at_once():
    async def run():
        gate = RequestGate(1)
        gate.leave(RequestOutcome.THROTTLED, headers={"retry-after": "3600"}, ticket=await gate.enter(1))
        return gate.find_exhaustion()

    assert "60 more minutes" in asyncio.run(run()).reason


@pytest.mark.parametrize(("most", "guess"), [(None, 100 + 256), (300, 100 + 150)])
def test_an_estimate_begins_with_four_characters_a_token_and_half_of_the_longest_answer(most, guess):
    assert TokenEstimate(most).estimate(400) == guess


def test_an_estimate_learns_from_usage():
    estimate = TokenEstimate()
    for _ in range(200):
        estimate.learn(1000, prompt_tokens=500, completion_tokens=120, answers=4)

    assert estimate.estimate(1000, answers=4) == 620


def test_when_all_is_over_nobody_waits_for_the_server():
    async def run():
        gate = RequestGate(2)
        gate.leave(RequestOutcome.THROTTLED, headers={"retry-after": "7200"}, ticket=await gate.enter(1))
        waiting = [asyncio.create_task(gate.enter(1)) for _ in range(3)]
        await asyncio.sleep(0.01)
        held = [task.done() for task in waiting]
        gate.end()
        await asyncio.wait_for(asyncio.gather(*waiting, gate.enter(1)), 1)
        gate.close()
        return held

    assert asyncio.run(run()) == [False, False, False]
