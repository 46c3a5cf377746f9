"""A lock: two arms can have the same rows, and two commands can want the same run or base at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cotloom.builder.errors import Stopped


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process works on a folder; the lock falls with the process that holds it.

    Args:
        folder: what is worked on. The lock lies beside it, so that the folder can be replaced.

    Raises:
        Stopped: nothing can be written there.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.with_name(f".{folder.name}.lock").open("w")
    except OSError as error:
        raise Stopped(
            f"{folder.parent} can't be written: {error}", hint="make room, or give another --store"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
