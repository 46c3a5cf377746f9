"""Requests that wait to be sent in a batch: in files, one for each model, on the disk."""

from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

from ....schemas.runtime import Runtime
from ..backends.openai_errors import Server
from ..backends.protocol import CompletionRequest
from .file import BatchFile, format_line
from .invalid import QueueLimits
from .journal import BatchRow
from .waiting import WaitingGroup, WaitingRoom


class RequestQueue:
    """The lines of all batches at an endpoint, those that are sent and those that are not."""

    def __init__(self, server: Server, journal: Path, endpoint: str, runtime: Runtime, room: WaitingRoom) -> None:
        """Begin empty, with files in the journal of an endpoint."""
        self.limits = QueueLimits(runtime.batch_requests)
        self.taken: set[str] = set()
        """The prompts whose lines nobody waited for as they were seen to; the ledger may know more of them since."""
        self._server, self._journal, self._endpoint, self._room = server, journal, endpoint, room
        self._most_bytes = runtime.batch_mb * 1e6
        self._rows: dict[str, list[BatchRow]] = {}
        self._files: dict[str, BatchFile] = {}
        self._full: deque[BatchFile] = deque()

    def __len__(self) -> int:
        """Count the lines that are not sent."""
        return sum(len(file.rows) for file in (*self._files.values(), *self._full))

    def add_sent(self, rows: Iterable[BatchRow]) -> None:
        """Add lines that an earlier build has sent."""
        for row in rows:
            self._rows.setdefault(row.digest, []).append(row)

    def join(self, group: Sequence[CompletionRequest], waiting: WaitingGroup) -> list[CompletionRequest]:
        """Let a group wait for the lines that ask for its completions already. Returns those that none asks for."""
        indexes, rest = {request.sample_index for request in group}, list(group)
        for row in self._rows.get(waiting.request.digest, ()):
            if indexes.intersection(row.indexes):
                self._room.attach(row, [waiting])
                rest = [request for request in rest if request.sample_index not in row.indexes]
        return rest

    def add(self, missing: Sequence[CompletionRequest], groups: Sequence[WaitingGroup], tries: int) -> None:
        """Put completions of one prompt into the next batch; each in its own line where the server refuses n.

        Raises:
            Stopped: the file can't be written.
        """
        missing = list_wanted(missing, groups)
        parts = [[request] for request in missing] if "n" in self._server.refused else [missing]
        for part in filter(None, parts):
            line = format_line(part, self._server.refused)
            row = self._find_file(part[0].request.model, len(line)).add(part, line, tries)
            self._rows.setdefault(row.digest, []).append(row)
            self._room.attach(row, groups)

    def _find_file(self, model: str, size: int) -> BatchFile:
        """Find the file for another line."""
        file = self._files.get(model)
        if file is not None and (len(file.rows) >= self.limits.most_rows or file.size + size > self._most_bytes):
            self._full.append(self._files.pop(model))
        if model not in self._files:
            self._files[model] = BatchFile(self._journal, self._endpoint, model)
        return self._files[model]

    def take_files(self) -> list[BatchFile]:
        """Take the files that are not full."""
        files = list(self._files.values())
        self._files.clear()
        return files

    def add_full(self, file: BatchFile) -> None:
        """Add a file that nothing is added to any more."""
        self._full.append(file)

    def take_full(self, on_their_way: int) -> BatchFile | None:
        """Take a file to send, where there is one and the service takes another batch beside so many."""
        return self._full.popleft() if self._full and on_their_way < self.limits.most_batches else None

    def detach(self, row: BatchRow) -> list[WaitingGroup]:
        """Take away a line: nobody may wait for it any more. Returns who waited."""
        others = [other for other in self._rows.pop(row.digest, ()) if other is not row]
        if others:
            self._rows[row.digest] = others
        groups = self._room.detach(row)
        if not groups:
            self.taken.add(row.digest)
        return [group for group in groups if group.left]

    def discard(self) -> None:
        """Remove the files that are not sent."""
        for file in (*self.take_files(), *self._full):
            file.discard()
        self._full.clear()


def list_wanted(missing: Sequence[CompletionRequest], groups: Sequence[WaitingGroup]) -> list[CompletionRequest]:
    """List those of some completions that somebody still waits for."""
    wanted = set[int]().union(*(group.left for group in groups))
    return [request for request in missing if request.sample_index in wanted]
