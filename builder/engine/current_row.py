"""Which row a worker is at: kept where its parent can read it after the worker was killed."""

import mmap
import os
import sys
from struct import Struct
from tempfile import TemporaryFile
from typing import IO

_LAYOUT = Struct("256p")
"""A text of up to 255 bytes after its length; one write, since it is done for each risky row."""

_marks: list[mmap.mmap] = []
"""The memory of this process's mark; none outside of worker processes."""


def mark_row(row_id: str) -> None:
    """Say which row is worked on from now on, before anything that may end the process. Only workers take note."""
    for mark in _marks:
        _LAYOUT.pack_into(mark, 0, row_id.encode("utf-8", "backslashreplace"))


def make_mark() -> IO[bytes]:
    """Make the file for one worker's mark. It has no name: nothing is left when its holders are gone.

    Raises:
        OSError: there is no place for it.
    """
    if sys.platform == "linux":
        mark: IO[bytes] = open(os.memfd_create("cotloom-row"), "w+b", buffering=0)  # noqa: PTH123, SIM115 - the caller closes it
    else:
        mark = TemporaryFile(buffering=0)  # noqa: SIM115 - the caller closes it
    mark.write(bytes(_LAYOUT.size))  # not only its length: a disk that is full must fail here, not in the worker
    return mark


def use_mark(descriptor: int) -> None:
    """Let `mark_row` write to a file from now on."""
    _marks[:] = [mmap.mmap(descriptor, _LAYOUT.size)]


def read_mark(mark: IO[bytes]) -> str | None:
    """Read the row that a worker was at; None where it marked none."""
    text: bytes = _LAYOUT.unpack(os.pread(mark.fileno(), _LAYOUT.size, 0))[0]
    return text.decode(errors="replace") or None
