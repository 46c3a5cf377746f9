"""The recorder: an event loop hands responses over and goes on; they are on disk then, or an error says why."""

import asyncio
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.teacher.ledger import open_ledger
from cotloom.builder.teacher.ledger.check import check_ledger
from cotloom.builder.teacher.ledger.recorder import LARGEST, open_recorder
from cotloom.builder.teacher.request import Answer, ReceivedResponse, Response, ResponseKind
from tests.teacher.received import received, record
from tests.teacher.test_ledger import ROOT, recorded, request

BUSY = """
import asyncio, sys
from pathlib import Path
from cotloom.builder.teacher.ledger.recorder import open_recorder
from cotloom.builder.teacher.request import Answer
from tests.teacher.received import received
from tests.teacher.test_ledger import request

async def main(path):
    async with open_recorder(path) as recorder:
        async def one(index):
            await recorder.record(received(request("a"), index, Answer(text=f"{index}")))
            print(index, flush=True)
        tasks = [asyncio.create_task(one(index)) for index in range(3_000)]
        await asyncio.sleep(0)  # each has handed its response over
        print("handed over", flush=True)
        await asyncio.gather(*tasks)

try:
    asyncio.run(main(Path(sys.argv[1])))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.fixture
def path(store):
    return store / "ledger.sqlite"


def run(path, *steps):
    """Run steps of which each gets the recorder, at once. Returns their results, exceptions too."""

    async def all_steps():
        async with open_recorder(path) as recorder:
            return await asyncio.gather(*(step(recorder) for step in steps), return_exceptions=True)

    return asyncio.run(all_steps())


def hand(question, index=0, text="x"):
    return lambda recorder: recorder.record(received(request(question), index, Answer(text=text)))


def read(path, *questions):
    with open_ledger(path) as ledger:
        return {(key[0], key[1]): answer.text for key, answer in recorded(ledger, *map(request, questions)).items()}


def count_commits(path):
    """The transactions in the log of the last writes, by its frames that end one."""
    log = path.with_name(f"{path.name}-wal").read_bytes()
    (page,) = {int.from_bytes(log[8:12], "big")}
    frames = range(32, len(log) - 24 - page + 1, 24 + page)
    return sum(log[start + 4 : start + 8] != bytes(4) and log[start + 8 : start + 16] == log[16:24] for start in frames)


def test_what_was_recorded_is_on_disk_when_the_call_returns(path):
    async def step(recorder):
        assert await hand("a", text="first")(recorder) == frozenset()
        return read(path, "a")

    assert run(path, step) == [{(request("a").digest, 0): "first"}]


def test_many_at_once_are_all_recorded_in_few_groups(path):
    async def step(recorder):
        await asyncio.gather(*(hand("q", index, f"text {index}")(recorder) for index in range(3 * LARGEST + 7)))
        return count_commits(path)

    (commits,) = run(path, step)

    assert commits <= 5  # the tables, and four groups
    assert len(read(path, "q")) == 3 * LARGEST + 7
    assert check_ledger(path).is_intact


def test_the_loop_goes_on_while_the_disk_is_waited_for(path):
    """Another process holds the ledger: the loop counts on, and the response is recorded when it is let go."""

    async def step(recorder):
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            task = asyncio.create_task(hand("a")(recorder))
            turns = 0
            while turns < 50:
                await asyncio.sleep(0.002)
                turns += 1
            assert not task.done()
            other.execute("ROLLBACK")
        return await task

    assert run(path, step) == [frozenset()]


def test_the_keys_that_another_process_had_recorded_are_given_back(path):
    async def step(recorder):
        with open_ledger(path) as other:
            record(other, [(request("a"), 0, Answer(text="theirs"))])
        both = ReceivedResponse(request("a"), Response(ResponseKind.CHAT, b"{}"), {0: 0, 1: 0})
        return await recorder.record(both), await hand("b")(recorder)

    assert run(path, step) == [(frozenset({(request("a").digest, 0)}), frozenset())]
    assert read(path, "a")[request("a").digest, 0] == "theirs"


def test_of_two_answers_under_one_key_in_a_group_the_first_stays(path):
    first, second = run(path, hand("a", text="first"), hand("a", text="second"))

    assert (first, second) == (frozenset(), frozenset({(request("a").digest, 0)}))
    assert read(path, "a") == {(request("a").digest, 0): "first"}


def test_what_another_process_forgot_is_not_referred_to_afterwards(path):
    """The texts that a writer remembers may have been erased meanwhile."""

    async def step(recorder):
        await hand("a")(recorder)
        with open_ledger(path) as other:
            from cotloom.builder.teacher.ledger.forget import forget_problem

            forget_problem(other, path.parent, "p")
        await hand("a", 1)(recorder)

    assert run(path, step) == [None]
    assert check_ledger(path).is_intact


def fill_disk(recorder):
    """The disk is full from now on."""
    connection = recorder._connection
    pages = recorder._thread.submit(lambda: connection.execute("PRAGMA page_count").fetchone()[0]).result()
    recorder._thread.submit(lambda: connection.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone()).result()


def test_a_full_disk_reaches_everyone_who_waits_and_nothing_more_is_taken(path):
    async def step(recorder):
        await hand("a")(recorder)
        fill_disk(recorder)
        large = [hand("b", index, secrets.token_hex(50_000))(recorder) for index in range(LARGEST + 9)]
        outcomes = await asyncio.gather(*large, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {Stopped}
        with pytest.raises(Stopped, match="disk is full") as caught:
            await hand("c")(recorder)
        assert "what was finished is kept" in caught.value.hint
        return "done"

    assert run(path, step) == ["done"]
    assert len(read(path, "a", "b", "c")) == 1


def test_an_error_that_nobody_waited_for_is_raised_at_the_end(path):
    async def leave():
        async with open_recorder(path) as recorder:
            fill_disk(recorder)
            task = asyncio.create_task(hand("a", text=secrets.token_hex(50_000))(recorder))
            await asyncio.sleep(0)
            task.cancel()

    with pytest.raises(Stopped, match="disk is full"):
        asyncio.run(leave())


def test_a_ledger_that_can_not_be_opened_is_the_same_error_as_ever(path):
    path.parent.mkdir()
    path.write_bytes(b"this is a letter, and no database at all")
    with pytest.raises(InputError, match="is no ledger"):
        run(path, hand("a"))


def test_a_fault_of_ours_reaches_the_caller(path):
    async def step(recorder):
        await recorder.record(ReceivedResponse(request("a"), Response(ResponseKind.CHAT, "no bytes" * 100), {0: 0}))

    (error,) = run(path, step)
    assert isinstance(error, TypeError)


def test_a_closed_recorder_takes_nothing(path):
    async def leave():
        async with open_recorder(path) as recorder:
            await hand("a")(recorder)
        with pytest.raises(RuntimeError, match="closed"):
            await hand("b")(recorder)

    asyncio.run(leave())
    assert len(read(path, "a", "b")) == 1


def test_what_was_handed_over_is_recorded_although_its_tasks_are_cancelled(path):
    async def leave():
        async with open_recorder(path) as recorder:
            tasks = [asyncio.create_task(hand("a", index)(recorder)) for index in range(2 * LARGEST)]
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            raise ValueError("the build has a fault")

    with pytest.raises(ValueError, match="has a fault"):
        asyncio.run(leave())
    assert len(read(path, "a")) == 2 * LARGEST


def test_the_thread_ends_with_the_recorder(path):
    before = threading.active_count()
    run(path, hand("a"))
    assert threading.active_count() == before


def start(path):
    return subprocess.Popen(
        [sys.executable, "-c", BUSY, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.usefixtures("ends")
def test_an_interrupt_loses_nothing_that_was_handed_over(path):
    with start(path) as process:
        while process.stdout.readline() != "handed over\n":
            pass
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()

    assert "interrupted" in rest
    assert len(read(path, "a")) == 3_000


@pytest.mark.usefixtures("ends")
def test_a_kill_loses_nothing_whose_call_had_returned(path):
    with start(path) as process:
        told = [process.stdout.readline().strip() for _ in range(300)]
        process.kill()
        told += process.stdout.read().splitlines()

    there = {index for _, index in read(path, "a")}
    assert {int(word) for word in told if word.isdigit()} <= there
    assert check_ledger(path).is_intact


@pytest.mark.usefixtures("ends")
def test_recorders_of_several_processes_lose_nothing(path):
    with start(path) as one, start(path) as other:
        assert [process.wait() for process in (one, other) if process.stdout.read()] == [0, 0]

    assert len(read(path, "a")) == 3_000
    assert check_ledger(path).is_intact


def test_a_ledger_whose_table_of_keys_refuses_is_damaged_for_everyone(path):
    async def step(recorder):
        with closing(sqlite3.connect(path)) as other:
            other.execute("DROP TABLE answers")
        outcomes = await asyncio.gather(hand("a")(recorder), hand("b")(recorder), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [InputError, InputError]

    assert run(path, step) == [None]
