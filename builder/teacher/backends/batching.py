"""Send requests to a model in this process: those that wait are sampled together, in a thread."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from ...errors import CotloomError, LimitReached
from ..request import ReceivedResponse
from .protocol import Books, Charge, CompletionRequest, FailedRequest, Results, record_results

RunBatch = Callable[[Sequence[CompletionRequest]], Results]
"""Samples one answer to each request."""

_Waiting = tuple[CompletionRequest, asyncio.Future[Results]]


class BatchSender:
    """Samples what waits, in batches, the longest prompts first: prompts of like length need little padding."""

    def __init__(self, run_batch: RunBatch, size: int) -> None:
        """Sample with a function, so many requests at once."""
        self._run_batch = run_batch
        self._size = size
        self._waiting: list[_Waiting] = []
        self._is_filled = asyncio.Event()
        self.fatal: CotloomError | None = None
        """The error that ends the sampling."""

    async def send(self, group: Sequence[CompletionRequest], books: Books) -> Results:
        """Sample the completions of one prompt, when their turn comes, and record them."""
        try:
            reservation = await books.reserve(group)
        except LimitReached as error:
            self.fatal = error
            return [FailedRequest(request, error) for request in group]
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in group]
        self._waiting += zip(group, futures, strict=True)
        self._is_filled.set()
        parts = await asyncio.gather(*futures)
        results = await record_results([result for part in parts for result in part], books)
        await books.release(reservation, Charge.UNSENT)  # each response that was recorded counts by itself
        return results

    def describe(self) -> Mapping[str, int | float | str]:
        """Say how many requests wait."""
        return {"waiting": len(self._waiting)}

    async def run(self) -> None:
        """Sample what waits, until cancelled."""
        while True:
            await self._is_filled.wait()
            await asyncio.sleep(0)  # what is ready to be requested comes along
            self._waiting.sort(key=lambda pair: -sum(len(each.content) for each in pair[0].request.messages))
            batch, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
            if not self._waiting:
                self._is_filled.clear()
            await self._sample(batch)

    async def _sample(self, batch: Sequence[_Waiting]) -> None:
        requests = [request for request, _ in batch]
        results: Results = []
        if self.fatal is None:
            try:
                results = await asyncio.to_thread(self._run_batch, requests)
            except CotloomError as error:
                self.fatal = error
        fatal = self.fatal
        if fatal is not None:
            results = [FailedRequest(request, fatal) for request in requests]
        _give_results(batch, results)


def _give_results(batch: Sequence[_Waiting], results: Results) -> None:
    """Give each waiting request what is its own. One response may answer several of a prompt: the first gets it."""
    left = list(results)
    for request, future in batch:
        own = [result for result in left if _is_answered(result, request)]
        left = [result for result in left if not _is_answered(result, request)]
        if not future.cancelled():
            future.set_result(own)


def _is_answered(result: ReceivedResponse | FailedRequest, request: CompletionRequest) -> bool:
    if isinstance(result, FailedRequest):
        return result.request.key == request.key
    return result.request.digest == request.request.digest and request.sample_index in result.choices


@asynccontextmanager
async def open_batches(run_batch: RunBatch, size: int) -> AsyncIterator[BatchSender]:
    """Open a sender, and sample what it gets until the block ends."""
    sender = BatchSender(run_batch, size)
    task = asyncio.get_running_loop().create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
