"""Worker processes on this machine: started fresh (never forked), connected by pipes, ended with their parent.

polars hangs in a forked child, and a spawned one would run an unguarded user script again; `python -m` does neither.
One thread waits for all workers. A worker that is killed is replaced, and its item done again.
"""

import json
import os
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector
from typing import IO, Any

from ..progress import warn
from .calls import TASK, Task, read_value
from .current_row import make_mark, read_mark
from .exits import make_death_error, make_exit_error
from .usage import UsageRecord

NAME = "a worker process"
"""What a worker is called in messages."""

MAX_DEATHS = 2
"""So many processes may one item end, before everything ends."""

_CHUNK_BYTES = 1 << 20


@dataclass(eq=False, kw_only=True, slots=True)
class _PoolWorker:
    """A worker process and the item that it has."""

    process: subprocess.Popen[bytes]
    requests: IO[bytes]
    answers: IO[bytes]
    mark: IO[bytes]
    index: int
    chunks: list[bytes] = field(default_factory=list)
    """What has come of its next answer."""

    def send_line(self, text: str) -> None:
        """Send a line. Where the process is gone, the end of its answers will show it."""
        with suppress(BrokenPipeError):
            self.requests.write(text.encode() + b"\n")
            self.requests.flush()

    def receive_chunk(self) -> bytes | None:
        """Receive what is there. Returns a whole answer, nothing where the process has ended, None until then."""
        chunk = os.read(self.answers.fileno(), _CHUNK_BYTES)
        if chunk and not chunk.endswith(b"\n"):
            self.chunks.append(chunk)
            return None
        line = b"".join([*self.chunks, chunk]) if chunk else b""
        self.chunks.clear()
        return line

    def close(self) -> None:
        """End the process, and close what leads to it."""
        self.process.kill()
        for file in (self.requests, self.answers, self.mark):
            with suppress(BrokenPipeError):  # half a message may wait for a worker that is gone
                file.close()
        self.process.wait()


_idle: ContextVar[list[_PoolWorker] | None] = ContextVar("idle", default=None)
"""Workers that wait for the next task, where they are kept."""


@contextmanager
def keep_workers() -> Iterator[None]:
    """Keep workers from one task to the next while the block lasts: to start one takes as long as thousands of rows."""
    idle: list[_PoolWorker] = []
    token = _idle.set(idle)
    try:
        yield
    finally:
        _idle.reset(token)
        for worker in idle:
            worker.process.kill()
        for worker in idle:
            worker.close()


def _take_idle() -> _PoolWorker | None:
    """Take a worker that waits; None where there is none."""
    idle = _idle.get()
    while idle:
        worker = idle.pop()
        if worker.process.poll() is None:
            return worker
        worker.close()
    return None


class _Pool:
    """The workers of one run."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._workers: set[_PoolWorker] = set()
        self._selector = DefaultSelector()

    def start_worker(self, index: int) -> None:
        """Start a worker with an item, or take one that waits."""
        worker = _take_idle() or self._start_process(index)
        self._workers.add(worker)
        self._selector.register(worker.answers, EVENT_READ, worker)
        worker.send_line(f"{TASK.decode()}{self._task.address}\n{self._task.settings}")
        self.send_item(worker, index)

    @staticmethod
    def _start_process(index: int) -> _PoolWorker:
        mark = make_mark()
        # -P: the working folder stays off the import path, so that no file there is imported instead of ours
        module = "cotloom.builder.engine.worker"
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", module, str(mark.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "POLARS_MAX_THREADS": "1"},
            pass_fds=[mark.fileno()],
        )
        if process.stdin is None or process.stdout is None:
            raise RuntimeError(f"{NAME} has no pipes")
        return _PoolWorker(process=process, requests=process.stdin, answers=process.stdout, mark=mark, index=index)

    def send_item(self, worker: _PoolWorker, index: int) -> None:
        """Give an item to a worker."""
        worker.index = index
        worker.send_line(self._task.items[index])

    def receive_answers(self) -> Iterator[tuple[_PoolWorker, bytes]]:
        """Wait for workers. Yields those that have answered, and those that have ended with an empty answer."""
        for key, _ in self._selector.select():
            worker: _PoolWorker = key.data
            line = worker.receive_chunk()
            if line is not None:
                yield worker, line

    def remove_worker(self, worker: _PoolWorker) -> None:
        """Forget a worker that has ended."""
        self._selector.unregister(worker.answers)
        self._workers.remove(worker)
        worker.close()

    def release_worker(self, worker: _PoolWorker) -> None:
        """End a worker that has nothing more to do, or let it wait for the next task."""
        idle = _idle.get()
        if idle is None:
            self.remove_worker(worker)
            return
        self._selector.unregister(worker.answers)
        self._workers.remove(worker)
        idle.append(worker)

    def stop(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.process.kill()  # all at once, before one is waited for
        for worker in self._workers:
            worker.close()
        self._selector.close()


def run_in_processes(task: Task, workers: int, advance: Callable[[int], None], usage: UsageRecord) -> list[Any]:
    """Run a task in worker processes; see `cotloom.builder.engine.map_items`.

    Args:
        task: a function and its items.
        workers: number of processes, at most one for each item.
        advance: is called with each item that is done.
        usage: takes in what the workers used.

    Raises:
        CotloomError: the function raised it.
        Stopped: an item ended its worker twice, or memory ran out.
        RuntimeError: a worker failed; the message is its traceback.
    """
    pending = deque(range(len(task.items)))
    results: dict[int, Any] = {}
    deaths: Counter[int] = Counter()
    usages: list[Mapping[str, Any]] = []
    pool = _Pool(task)
    try:
        for _ in range(workers):
            pool.start_worker(pending.popleft())
        while len(results) < len(task.items):
            for worker, line in pool.receive_answers():
                if not line:
                    deaths[worker.index] += 1
                    _check_death(worker, deaths[worker.index], len(task.items))
                    pool.remove_worker(worker)
                    pool.start_worker(worker.index)
                    continue
                answer = json.loads(line)
                usages.append(answer["usage"])
                results[worker.index] = read_value(answer)
                advance(worker.index)
                if pending:
                    pool.send_item(worker, pending.popleft())
                else:
                    pool.release_worker(worker)
    finally:
        pool.stop()
        usage.add_run(usages)
    return [results[index] for index in range(len(task.items))]


def _check_death(worker: _PoolWorker, deaths: int, items: int) -> None:
    """Say that a worker was killed and its item is done again.

    Raises:
        Stopped: the item has ended several workers.
        RuntimeError: the worker was not killed but ended itself.
    """
    code = worker.process.wait()
    if code >= 0:
        raise make_exit_error(NAME, code)
    if deaths >= MAX_DEATHS:
        raise make_death_error(NAME, code, row=read_mark(worker.mark), item=f"item {worker.index + 1} of {items}")
    warn(f"{make_exit_error(NAME, code)}; a new one does its work again")
