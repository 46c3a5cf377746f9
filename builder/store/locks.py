"""Locks between processes: two commands can need the same run or the same base model at once."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import Stopped
from ..progress import warn
from .atomic import Access, make_folder, stop_if_unwritable

TURNS = ".turns"
"""The folder of a store with a file for each thing that is used in turn. The files stay; their locks do not."""
_LOOK_AGAIN_S = 0.1


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


@contextmanager
def wait_turn(
    folder: Path,
    names: Iterable[str],
    describe: Callable[[str], str],
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Wait until no other process or thread uses any of some things of a store, and use them for the block.

    They are taken in the order of their names, so that no two processes wait for each other. The system gives back what
    a killed process had taken. One thread may enter the block and another leave it.

    Args:
        folder: the store.
        names: what is used, such as the names of endpoints; anything that tells them apart.
        describe: makes the warning that another process uses one of them. The user is warned once.
        is_cancelled: looked at while waiting, for a thread that can't be interrupted.

    Raises:
        Stopped: nothing can be written to the store, or waiting was cancelled.
    """
    with ExitStack() as taken:
        is_warned = False
        for name in sorted(set(names)):
            lock = _make_turn(folder, name)
            while not _try_lock(lock):
                if not is_warned:
                    warn(describe(name))
                    is_warned = True
                if is_cancelled():
                    raise Stopped("the wait for another command was cancelled", hint="run the same command again")
                time.sleep(_LOOK_AGAIN_S)
            taken.callback(lock.release)
        yield


def _make_turn(folder: Path, name: str) -> FileLock:
    turns = folder / TURNS
    with stop_if_unwritable(turns):
        make_folder(turns, Access.PRIVATE)
    file = f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.lock"
    return FileLock(turns / file, mode=0o600, thread_local=False)


def _try_lock(lock: FileLock) -> bool:
    with stop_if_unwritable(lock.lock_file):
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
    return True
