"""Builds in processes of their own against a chat server: started, killed, finished, and what was sent twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .chat_service import RequestRecord, Service

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-P", "-m", "cotloom.cli")
POLL_S = 0.005


def write_recipe(folder: Path, problems: int, *, name: str = "live", filler: int = 0, **teacher: Any) -> Path:
    """Write a recipe over sums of our own; the address of its teacher is given when it is built.

    Args:
        folder: gets the recipe and its source.
        problems: how many.
        name: the recipe's name.
        filler: so many words stand before each question.
        teacher: more keys of the teacher.
    """
    words = "word " * filler
    rows = [
        {"q": f"{words}What is {number} + {1 + number % 7}?", "a": str(number + 1 + number % 7)}
        for number in range(1, problems + 1)
    ]
    (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    source = {"name": "sums", "kind": "file", "path": f"{name}.jsonl", "fields": {"question": "q", "answer": "a"}}
    own = {"backend": "openai", "model": "m", "endpoint": "live", "paths": {"round": 1}, **teacher}
    recipe = folder / f"{name}.yaml"
    recipe.write_text(json.dumps({"name": name, "version": "1.0.0", "sources": [source], "teacher": own}))
    return recipe


def list_words(recipe: Path, store: Path, url: str) -> list[str]:
    """List the words of `cotloom build --json` against a server."""
    address = ["--set", f"teacher.base_url={url}"]
    return ["build", str(recipe), "--store", str(store), "--json", "--workers", "1", *address]


def start_build(
    recipe: Path, store: Path, url: str, *words: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start `cotloom build --json` in a session of its own, so that its workers can be killed with it."""
    return subprocess.Popen(
        [*COMMAND, *list_words(recipe, store, url), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
    )


def finish_build(process: subprocess.Popen[str], timeout_s: float = 300) -> dict[str, Any]:
    """Wait for a build that must succeed. Returns what it printed."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        kill_build(process)
        raise
    assert process.returncode == 0, f"exit {process.returncode}: {out[-2000:]}\n{err[-2000:]}"
    built: dict[str, Any] = json.loads(out)
    return built


def kill_build(process: subprocess.Popen[str]) -> None:
    """Kill a build and all of its processes."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def kill_at(process: subprocess.Popen[str], service: Service, answered: int) -> int:
    """Kill a build once the server has answered so many requests. Returns how many had come by then.

    It may have ended before.
    """
    wait_for_answers(process, service, answered)
    if process.poll() is None:
        kill_build(process)
    while service.read_statistics()["in_flight"]:  # the server has not seen yet that the client is gone
        time.sleep(POLL_S)
    return len(service.read_requests())


def wait_for_answers(process: subprocess.Popen[str], service: Service, answered: int) -> None:
    """Wait until the server has answered so many requests, or the build has ended."""
    while process.poll() is None and service.read_statistics()["outcomes"].get("answered", 0) < answered:
        time.sleep(POLL_S)


def find_sent_twice(requests: Sequence[RequestRecord], kills: Sequence[int], at_once: int) -> tuple[int, list[str]]:
    """Find what was sent twice across kills.

    In flight are the requests whose answer was not yet on disk: those that were open at the server, and the last of
    those that it had answered, at most as many as are sent at once.

    Args:
        requests: all requests, in the order in which they came.
        kills: how many requests had come at each kill.
        at_once: how many are sent at once.

    Returns:
        How many requests were sent again, and the bodies of those that had not been in flight at a kill.
    """
    again, wrong, begin = 0, [], 0
    excused: set[str] = set()
    known: set[str] = set()
    for end in [*kills, len(requests)]:
        bodies = [request.digest for request in requests[begin:end]]
        twice = [body for place, body in enumerate(bodies) if body in known or body in bodies[:place]]
        again += len(twice)
        wrong += [body for place, body in enumerate(bodies) if body in known - excused or body in bodies[:place]]
        known |= {*bodies}
        excused = _find_in_flight(requests[:end], at_once)
        begin = end
    return again, wrong


def _find_in_flight(requests: Sequence[RequestRecord], at_once: int) -> set[str]:
    answered = [request for request in requests if request.outcome == "answered"]
    last = sorted(answered, key=lambda request: request.ended_s or 0.0)[-at_once:]
    answered_bodies = {request.digest for request in answered}
    never = {request.digest for request in requests} - answered_bodies
    return {request.digest for request in last} | never


def find_asked_again(requests: Sequence[RequestRecord]) -> list[str]:
    """Find the bodies that were sent again after they had been answered."""
    answered_at: dict[str, float] = {}
    for request in requests:
        if request.outcome == "answered" and request.ended_s is not None:
            answered_at[request.digest] = min(request.ended_s, answered_at.get(request.digest, request.ended_s))
    return [
        request.digest
        for request in requests
        if request.digest in answered_at and request.came_s > answered_at[request.digest]
    ]
