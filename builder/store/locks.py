"""Locks between processes: two commands can need the same run or the same base model at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from .atomic import Access, make_folder, stop_if_unwritable


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Wait until no other process or thread works on a folder. The system releases the lock of a killed process.

    Args:
        folder: what is worked on. The lock is a file beside it, so that the folder can be replaced.

    Raises:
        Stopped: nothing can be written there.
    """
    lock = FileLock(folder.with_name(f".{folder.name}.lock"), mode=0o600)
    with stop_if_unwritable(folder.parent):
        make_folder(folder.parent, Access.PRIVATE)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
