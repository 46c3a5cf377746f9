"""What the parts of the soak share: a trial, its outcome, and the time that is left."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO


class Outcome(StrEnum):
    """What became of a fault."""

    NOTICED = "noticed"
    """A command ended with an error that names it, or an audit found it."""
    MENDED = "mended"
    """The damaged result was made again, and said so; or the same command went on and lost nothing."""
    HARMLESS = "harmless"
    """Nothing that is read had changed."""
    SILENT = "silently different"
    """A row came out different, and nothing was said."""
    LOST = "lost"
    """Something that was paid for had to be paid for again."""
    CRASHED = "crashed"
    """A traceback."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault."""

    kind: str
    """Where it struck."""
    outcome: Outcome
    """What became of it."""


class Deadline:
    """The time of one part of the soak."""

    def __init__(self, seconds: float) -> None:
        """Begin now."""
        self._begin, self._seconds = time.monotonic(), seconds
        self._parts = 0

    def share(self, parts: int) -> Iterator[int]:
        """Count up from 0 until the next of several equal parts of the time is over."""
        self._parts += 1
        end = self._begin + self._seconds * self._parts / parts
        number = 0
        while time.monotonic() < end or number == 0:
            yield number
            number += 1


@contextmanager
def record_notices() -> Iterator[list[str]]:
    """Record what the code says about results that it makes again."""
    notices: list[str] = []
    with redirect_stderr(StringIO()) as written:
        yield notices
    notices += written.getvalue().splitlines()
