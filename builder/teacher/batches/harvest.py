"""Read what a batch has brought, line by line, and record it: all of it, whether a problem waits for it or not.

Nothing paid for is lost: a batch of an earlier build may hold answers that the recipe does not ask for any more. They
are recorded too, once, unless the problem was forgotten meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ....schemas.problem import Problem
from ...costs import Delivery
from ..backends.openai_errors import Server
from ..backends.openai_results import RequestResult, read_reply
from ..backends.openai_transport import HttpReply
from ..backends.protocol import CompletionRequest
from ..ledger import Key, Ledger
from ..request import ReceivedResponse, ResponseKind
from .courier import OpenBatch
from .journal import BatchRow, read_requests
from .remote import OutputLine, read_line
from .waiting import WaitingGroup

TOGETHER = 256
"""Lines that are read, and recorded, together."""

_SENT = frozenset({"model", "messages", "n", "seed"})


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a line that somebody waited for."""

    row: BatchRow
    """The line."""
    groups: Sequence[WaitingGroup]
    """Who waited."""
    tried: RequestResult | None
    """What the service replied to it; None where it was never sent."""


@dataclass(frozen=True, slots=True)
class Harvester:
    """Reads the results of batches at one server."""

    server: Server
    """The server."""
    ledger: Ledger
    """Where it is looked up what is recorded already."""
    record: Callable[[ReceivedResponse], Awaitable[frozenset[Key]]]
    """Records what nobody waits for."""
    detach: Callable[[BatchRow], Sequence[WaitingGroup]]
    """Takes a line out of those that may be waited for. Returns who waited."""
    recording: asyncio.Lock
    """Held while lines are recorded."""

    async def read_results(
        self, batch: OpenBatch, paths: Sequence[Path], *, has_succeeded: bool
    ) -> AsyncIterator[RowResult]:
        """Read the files of a batch. What they hold is in the ledger before it is given on.

        Args:
            batch: the batch; lines that were seen to are taken from its rows.
            paths: its files.
            has_succeeded: whether the service has answered anything: what it rejects then may pass another time.

        Yields:
            What became of each line that somebody waits for.
        """
        lines = _iterate_lines(paths, self.server)
        while part := list(islice(lines, TOGETHER)):
            found = [(row, line) for line in part if (row := batch.rows.pop(line.custom_id, None)) is not None]
            own = [
                RowResult(row, groups, self.read_line(row, groups[0], line, has_succeeded=has_succeeded))
                for row, line in found
                if (groups := self.detach(row))
            ]
            waited = {result.row for result in own}
            batch.unknown += sum(_is_unknown(result.tried) for result in own)
            others = [(row, line) for row, line in found if row not in waited]
            async with self.recording:
                await asyncio.gather(
                    *(
                        result.groups[0].books.record(result.tried.received)
                        for result in own
                        if result.tried is not None and result.tried.received is not None
                    ),
                    *(self.record(received) for received in self._read_others(batch, others)),
                )
            for result in own:
                yield result

    def read_line(
        self, row: BatchRow, group: WaitingGroup, line: OutputLine, *, has_succeeded: bool
    ) -> RequestResult | None:
        """Read a line as the reply to a live request; None where it was never sent."""
        if line.status is None:
            return None
        missing = group.list_requests(row.indexes)
        reply = HttpReply(line.status, line.body, {}, _SENT.union(group.request.sampling))
        tried = read_reply(self.server, missing, reply, row.tries, has_succeeded=has_succeeded)
        return tried if tried.received is None else replace(tried, received=_mark(tried.received))

    def _read_others(
        self, batch: OpenBatch, others: Sequence[tuple[BatchRow, OutputLine]]
    ) -> Iterator[ReceivedResponse]:
        """Read the answers that nobody waits for and the ledger does not have."""
        known, forgotten = self.ledger.find_keys({row.digest for row, _ in others}), self.ledger.find_forgotten()
        new = [
            (row, line)
            for row, line in others
            if line.status is not None
            and row.problem_id not in forgotten
            and not known.issuperset((row.digest, index) for index in row.indexes)
        ]
        requests = read_requests(batch.folder, batch.batch, [row for row, _ in new])
        for (row, line), request in zip(new, requests, strict=True):
            problem = Problem(problem_id=row.problem_id, source="", origin="")  # its text is not in the journal
            missing = [CompletionRequest(problem, request, index) for index in row.indexes]
            reply = HttpReply(line.status or 0, line.body, {}, _SENT.union(request.sampling))
            received = read_reply(self.server, missing, reply, row.tries, has_succeeded=True).received
            answered = set() if received is None else {(row.digest, index) for index in received.choices}
            if received is not None and answered - known:
                yield _mark(received)


def _is_unknown(tried: RequestResult | None) -> bool:
    """Whether a row was answered, and nobody knows with how many tokens."""
    received = None if tried is None else tried.received
    is_paid = received is not None and received.response.kind is ResponseKind.CHAT
    return is_paid and tried is not None and tried.tokens is None


def _mark(received: ReceivedResponse) -> ReceivedResponse:
    return replace(received, delivery=Delivery.BATCH)


def _iterate_lines(paths: Sequence[Path], server: Server) -> Iterator[OutputLine]:
    """Read the lines of some files, without a secret that the service echoes; those that say nothing are left out."""
    for path in paths:
        with path.open("rb") as file:
            for content in file:
                line = read_line(server.redact_secrets(content))
                if line is not None:
                    yield line
