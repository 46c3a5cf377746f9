"""Ask a process of its own whether two expressions are equal. It is killed where it takes too long or too much.

Each process that asks has one such process, started at the first question and ended with it.
"""

import atexit
import importlib.util
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from ....credentials import is_secret_name
from ..findings import Likeness, Likening
from ..tree import NotUnderstoodError, Tree
from .bounds import check_bounds
from .latex import write_pairs

SECONDS = 3
"""The processor time that one pair may take. It does not depend on how busy the machine is."""

_PATIENCE_S = 60.0
"""How long the process may take to start, or to answer on a busy machine."""

MISSING = "math-verify is not installed: pip install 'cotloom[math]'"
"""Why nothing is proved without the optional install."""

_CHUNK = 1 << 16
_lock = Lock()


@dataclass(frozen=True, slots=True)
class _Prover:
    """The process that proves."""

    process: "subprocess.Popen[bytes]"
    """It, with its pipes."""
    owner: int
    """Id of the process that started it: a fork has to start its own."""


def is_installed() -> bool:
    """Whether the libraries are there. Nothing is imported."""
    return importlib.util.find_spec("math_verify") is not None


@lru_cache(maxsize=8192)
def prove_pair(gold: Tree, answer: Tree) -> Likening:
    """Decide whether two expressions are equal.

    What it says of a pair is remembered, so that a pair that was killed once stays so while this process lives.

    Args:
        gold: the expression of the gold answer.
        answer: the other one.
    """
    if not is_installed():
        return Likening(Likeness.UNKNOWN, MISSING)
    try:
        for tree in (gold, answer):
            check_bounds(tree)
        latex = write_pairs(gold, answer)
    except NotUnderstoodError as error:
        return Likening(Likeness.UNKNOWN, str(error))
    request = {"seconds": SECONDS, "latex": latex, "trees": [_list_tree(gold), _list_tree(answer)]}
    with _lock:
        return _read_finding(_ask(json.dumps(request).encode() + b"\n"))


def _list_tree(tree: Tree) -> list[Any]:
    return [tree.head.value, tree.name, str(tree.value), [_list_tree(part) for part in tree.parts]]


def _read_finding(answer: Mapping[str, str]) -> Likening:
    if "error" in answer:
        return Likening(Likeness.BROKEN, f"the comparison was ended: {answer['error']}")
    if answer["values"] == "differ":
        return Likening(Likeness.OTHER, "their values differ")
    if answer["values"] == "agree" and answer["proof"] == "proved":
        return Likening(Likeness.SAME)
    is_close = answer["values"] == "agree"
    return Likening(Likeness.UNKNOWN, "their values agree, and nothing proves them equal" if is_close else "no values")


def _ask(request: bytes) -> Mapping[str, str]:
    """Send a request to the process, and end the process where no answer comes."""
    try:
        line = _send_line(_get_prover().process, request)
    except (BrokenPipeError, TimeoutError):
        line = b""
    if not line:
        stop_prover()
        return {"error": f"it takes more than {SECONDS} seconds, or too much memory"}
    answer: Mapping[str, str] = json.loads(line)
    return answer


def _send_line(process: "subprocess.Popen[bytes]", request: bytes) -> bytes:
    """Write a request, and read the line that answers it.

    Raises:
        BrokenPipeError: the process has ended.
    """
    if process.stdin is None:
        raise BrokenPipeError
    process.stdin.write(request)
    process.stdin.flush()
    return _read_line(process)


def _read_line(process: "subprocess.Popen[bytes]") -> bytes:
    """Read one line; an empty one where the process has ended.

    Raises:
        BrokenPipeError: it has no pipes.
        TimeoutError: nothing came in time.
    """
    if process.stdout is None:
        raise BrokenPipeError
    end, parts = time.monotonic() + _PATIENCE_S, [b""]
    while not parts[-1].endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(process.stdout.fileno(), _CHUNK)
        if not part:
            return b""
        parts.append(part)
    return b"".join(parts)


@lru_cache(maxsize=1)
def _start_prover() -> _Prover:
    """Start the process, and wait until it is ready. It knows no secret of the environment."""
    command = [sys.executable, "-P", "-m", "cotloom.builder.verify.symbolic.proof.worker"]
    environment = {name: value for name, value in os.environ.items() if not is_secret_name(name)}
    process = subprocess.Popen(  # noqa: S603 - ourselves
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, "POLARS_MAX_THREADS": "1"},
    )
    prover = _Prover(process, os.getpid())
    atexit.register(_close, prover)
    if _read_line(process) != b"ready\n":
        _close(prover)
        raise BrokenPipeError
    return prover


def _get_prover() -> _Prover:
    prover = _start_prover()
    if prover.owner != os.getpid():
        _start_prover.cache_clear()
        prover = _start_prover()
    return prover


def stop_prover() -> None:
    """End the process, if there is one. The next question starts another."""
    if _start_prover.cache_info().currsize:
        prover = _start_prover()
        _start_prover.cache_clear()
        _close(prover)


def _close(prover: _Prover) -> None:
    """End the process, unless it is that of the process that this one was forked from."""
    if prover.owner != os.getpid():
        return
    process = prover.process
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and not pipe.closed:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()
