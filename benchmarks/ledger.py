"""How long a large ledger takes to open and to look through, how large it is, and what recording an answer costs.

    python benchmarks/ledger.py [--answers 2000000] [--recorded 20000] [--folder FOLDER]

The large ledger is written by bulk inserts, one answer to a prompt, eight demonstrations that all prompts share. A
process of its own opens it, checks all keys and looks all of them up. The recorder is measured in another: requests of
200 tokens, answers of 90 words. Writes docs/benchmark-ledger.md.
"""

import argparse
import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import xxhash

from cotloom.builder.teacher.ledger import open_ledger
from cotloom.builder.teacher.ledger.encoding import (
    compress_content,
    compute_checksum,
    compute_hash,
    compute_key_checksum,
    encode_message,
    encode_setting,
    pack_digest,
    pack_numbers,
)
from cotloom.builder.teacher.ledger.layout import connect
from cotloom.builder.teacher.ledger.recorder import open_recorder
from cotloom.builder.teacher.ledger.statistics import count_ledger
from cotloom.builder.teacher.request import ReceivedResponse, Request, Response, ResponseKind
from cotloom.schemas.example import Message, Role

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmark-ledger.md"
SHARED = 16
"""Messages that all prompts share: eight demonstrations."""
QUESTION_WORDS, ANSWER_WORDS = 130, 90
BATCH = 20_000
AT_ONCE, A_SECOND = 256, 800
"""Answers that wait for the recorder at most, and how many are handed over each second."""
LIMIT_S, LIMIT_MB = 20.0, 1_000.0
WORDS = ["".join(random.Random(n).choices("aaeeiioubcdfghklmnprst", k=2 + n % 8)) for n in range(3_000)]


def write_text(chance: random.Random, words: int) -> str:
    """Write words without a meaning, the frequent ones more often."""
    return " ".join(WORDS[int(len(WORDS) * chance.random() ** 3)] for _ in range(words))


