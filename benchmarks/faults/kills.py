"""SIGKILL at random moments of a build against a live server: the same command goes on and pays nothing twice."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from answers import GOOD, answer_well
from trials import Deadline, Outcome, Trial

from tests.teacher.chat_server import ChatServer, Reply, serving

CONCURRENCY = 4
LATENCY_S = 0.15


def kill_builds(folder: Path, chance: random.Random, deadline: Deadline) -> Iterator[Trial]:
    """Kill a build, and run it again until it ends."""
    expected: str | None = None
    longest = 6.0
    for number in deadline.share(1):
        store = folder / "killed"
        shutil.rmtree(store, ignore_errors=True)
        with serving(_answer_slowly) as server:
            recipe = _write_recipe(folder, server)
            begin = time.monotonic()
            kills = 0 if number == 0 else _kill_until_done(recipe, store, chance, longest)
            digest = _finish(recipe, store)
            longest = time.monotonic() - begin if number == 0 else longest
            expected = expected or digest
            twice = sum(Counter(json.dumps(body["messages"]) for body in server.requests).values()) - 2 * GOOD
        if number:
            yield Trial("kills of a build", _judge(digest == expected, twice, kills))


def _judge(is_same: bool, twice: int, kills: int) -> Outcome:
    """Requests that were in flight when the process was killed are sent again; no other may be."""
    if not is_same:
        return Outcome.SILENT
    return Outcome.MENDED if twice <= kills * CONCURRENCY else Outcome.LOST


def _answer_slowly(body: Mapping[str, Any]) -> Reply:
    time.sleep(LATENCY_S)
    return answer_well(body)


def _write_recipe(folder: Path, server: ChatServer) -> Path:
    rows = [{"q": f"What is {number} + 1?", "a": str(number + 1)} for number in range(1, 2 * GOOD + 1)]
    (folder / "many.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    source = {"name": "sums", "kind": "file", "path": "many.jsonl", "fields": {"question": "q", "answer": "a"}}
    teacher = {"backend": "openai", "model": "m", "base_url": server.url, "endpoint": "e", "paths": {"round": 1}}
    recipe = folder / "killed.yaml"
    recipe.write_text(json.dumps({"name": "killed", "version": "1.0.0", "sources": [source], "teacher": teacher}))
    return recipe


def _start(recipe: Path, store: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cotloom.cli", "build", str(recipe), "--store", str(store), "--json"]
    options = ["--workers", "2", "--concurrency", str(CONCURRENCY)]
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )


def _kill_until_done(recipe: Path, store: Path, chance: random.Random, longest: float) -> int:
    """Kill a build up to three times, at random moments. Returns how often it was still running."""
    kills = 0
    for _ in range(chance.randint(1, 3)):
        process = _start(recipe, store)
        time.sleep(chance.uniform(0.2, longest))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
    return kills


def _finish(recipe: Path, store: Path) -> str:
    out, _ = _start(recipe, store).communicate()
    return str(json.loads(out).get("content_digest"))
