"""Safe writing, for every room: new content is written beside its path and then renamed to it.

A reader sees the earlier content or the new content, never half of it; a killed process leaves only hidden files
beside it (`.NAME.PID`). An error of the disk becomes `Stopped`, so that every command reports it in the same way.

What lies in a store is private: folders 0700, files 0600, whatever the umask. What a user asked to have written
elsewhere, such as an export, follows the umask.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from ..errors import Stopped

MAKE_ROOM = "make room and run the same command again; what was finished is kept"
"""What to do where the disk is full."""


class Access(StrEnum):
    """Who may read what is written."""

    PRIVATE = "private"
    USUAL = "usual"
    """As the umask says."""


_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})
"""A folder can't be renamed to this path: there is something already."""


@contextmanager
def stop_if_unwritable(name: object, *errors: type[Exception]) -> Iterator[None]:
    """Raise `Stopped` in place of the errors of a full or unwritable disk.

    Args:
        name: what is written: a path, or a name such as `the export`.
        errors: which errors; by default `OSError`.
    """
    caught = errors or (OSError,)
    try:
        yield
    except caught as error:
        raise Stopped(f"{name} can't be written: {error}", hint=MAKE_ROOM) from error


def make_folder(path: Path, access: Access = Access.USUAL) -> None:
    """Make a folder and those above it; folders that exist stay as they are.

    Raises:
        OSError: it can't be made.
    """
    if access is Access.USUAL:
        path.mkdir(parents=True, exist_ok=True)
        return
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)  # the umask may have taken more away
    if not path.is_dir():
        path.mkdir()  # a file or a broken link is in the way: its error names the path


def _protect(path: Path, access: Access) -> None:
    """Let nobody but the user read a file, or a folder with all that is in it."""
    if access is Access.PRIVATE:
        for inner in (path, *path.rglob("*")) if path.is_dir() else (path,):
            if not inner.is_symlink():
                inner.chmod(0o700 if inner.is_dir() else 0o600)


def atomic_write(path: Path, content: bytes | str, *, name: object = None, access: Access = Access.USUAL) -> None:
    """Write a file, with the folders above it; text as UTF-8.

    Raises:
        Stopped: it can't be written; an earlier file is still there.
    """
    with replace_file(path, name=name, access=access) as side, side.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replace_file(path: Path, *, name: object = None, access: Access = Access.USUAL) -> Iterator[Path]:
    """Give a path to write a file to; it is renamed to `path` when the block ends without an error.

    Raises:
        Stopped: it can't be written; an earlier file is still there.
    """
    side = _name_side(path)
    try:
        with stop_if_unwritable(name or path):
            make_folder(side.parent, access)
            _remove(side)
            yield side
            _protect(side, access)
            side.replace(path)
    finally:
        _remove(side)


@contextmanager
def atomic_folder(
    path: Path, *, replace: bool = True, name: object = None, access: Access = Access.USUAL
) -> Iterator[Path]:
    """Give an empty folder to write to; it is renamed to `path` when the block ends without an error.

    Args:
        path: where the folder is to be.
        replace: whether an earlier folder is replaced. Several processes may replace it at once; the last one wins.
        name: what is written, for the message; by default the path.
        access: who may read it.

    Raises:
        Stopped: it can't be written; an earlier folder is still there.
        FileExistsError: there is a folder already, and it is not to be replaced.
    """
    side = _name_side(path)
    try:
        with stop_if_unwritable(name or path):
            _remove(side)
            make_folder(side, access)
            yield side
            _protect(side, access)
            moved = _replace_folder(side, path) if replace else not path.exists() and _rename_folder(side, path)
            _sync_folder(path.parent)
    finally:
        _remove(side)
    if not moved:
        raise FileExistsError(path)


def _name_side(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _replace_folder(side: Path, path: Path) -> bool:
    """Rename a folder to a path where there may be one, although other processes may do the same."""
    old = path.with_name(f".{path.name}.old.{os.getpid()}")
    moved = False
    while not moved:
        _remove(old)
        with suppress(FileNotFoundError):
            path.rename(old)
        try:
            moved = _rename_folder(side, path)
        except OSError:
            with suppress(FileNotFoundError):
                old.rename(path)
            raise
    _remove(old)
    return True


def _rename_folder(side: Path, path: Path) -> bool:
    """Rename a folder, unless another process has put one there."""
    try:
        side.rename(path)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def remove_folder(path: Path) -> None:
    """Remove a folder at once: it is hidden first, so that nobody reads half of it.

    Raises:
        Stopped: it can't be removed; it is still there.
    """
    side = _name_side(path)
    with stop_if_unwritable(path):
        path.rename(side)
    _remove(side)
    _sync_folder(path.parent)


def _remove(path: Path) -> None:
    """Remove a file or folder of ours; what can't be removed is harmless, it is hidden and never read."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _sync_folder(folder: Path) -> None:
    """Make a rename in a folder safe against a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_leftovers(folder: Path) -> None:
    """Remove the hidden files and folders that killed processes left unfinished; those of running ones stay."""
    for left in folder.glob(".*") if folder.is_dir() else ():
        process = left.name.rpartition(".")[2]
        if process.isdigit() and not _is_running(int(process)):
            _remove(left)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