def make_demos() -> tuple[Message, ...]:
    """Make the demonstrations."""
    chance = random.Random("demos")
    roles = (Role.USER, Role.ASSISTANT) * (SHARED // 2)
    return tuple(Message(role=role, content=write_text(chance, ANSWER_WORDS)) for role in roles)


def make_response(number: int, demos: tuple[Message, ...]) -> ReceivedResponse:
    """Make a response of a chat server to a request of its own."""
    chance = random.Random(number)
    messages = (*demos, Message(role=Role.USER, content=write_text(chance, QUESTION_WORDS)))
    request = Request(
        problem_id=f"p_{number:024x}",
        messages=messages,
        model="org/a-model-8b",
        endpoint="https://host/v1",
        sampling={"temperature": 0.7, "top_p": 0.95, "max_tokens": 1024},
    )
    choice = {"index": 0, "message": {"role": "assistant", "content": write_text(chance, ANSWER_WORDS)}}
    body = {
        "id": f"chatcmpl-{number:032x}",
        "object": "chat.completion",
        "created": 1_700_000_000 + number,
        "model": "org/a-model-8b",
        "choices": [{**choice, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 200, "completion_tokens": 150, "total_tokens": 350},
    }
    return ReceivedResponse(request, Response(ResponseKind.CHAT, json.dumps(body).encode()), {0: 0})


def make_digest(number: int) -> str:
    """Make the digest of a request of the large ledger."""
    return f"r_{xxhash.xxh3_128_hexdigest(str(number).encode())[:24]}"


def fill(path: Path, answers: int) -> None:
    """Fill the large ledger. Its questions and answers are a thousand that come again and again."""
    some = [make_response(number, ()) for number in range(1_000)]
    bodies = [compress_content(item.response.body) for item in some]
    questions = [encode_message("user", item.request.messages[-1].content) for item in some]
    shared = [encode_setting(some[0].request), *(encode_message(m.role, m.content) for m in make_demos())]
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")

        def insert(table: str, rows: Iterator[Sequence[object]]) -> None:
            places = ", ".join("?" * {"texts": 5, "requests": 6, "responses": 8}[table])
            checked = ((*row, compute_checksum(row)) for row in rows)
            with connection:
                connection.executemany(f"INSERT INTO {table} VALUES ({places})", checked)  # noqa: S608 - our tables

        insert("texts", _number_texts(shared, 1))
        for start in range(0, answers, BATCH):
            numbers = range(start + 1, min(start + BATCH, answers) + 1)
            digests = {number: pack_digest(make_digest(number)) for number in numbers}
            insert(
                "texts", _number_texts([b"%b %d" % (questions[n % 1_000], n) for n in numbers], numbers[0] + SHARED + 1)
            )
            insert(
                "requests",
                (
                    (n, digests[n], f"p_{n:024x}", 1, pack_numbers([*range(2, SHARED + 2), n + SHARED + 1]))
                    for n in numbers
                ),
            )
            insert("responses", ((n, digests[n], n, "chat", *bodies[n % 1_000], 1_700_000_000 + n) for n in numbers))
        keys = sorted((pack_digest(make_digest(number)), 0, number, 0) for number in range(1, answers + 1))
        with connection:
            statement = "INSERT INTO answers VALUES (?, ?, ?, ?, ?)"
            connection.executemany(statement, ((*key, compute_key_checksum(*key)) for key in keys))


def _number_texts(texts: Sequence[bytes], first: int) -> Iterator[Sequence[object]]:
    for number, text in enumerate(texts, first):
        yield number, compute_hash(text), *compress_content(text)


def look_up(path: Path, answers: int) -> dict[str, float]:
    """Open the large ledger, check its keys, and look all of them up: together, one by one, and with answers."""
    digests = [make_digest(number) for number in range(1, answers + 1)]
    seconds = {"cpu": -time.process_time()}
    started = time.perf_counter()

    def note(name: str, divided_by: int = 1) -> None:
        nonlocal started
        seconds[name] = (time.perf_counter() - started) / divided_by
        started = time.perf_counter()

    with open_ledger(path) as ledger:
        note("open")
        ledger.check_keys()
        note("check")
        found = ledger.find_keys(digests)
        if len(found) != answers:
            raise RuntimeError(f"{len(found)} of {answers} keys were found")
        note("find")
        seconds["cpu"] += time.process_time()
        seconds["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        some = [make_digest(random.Random(n).randint(1, answers)) for n in range(min(answers, 20_000))]
        started = time.perf_counter()
        for digest in some:
            ledger.find_keys([digest])
        note("find_one", len(some))
        for digest in some:
            dict(ledger.read_answers([digest]))
        note("read_one", len(some))
    return seconds


def record(path: Path, answers: int) -> dict[str, float]:
    """Record answers as they come from a server, and measure the CPU time beside that of the loop alone."""
    demos = make_demos()
    received = [make_response(number, demos) for number in range(answers)]

    async def run(*, is_recorded: bool) -> float:
        gate = asyncio.Semaphore(AT_ONCE)
        async with open_recorder(path) as recorder:

            async def hand_over(item: ReceivedResponse) -> None:
                async with gate:
                    await (recorder.record(item) if is_recorded else asyncio.sleep(0.05))

            started, clock, tasks = time.process_time(), time.perf_counter(), set()
            for number, item in enumerate(received):
                tasks.add(asyncio.create_task(hand_over(item)))
                if number % 8 == 7:
                    await asyncio.sleep(max(0.0, clock + number / A_SECOND - time.perf_counter()))
            await asyncio.gather(*tasks)
            return (time.process_time() - started) / answers

    alone = asyncio.run(run(is_recorded=False))
    recorded = asyncio.run(run(is_recorded=True))
    with open_ledger(path) as ledger:
        counts = count_ledger(ledger)
    with open_ledger(path.with_name("groups.sqlite")) as ledger:
        started = time.process_time()
        for start in range(0, answers, AT_ONCE):
            ledger.record(received[start : start + AT_ONCE])
        groups = (time.process_time() - started) / answers
    return {
        "recorder": recorded - alone,
        "groups": groups,
        "size": path.stat().st_size / answers,
        "requests": counts.request_bytes / answers,
        "stored_requests": counts.stored_request_bytes / answers,
        "responses": counts.response_bytes / answers,
        "stored_responses": counts.stored_bytes / answers,
    }


def run_apart(task: str, path: Path, answers: int) -> dict[str, float]:
    """Run a task in a process of its own, so that its memory and CPU time are its own."""
    words = [sys.executable, __file__, "--task", task, "--folder", str(path), "--answers", str(answers)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    result: dict[str, float] = json.loads(done.stdout)
    return result


TASKS = {"look_up": look_up, "record": record}


def write_page(answers: int, size: float, looked: dict[str, float], recorded: dict[str, float]) -> str:
    """Write the page."""
    total = looked["open"] + looked["check"] + looked["find"]
    rows = [
        (f"open a ledger of {answers:,} answers ({size:,.0f} MB)", f"{looked['open']:.2f} s"),
        ("check all of its keys", f"{looked['check']:.1f} s"),
        ("look all of them up", f"{looked['find']:.1f} s"),
        ("these three together", f"**{total:.1f} s**, {looked['cpu']:.1f} s of it CPU (goal: {LIMIT_S:.0f} s)"),
        ("memory of the process", f"**{looked['memory']:,.0f} MB** (goal: {LIMIT_MB:,.0f} MB)"),
        ("look up the answers to one prompt", f"{looked['find_one'] * 1e6:.0f} µs"),
        ("look up and read the answer to one prompt", f"{looked['read_one'] * 1e6:.0f} µs"),
        ("record an answer, in groups of 256", f"{recorded['groups'] * 1e6:.0f} µs CPU"),
        (f"record an answer beside an event loop, {A_SECOND} each second", f"{recorded['recorder'] * 1e6:.0f} µs CPU"),
        ("a request with 8 demonstrations", f"{recorded['requests']:,.0f} bytes"),
        ("... as stored", f"{recorded['stored_requests']:,.0f} bytes"),
        ("a response of 90 words", f"{recorded['responses']:,.0f} bytes"),
        ("... as stored", f"{recorded['stored_responses']:,.0f} bytes"),
        ("the ledger, for each answer", f"**{recorded['size']:,.0f} bytes**"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return (
        "# Benchmark: the ledger\n\n"
        "Made by `make bench-ledger` (`benchmarks/ledger.py`). One run on a machine that is not quiet. Words are made\n"
        "up, so that texts shrink less than real ones. Prompts share eight demonstrations of 90 words and differ in a\n"
        "question of 130; each has one answer.\n\n"
        f"| | |\n|---|---|\n{table}\n"
    )


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=2_000_000, help="answers of the large ledger")
    parser.add_argument("--recorded", type=int, default=20_000, help="answers that are recorded")
    parser.add_argument("--folder", type=Path, default=None, help="where the ledgers are written")
    parser.add_argument("--task", choices=list(TASKS), default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task is not None:
        print(json.dumps(TASKS[given.task](given.folder, given.answers)))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        large = Path(folder) / "large.sqlite"
        fill(large, given.answers)
        looked = run_apart("look_up", large, given.answers)
        size = large.stat().st_size / 2**20
        large.unlink()
        recorded = run_apart("record", Path(folder) / "recorded.sqlite", given.recorded)
    PAGE.write_text(write_page(given.answers, size, looked, recorded), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
