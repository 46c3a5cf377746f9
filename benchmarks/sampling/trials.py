"""One client against one server: the job that it gets, and what came of it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.teacher.chat_service import Busy, RequestRecord, Settings, running
from tests.teacher.live_builds import find_asked_again, write_recipe

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PATIENCE_S = 1_500
PROMPT_WORDS, ANSWER_WORDS = 190, 150
"""Prompts come to 200 tokens with the question and the cue."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a client does."""

    requests: int
    """Questions."""
    at_once: int
    n: int = 1
    """Answers to each."""
    top: int = 0
    """Alternatives of each token."""
    timeout_s: float = 60.0
    whole: bool = False
    """Whether a whole version is built."""
    workers: int = 1
    teacher: Mapping[str, Any] | None = None
    """More keys of the recipe's teacher."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of it. It failed where `error` says why."""

    client: str
    answers: int = 0
    seconds: float = 0.0
    """Of the client, without its start."""
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    error: str = ""
    details: Mapping[str, Any]
    """What else the client said."""
    statistics: Mapping[str, Any]
    """What the server saw."""
    requests: Sequence[RequestRecord]
    """All requests."""

    @property
    def busy(self) -> Busy:
        """How many requests were in flight, and for how long."""
        return Busy({int(count): seconds for count, seconds in self.statistics["busy"].items()})

    @property
    def outcomes(self) -> Mapping[str, int]:
        """What became of the requests."""
        return self.statistics["outcomes"]

    @property
    def asked_again(self) -> int:
        """Requests that were sent again after a readable answer."""
        return len(find_asked_again(self.requests))


CLIENTS: Mapping[str, str] = {"bare client": "bare.py", "ours": "ours.py", "curator": "by_curator.py"}


def run_client(client: str, job: Job, settings: Settings, python: str = sys.executable) -> Trial:
    """Run a client against a server of its own, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="cotloom-sampling-") as folder, running(settings) as service:
        paths: dict[str, Any] = {"round": job.n}
        sampling = {"sampling": {"top_logprobs": job.top}} if job.top else {}
        keys = {"paths": paths, **sampling, **(job.teacher or {})}
        recipe = write_recipe(Path(folder), job.requests, filler=PROMPT_WORDS, **keys)
        return run_script(client, job, service, recipe, Path(folder), python)


def run_script(client: str, job: Job, service: Any, recipe: Path, folder: Path, python: str = sys.executable) -> Trial:
    """Run a client's script on a recipe, and read what it measured."""
    told = {
        "url": service.url, "questions": str(recipe.with_suffix(".jsonl")), "recipe": str(recipe),
        "store": str(folder / "store"), "at_once": job.at_once, "n": job.n, "top": job.top,
        "timeout_s": job.timeout_s, "whole": job.whole, "workers": job.workers,
    }  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "none"}
    try:
        done = subprocess.run(
            [python, str(HERE / "clients" / CLIENTS[client]), json.dumps(told)],
            capture_output=True, text=True, env=environment, cwd=folder, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        error = "" if done.returncode == 0 else _find_last_line(done.stderr) or f"exit {done.returncode}"
        details = json.loads(done.stdout.splitlines()[-1]) if not error else {}
        error = error or details.get("error", "")
    except subprocess.TimeoutExpired:
        error, details = f"did not end within {PATIENCE_S} s", {}
    measured = {name: details[name] for name in ("answers", "seconds", "cpu_s", "peak_mb") if name in details}
    return Trial(
        client=client, error=error, details=details, statistics=service.read_statistics(),
        requests=service.read_requests(), **measured,
    )  # fmt: skip


def _find_last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""


def alternate(clients: Sequence[str], turns: int) -> Iterator[str]:
    """Let clients take turns, each turn in another order."""
    for turn in range(turns):
        shift = turn % len(clients)
        yield from [*clients[shift:], *clients[:shift]]


def take_median(trials: Sequence[Trial], read: Any) -> float:
    """Take the median of something over the trials that did not fail."""
    return median([read(trial) for trial in trials if not trial.error] or [float("nan")])


@contextmanager
def open_folder() -> Iterator[Path]:
    """Open a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="cotloom-sampling-") as folder:
        yield Path(folder)
