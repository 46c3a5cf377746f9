"""Freezing a version: written beside its path, renamed in, and never changed (law 4). `name@dev` may be overwritten."""

import errno
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.manifest import File, Manifest, seal_manifest
from ..progress import track
from .atomic import Access, atomic_folder, make_folder, stop_if_unwritable
from .locks import lock_folder
from .tables import cut_tables, describe_file, name_file, write_table
from .versions import DEV, MANIFEST, Version, locate_version, seal_json

_NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES})
"""Why a file can't be linked where it could be copied: another disk, one without links, too many links."""


def make_store(store: Path) -> None:
    """Make the folder of a store, which only the user can read; one that exists stays as it is.

    Raises:
        Stopped: it can't be made.
    """
    with stop_if_unwritable(f"the store {store}"):
        make_folder(store, Access.PRIVATE)


WriteTables = Callable[[Path], Mapping[str, File]]
"""Writes the tables of a version into a folder; returns the digests of their files by name."""


def freeze_version(store: Path, manifest: Manifest, files: Mapping[str, Path], build: Mapping[str, Any]) -> Version:
    """Write a version from finished files: tables first, the manifest last.

    Args:
        store: the store.
        manifest: the version's manifest, which lists the files.
        files: by name, the files to take. They are linked, not copied, where the disk allows that: what two versions
            have in common is there once.
        build: the circumstances of the build, for `build.json`.

    Raises:
        Stopped: the disk is full or can't be written.
        FileExistsError: another build wrote the version in the meantime.
    """

    def link_tables(folder: Path) -> Mapping[str, File]:
        for name in track(list(files), "writing the version", every=1):
            _link_file(files[name], folder / name, manifest.files[name].bytes)
        return manifest.files

    return _freeze(store, manifest, build, link_tables)


def freeze_tables(
    store: Path, manifest: Manifest, tables: Mapping[str, pl.DataFrame], build: Mapping[str, Any]
) -> Version:
    """Write a version whose tables are in memory; see `freeze_version`.

    Args:
        store: the store.
        manifest: the version's manifest, but for its files.
        tables: `problems`, `samples` and `examples`.
        build: the circumstances of the build.

    Raises:
        Stopped: the disk is full or can't be written.
        FileExistsError: there is such a version already.
    """

    def write_tables(folder: Path) -> Mapping[str, File]:
        files = {}
        for bucket, frames in enumerate(cut_tables(tables, manifest.bucket_bits)):
            for name, frame in frames.items():
                file = name_file(name, bucket, manifest.bucket_bits)
                files[file] = write_table(name, frame, folder / file)
        return files

    return _freeze(store, manifest, build, write_tables)


def _freeze(store: Path, manifest: Manifest, build: Mapping[str, Any], write_tables: WriteTables) -> Version:
    path = locate_version(store, manifest.name, manifest.version)
    replace = manifest.version == DEV
    with (
        lock_folder(path) if replace else nullcontext(),  # a validation may be written beside the earlier content
        atomic_folder(path, replace=replace, name="the version", access=Access.PRIVATE) as side,
    ):
        manifest = seal_manifest(manifest.model_copy(update={"files": dict(write_tables(side))}))
        _write_file(side / "build.json", seal_json(build))
        _write_file(side / MANIFEST, _dump_json(manifest.model_dump(mode="json")))
    return Version(path=path, manifest=manifest)


def _link_file(source: Path, path: Path, size: int) -> None:
    """Put a file into a folder, as a link to the same bytes where the disk knows links."""
    try:
        path.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, path)
    if path.stat().st_size != size:
        raise OSError(errno.EIO, "it was changed while it was linked", str(source))


def _dump_json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _write_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    describe_file(path, 0)  # it waits until the file is on disk
