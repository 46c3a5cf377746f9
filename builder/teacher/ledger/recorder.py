"""Record responses from an event loop: one thread writes them, group by group, and the loop never waits for the disk.

async with open_recorder(path) as recorder:
    known = await recorder.record(received)   # on disk; the keys that another process had answered first

What is reserved and settled for requests goes the same way. A group is everything that was handed over while the last
one was written. Nothing that was handed over is lost when the loop is cancelled: what is still queued is written before
the block is left.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from ..request import ReceivedResponse
from .layout import connect, explain_database_errors
from .payments import Settlement, WantedReservation
from .writing import Key, NewEntry, ResponseWriter, Written

LARGEST = 256
"""Responses in one group."""
PACE_S = 0.01
"""Seconds from the start of one group to that of the next, at least: many small groups cost more than a few large."""


class Recorder:
    """Hands responses to the thread that writes them; `open_recorder` makes one."""

    def __init__(self, path: Path, pace_s: float) -> None:
        """Open the ledger in a thread of its own. Must be called in a running event loop.

        Raises:
            InputError: the file is no ledger, is damaged, or was written by a later Cotloom.
            Stopped: the folder can't be written.
        """
        self._path, self._pace_s = path, pace_s
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[NewEntry, asyncio.Future[Written]]] = deque()
        self._jobs: dict[Future[list[Written]], list[asyncio.Future[Written]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._started_s = -pace_s
        self._error: Exception | None = None
        self._is_error_known = False
        self._is_closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._connection: sqlite3.Connection = self._thread.submit(connect, path).result()
        self._writer = ResponseWriter(self._connection)

    async def record(self, received: ReceivedResponse) -> frozenset[Key]:
        """Record a response and the keys that it answers. Returns once they are on disk.

        Returns:
            The keys that had an answer already, from another process: that answer stays, and is read from the ledger.

        Raises:
            Stopped: the disk is full or can't be written. So is every later call.
            InputError: the ledger is damaged. So is every later call.
        """
        known = await self._write_entry(received)
        return known if isinstance(known, frozenset) else frozenset()

    async def reserve(self, wanted: WantedReservation) -> int | tuple[str, ...]:
        """Reserve what a request can spend. Returns its number once it is on disk, or the limits it would exceed.

        Raises:
            Stopped: the disk is full or can't be written. So is every later call.
            InputError: the ledger is damaged. So is every later call.
        """
        reserved = await self._write_entry(wanted)
        return reserved if isinstance(reserved, int | tuple) else ()

    async def settle(self, settlement: Settlement) -> None:
        """Record what was spent in place of a reservation. Returns once it is on disk.

        Raises:
            Stopped: the disk is full or can't be written. So is every later call.
            InputError: the ledger is damaged. So is every later call.
        """
        await self._write_entry(settlement)

    async def _write_entry(self, entry: NewEntry) -> Written:
        """Hand an entry to the thread, and wait until it is on disk."""
        if self._error is not None:
            self._is_error_known = True
            raise self._error
        if self._is_closed:
            raise RuntimeError("the recorder is closed")
        recorded: asyncio.Future[Written] = self._loop.create_future()
        self._waiting.append((entry, recorded))
        self._schedule()
        return await recorded

    def _schedule(self) -> None:
        """Schedule the next group, unless one is written now: that one's end schedules it."""
        if self._waiting and self._timer is None and not self._jobs:
            self._timer = self._loop.call_at(self._started_s + self._pace_s, self._start_group)

    def _start_group(self) -> None:
        """Hand a group to the thread."""
        self._timer = None
        self._started_s = self._loop.time()
        group = [self._waiting.popleft() for _ in range(min(LARGEST, len(self._waiting)))]
        job = self._thread.submit(self._write, [entry for entry, _ in group])
        self._jobs[job] = [recorded for _, recorded in group]
        job.add_done_callback(self._report)

    def _write(self, entries: Sequence[NewEntry]) -> list[Written]:
        """Write a group, in the thread. After an error no other group is written."""
        if self._error is not None:
            raise self._error
        try:
            with explain_database_errors(self._path):
                return self._writer.write_entries(entries)
        except Exception as error:
            self._error = error
            raise

    def _report(self, job: Future[list[Written]]) -> None:
        """Wake the loop once for a whole group, from the thread."""
        self._loop.call_soon_threadsafe(self._finish, job)

    def _finish(self, job: Future[list[Written]]) -> None:
        """Give those who wait for a group its result."""
        waiting, error = self._jobs.pop(job, []), job.exception()
        for number, recorded in enumerate(waiting):
            if recorded.done():  # its task was cancelled
                continue
            if error is None:
                recorded.set_result(job.result()[number])
            else:
                recorded.set_exception(error)
                self._is_error_known = True
        self._schedule()

    def close(self) -> None:
        """Write what is queued, and close the ledger. This blocks, so that no second cancellation comes between.

        Raises:
            CotloomError: something could not be written, and nobody was there to be told.
        """
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        while self._waiting:
            self._start_group()
        self._thread.submit(self._connection.close)
        self._thread.shutdown()
        for job in list(self._jobs):
            self._finish(job)
        if self._error is not None and not self._is_error_known:
            raise self._error


@asynccontextmanager
async def open_recorder(path: Path, pace_s: float = PACE_S) -> AsyncIterator[Recorder]:
    """Open a ledger for recording, and create it if it is missing.

    Args:
        path: the ledger.
        pace_s: seconds from the start of one group to that of the next, at least.

    Raises:
        InputError: the file is no ledger, is damaged, or was written by a later Cotloom.
        Stopped: the folder can't be written; at the end too, where what was queued could not be.
    """
    recorder = Recorder(path, pace_s)
    try:
        yield recorder
    finally:
        recorder.close()
