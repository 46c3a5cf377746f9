"""The file of a batch while it is filled: rows are written as they come, so that no prompt waits in memory for it."""

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import xxhash

from ...store.atomic import Access, make_folder, stop_if_unwritable
from ..backends.openai_transport import encode_body, make_body
from ..backends.protocol import CompletionRequest
from ..request import Request
from .budget import ReservedFile
from .journal import REQUESTS, ROWS, BatchRow, BatchStage, JournaledBatch, format_row, write_state

CHAT = "/v1/chat/completions"
"""What each line of a file is sent to, and a batch is created for."""


def format_line(missing: Sequence[CompletionRequest], refused: set[str]) -> bytes:
    """Format a line of a batch's file: the same request as one that is sent live.

    Args:
        missing: completions of one prompt.
        refused: optional parameters to leave out.
    """
    name = f"{missing[0].request.digest}-{missing[0].sample_index}"
    body = encode_body(make_body(missing, refused))
    return b'{"custom_id":"%b","method":"POST","url":"%b","body":%b}\n' % (name.encode(), CHAT.encode(), body)


class BatchFile:
    """A file of requests to one model. Nothing of it is at the service, and it is gone with this process."""

    def __init__(self, journal: Path, endpoint: str, model: str) -> None:
        """Begin a file in the journal of an endpoint.

        Raises:
            Stopped: it can't be written.
        """
        self.model = model
        self.rows: list[BatchRow] = []
        self.size = 0
        """Bytes so far."""
        self._name = secrets.token_hex(8)
        self._endpoint = endpoint
        self._settings: list[Mapping[str, Any]] = []
        self._digest = xxhash.xxh3_128()
        self._is_sealed = False
        self.folder = journal / f".{self._name}.{os.getpid()}"
        with stop_if_unwritable(journal):
            make_folder(self.folder, Access.PRIVATE)
            self._lines, self._keys = (_open_private(self.folder / name) for name in (REQUESTS, ROWS))

    def add(self, missing: Sequence[CompletionRequest], line: bytes, tries: int) -> BatchRow:
        """Add a line, as `format_line` formats it, for some completions of one prompt.

        Raises:
            Stopped: it can't be written.
        """
        request = missing[0].request
        row = BatchRow(
            digest=request.digest,
            indexes=tuple(each.sample_index for each in missing),
            offset=self.size,
            problem_id=request.problem_id,
            hint=request.hint.value,
            setting=self._find_setting(request),
            tries=tries,
        )
        key = format_row(row)
        with stop_if_unwritable(self.folder):
            self._lines.write(line)
            self._keys.write(key)
        self._digest.update(key)
        self.size += len(line)
        self.rows.append(row)
        return row

    def _find_setting(self, request: Request) -> int:
        setting = {"endpoint": request.endpoint, "model": request.model, "sampling": dict(request.sampling)}
        if setting not in self._settings:
            self._settings.append(setting)
        return self._settings.index(setting)

    def seal(self, url: str, reserved: ReservedFile | None = None) -> JournaledBatch:
        """Put the whole file on disk, and into the journal, with what is reserved for it.

        Raises:
            Stopped: it can't be written.
        """
        self._is_sealed = True
        batch = JournaledBatch(
            name=self._name,
            endpoint=self._endpoint,
            url=url,
            model=self.model,
            stage=BatchStage.PREPARED,
            rows=len(self.rows),
            digest=self._digest.hexdigest(),
            settings=tuple(self._settings),
            prepared_at=int(time.time()),
            reservation=None if reserved is None else reserved.number,
            most_each=(0, 0) if reserved is None else reserved.most_each,
        )
        with stop_if_unwritable(self.folder):
            for file in (self._lines, self._keys):
                file.flush()
                os.fsync(file.fileno())
                file.close()
            write_state(self.folder, batch)
            self.folder = self.folder.rename(self.folder.with_name(self._name))
        return batch

    def discard(self) -> None:
        """Remove it, unless it is in the journal: its requests are sent otherwise, or not at all."""
        if self._is_sealed:
            return
        for name, file in ((REQUESTS, self._lines), (ROWS, self._keys)):
            file.close()
            (self.folder / name).unlink(missing_ok=True)
        self.folder.rmdir()


def _open_private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
