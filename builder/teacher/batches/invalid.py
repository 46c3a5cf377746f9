"""Batches that the service refuses as a whole: files with faults, and more than it takes at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from .remote import BatchFault, OutputLine, RemoteBatch

_FULL = ("token_limit", "enqueued", "queue limit", "batch_limit", "too many batches")
"""Words by which services say that more waits with them already than they take."""

MOST_BATCHES = 1_000
"""Batches at once, as long as the service has not said that these are too many."""


@dataclass(slots=True)
class QueueLimits:
    """How much a service takes at once, learned from its refusals.

    It limits the tokens that wait with it, and does not say how many do. So fewer batches are sent at once; where one
    alone is too much, it is halved.
    """

    most_rows: int
    """The most lines of a file."""
    most_batches: int = MOST_BATCHES
    """The most batches at once."""

    def note_full(self, rows: int, others: int) -> bool:
        """Note that a batch of so many rows was one too many beside so many others. Returns whether less can help."""
        if others:
            self.most_batches = others
            return True
        self.most_rows = max(1, min(self.most_rows, rows) // 2)
        return rows > 1

    def note_over(self, remote: RemoteBatch) -> None:
        """Note that a batch is over: after one that was answered, one more may be tried."""
        if remote.completed:
            self.most_batches = min(self.most_batches + 1, MOST_BATCHES)


def is_queue_full(faults: Sequence[BatchFault]) -> bool:
    """Whether a batch was refused because too much waits with the service.

    >>> is_queue_full([BatchFault(message="Enqueued token limit reached", code="token_limit_exceeded")])
    True
    """
    text = " ".join(f"{fault.code} {fault.message}" for fault in faults).lower()
    return any(words in text for words in _FULL)


_PASSING = ("server_error", "internal", "unavailable", "timeout", "try again")
"""Words by which services say that the fault is theirs."""


def is_passing(faults: Sequence[BatchFault]) -> bool:
    """Whether another batch of the same requests may be taken: the service says so, or says nothing."""
    text = " ".join(f"{fault.code} {fault.message}" for fault in faults).lower()
    return not faults or any(words in text for words in _PASSING)


def read_faults(faults: Sequence[BatchFault]) -> Mapping[int, OutputLine]:
    """Read the faults of single lines as the replies that live requests would have got, by line from 1."""
    return {fault.line: _make_reply(fault) for fault in faults if fault.line is not None}


def _make_reply(fault: BatchFault) -> OutputLine:
    error = {"message": fault.message, "code": fault.code, "param": fault.parameter}
    return OutputLine(custom_id="", status=400, body=orjson.dumps({"error": error}))
