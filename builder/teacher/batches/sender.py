"""Sends requests in batches: they wait in a file until it is full or everything on its way waits, then it is sent.

A request that an earlier build has sent waits for that batch. What a batch leaves unanswered is sent again, in another
batch or live; what fails is treated as the same status would be live.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import CotloomError, InputError, LimitReached
from ...progress import warn
from ..backends.protocol import Books, CompletionRequest, FailedRequest, Results, Sender
from ..pacing import RequestOutcome
from ..request import ReceivedResponse
from ..responses import encode_answers
from .budget import ReservedFile, reserve_file
from .courier import Courier, OpenBatch
from .errors import describe_faults, explain_invalid_batch, explain_lost_output, explain_unanswered
from .file import BatchFile
from .harvest import Harvester, RowResult
from .invalid import is_passing, is_queue_full, read_faults
from .journal import locate_journal
from .queue import RequestQueue, list_wanted
from .remote import BatchOutcome, RemoteBatch
from .service import BatchService
from .setting import BatchSetting
from .waiting import WaitingGroup, WaitingRoom


class BatchFileSender:
    """Sends requests to one server's batch service."""

    def __init__(self, setting: BatchSetting, service: BatchService, live: Sender, endpoint: str) -> None:
        """Use an open connection, and a sender for what is sent live."""
        self._setting, self._runtime, self._service, self._live = setting, setting.runtime, service, live
        self._server = service.connection.server
        journal = locate_journal(setting.ledger.path.parent, endpoint)
        self._room = WaitingRoom(setting.traffic)
        self._queue = RequestQueue(self._server, journal, endpoint, self._runtime, self._room)
        self._recording = asyncio.Lock()
        self._harvester = Harvester(self._server, setting.ledger, setting.record, self._queue.detach, self._recording)
        self._courier = Courier(service, journal, self._runtime.batch_poll_s, setting.settle)
        self._in_transit = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting = asyncio.Lock()
        self._is_started = self._is_short = False
        self._has_succeeded = False
        self._fault: BaseException | None = None
        self.fatal: CotloomError | None = None
        """The error that ends the sampling."""

    def describe(self) -> Mapping[str, int | float | str]:
        """Say how many requests wait to be sent, and how the batches go."""
        state = self._courier.describe()
        return {"queued": len(self._queue), **({"batch": state} if state else {}), **self._live.describe()}

    async def send(self, group: Sequence[CompletionRequest], books: Books) -> Results:
        """Let the missing completions of one prompt wait for a batch. Returns when they are answered and recorded."""
        async with self._starting:
            if not self._is_started:
                await self._start()
        if self._fault is not None:
            raise self._fault
        if self.fatal is not None:
            return [FailedRequest(request, self.fatal) for request in group]
        found = await self._find_taken(group) if group[0].request.digest in self._queue.taken else []
        known = {index for received in found for index in received.choices}
        missing = [request for request in group if request.sample_index not in known]
        return [*found, *(await self._wait(missing, books) if missing else ())]

    async def _find_taken(self, group: Sequence[CompletionRequest]) -> list[ReceivedResponse]:
        """Find answers of an earlier build's batch that were recorded since the ledger was looked at."""
        async with self._recording:
            pass
        request, indexes = group[0].request, {each.sample_index for each in group}
        answers = [pair for pair in self._setting.ledger.read_answers([request.digest]) if pair[0][1] in indexes]
        if not answers:
            return []
        choices = {key[1]: place for place, (key, _) in enumerate(answers)}
        return [ReceivedResponse(request, encode_answers([]), choices, [answer for _, answer in answers])]

    async def _wait(self, group: Sequence[CompletionRequest], books: Books) -> Results:
        """Let completions wait for the batches that they are in, or the next one."""
        future: asyncio.Future[Results] = asyncio.get_running_loop().create_future()
        first, indexes = group[0], {request.sample_index for request in group}
        waiting = WaitingGroup(first.problem, first.request, books, indexes, future)
        self._room.enter(waiting)
        try:
            self._queue.add(self._queue.join(group, waiting), [waiting], 1)
        except CotloomError as error:
            self._stop(error)
        self._submit_full()
        return await future

    async def _start(self) -> None:
        """Take up what an earlier build has sent. It is known only when this build has its turn at the server."""
        await self._courier.recover()
        for batch in self._courier.batches.values():
            self._queue.add_sent(batch.rows.values())
        self._setting.traffic.watch(self._flush)
        self._run(self._courier.run(self._collect))
        self._is_started = True

    def _flush(self) -> None:
        """Send what is queued, where everything on its way waits; a few requests live, where the runtime says so."""
        error = self._setting.get_error()
        if isinstance(error, InputError):  # it has nothing to do with a limit: no answer can help
            self._setting.traffic.error = error
        if self._setting.traffic.error is not None:
            self._stop(self._setting.traffic.error)
        if self.fatal is not None or not self._setting.traffic.is_waiting:
            return
        for file in self._queue.take_files():
            if len(file.rows) < self._runtime.batch_live_below:
                self._send_file_live(file)
            else:
                self._queue.add_full(file)
        self._submit_full()

    def _submit_full(self) -> None:
        """Submit the files that are complete, as many at once as the service takes."""
        while not self._is_short:
            file = self._queue.take_full(self._in_transit + len(self._courier.batches))
            if file is None:
                return
            self._in_transit += 1
            self._run(self._submit(file))

    async def _submit(self, file: BatchFile) -> None:
        try:
            reserved = await self._reserve(file)
            if not isinstance(reserved, tuple):
                await self._courier.submit(file, reserved)
        finally:
            self._in_transit -= 1
            file.discard()
        if isinstance(reserved, tuple):
            self._send_less(file, reserved)

    async def _reserve(self, file: BatchFile) -> ReservedFile | tuple[str, ...] | None:
        """Reserve what a file can spend. Returns the limits that it would exceed, where it does."""
        waiting = [(self._room.find(row), row) for row in file.rows]
        rows = [(groups[0].books, groups[0].list_requests(row.indexes)) for groups, row in waiting if groups]
        return await reserve_file(rows) if rows else None

    def _send_less(self, file: BatchFile, exceeded: tuple[str, ...]) -> None:
        """Send less where a limit does not permit a whole file: later, when others are settled; or half of it.

        A single request that does not fit ends the sampling.
        """
        rows = len(file.rows)
        is_last = not self._in_transit and not self._courier.batches
        if is_last and rows <= 1:
            self._stop(LimitReached(f"the limit is reached ({', '.join(exceeded)})"))
            return
        self._is_short = not is_last
        if is_last:
            self._queue.limits.most_rows = rows // 2
        for row in file.rows:
            groups = self._queue.detach(row)
            if groups:
                self._queue.add(groups[0].list_requests(row.indexes), groups, row.tries)
        self._flush()

    def _send_file_live(self, file: BatchFile) -> None:
        for row in file.rows:
            groups = self._queue.detach(row)
            if groups:
                self._run(self._send_live(groups[0].list_requests(row.indexes), groups))
        file.discard()

    async def _send_live(self, missing: Sequence[CompletionRequest], groups: Sequence[WaitingGroup]) -> None:
        self._room.start_live(groups)
        results = await self._live.send(missing, groups[0].books)
        self._room.end_live(groups, results)
        if self._live.fatal is not None:
            self._stop(self._live.fatal)

    async def _collect(self, batch: OpenBatch, remote: RemoteBatch) -> None:
        """See to everything that a batch which is over has brought, and to what it has not."""
        fatal: CotloomError | None = None
        with self._setting.traffic.hold():
            paths = await self._download(batch, remote)
            self._has_succeeded |= remote.completed > 0
            lines = self._harvester.read_results(batch, paths, has_succeeded=self._has_succeeded)
            async for result in lines:
                fatal = self._settle(result) or fatal
            fatal = self._settle_rest(batch, remote) or fatal
        if fatal is not None:
            self._stop(fatal)
        self._is_short = False
        self._queue.limits.note_over(remote)
        self._submit_full()

    async def _download(self, batch: OpenBatch, remote: RemoteBatch) -> list[Path]:
        """Download the files of a batch; those that a killed build has downloaded are there."""
        files = {"output.jsonl": remote.output_file_id, "errors.jsonl": remote.error_file_id}
        for name, file_id in files.items():
            path = batch.folder / name
            if file_id is None or path.exists():
                continue
            try:
                await self._service.download_file(file_id, path, batch.batch.rows)
            except CotloomError as error:
                raise explain_lost_output(self._service.url, batch.batch.name, file_id, error) from error
        return [path for name in files if (path := batch.folder / name).exists()]

    def _settle(self, result: RowResult) -> CotloomError | None:
        """Give on what a line has brought, and send the rest again. Returns the error that ends the sampling."""
        row, groups, tried = result.row, result.groups, result.tried
        if tried is None:
            self._retry(result, explain_unanswered(self._service.url, row.tries))
            return None
        if tried.received is not None:
            self._room.give(groups, [tried.received])
        failure = tried.failure
        if tried.outcome is RequestOutcome.THROTTLED:
            self._retry(result, explain_unanswered(self._service.url, row.tries, tried.words))
        elif failure is None:
            self._queue.add(tried.missing, groups, row.tries)
        elif not failure.is_final and not failure.is_fatal and row.tries <= self._runtime.retries:
            self._retry(result, failure.error)
        else:
            self._fail(result, failure.error)
            is_fatal = failure.is_fatal or (failure.is_general and not self._runtime.accept_failures)
            return failure.error if is_fatal else None
        return None

    def _retry(self, result: RowResult, error: CotloomError) -> None:
        """Send a line again that brought no answer, as often as the runtime says; live, where it says so."""
        row, groups = result.row, result.groups
        missing = list_wanted(groups[0].list_requests(row.indexes), groups)
        if row.tries > self._runtime.retries:
            self._fail(result, error)
        elif self._runtime.batch_finish_live:
            self._run(self._send_live(missing, groups))
        else:
            self._queue.add(missing, groups, row.tries + 1)

    def _fail(self, result: RowResult, error: CotloomError) -> None:
        requests = result.groups[0].list_requests(result.row.indexes)
        self._room.give(result.groups, [FailedRequest(request, error) for request in requests])

    def _settle_rest(self, batch: OpenBatch, remote: RemoteBatch) -> CotloomError | None:
        """See to the lines that no file of a batch names. Returns the error that ends the sampling."""
        rows = list(batch.rows.values())
        batch.rows.clear()
        waited = [(number, row, groups) for number, row in enumerate(rows, 1) if (groups := self._queue.detach(row))]
        if remote.outcome is not BatchOutcome.INVALID:
            for _, row, groups in waited:
                self._settle(RowResult(row, groups, None))
            return None
        warn(f"the service refuses a batch of {len(rows):,} requests: {describe_faults(remote.faults)}")
        if is_queue_full(remote.faults) and self._queue.limits.note_full(len(rows), self._count_others()):
            for _, row, groups in waited:
                self._queue.add(groups[0].list_requests(row.indexes), groups, row.tries)
            return None
        lines = read_faults(remote.faults)
        error = explain_invalid_batch(self._service.url, remote.faults)
        fatal = None if lines or is_passing(remote.faults) else error
        for number, row, groups in waited:
            if number in lines:
                tried = self._harvester.read_line(row, groups[0], lines[number], has_succeeded=self._has_succeeded)
                fatal = self._settle(RowResult(row, groups, tried)) or fatal
            elif lines:
                self._queue.add(groups[0].list_requests(row.indexes), groups, row.tries)
            else:
                self._retry(RowResult(row, groups, None), error)
        return fatal

    def _count_others(self) -> int:
        """Count the batches beside the one that is seen to."""
        return self._in_transit + len(self._courier.batches) - 1

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the sending. Its error ends the sampling."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end_task)

    def _end_task(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, CotloomError):
            self._stop(error)
        elif error is not None:
            self._fault = error
            self._room.raise_all(error)

    def _stop(self, error: CotloomError) -> None:
        """Send nothing more; everything that waits fails with the error. What is at the service goes on there."""
        self.fatal = self._setting.traffic.error = self.fatal or error
        self._queue.discard()
        self._room.fail_all(self.fatal)

    async def close(self) -> None:
        """End at once. What is at the service goes on there, and the journal knows of it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._queue.discard()
        if self._courier.batches:
            rows = sum(batch.batch.rows for batch in self._courier.batches.values())
            count = len(self._courier.batches)
            number = "1 batch" if count == 1 else f"{count} batches"
            warn(
                f"{number} of {rows:,} requests at {self._service.url}: what is at the service goes on there, and the"
                " same command takes it up, whenever it is run again"
            )
