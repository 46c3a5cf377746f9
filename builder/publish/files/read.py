"""Read a published version from its folder: the list of files, and the tables rebuilt from the data files."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from pydantic import TypeAdapter

from ....schemas.manifest import File, Manifest
from ....schemas.validation import Validation
from ... import store
from ...errors import InputError, Stopped
from ...files import digest_file
from ...parquet import measure_memory, read_parquet
from ...plain_json import parse_object
from ...store import Version
from .configs import rebuild_tables

FILE_LIST = "cotloom/files.json"
"""Digest, size and rows of every other file, by path."""
FILE_LIST_ADAPTER = TypeAdapter(dict[str, File])
"""Parses the content of that file."""
MANIFEST = "cotloom/manifest.json"
"""The manifest."""
VALIDATION = "cotloom/validation.json"
"""The validation of this content, if there is one."""


def read_tables(folder: Path) -> tuple[Manifest, dict[str, pl.DataFrame]]:
    """Read the manifest and rebuild the tables of a version from a folder that `write_layout` wrote, or a copy of it.

    This does not hash the files: compare `store.rows_digest` of the tables with the manifest's content digest.

    Raises:
        InputError: the folder has no published version, or it cannot be read.
        Stopped: its tables need more memory than this machine has.
    """
    try:
        manifest = Manifest.model_validate(parse_object((folder / MANIFEST).read_bytes()))
        paths = sorted(path for path in parse_object((folder / FILE_LIST).read_bytes()) if path.startswith("data/"))
        frames: dict[str, list[pl.DataFrame]] = {}
        _check_memory([_join_path(folder, path) for path in paths])
        for path in paths:
            config = path.removeprefix("data/").rpartition("/")[0]
            frames.setdefault(config, []).append(read_parquet(_join_path(folder, path)))
        return manifest, rebuild_tables(frames)
    except (OSError, ValueError, TypeError, KeyError, InputError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{folder} has no published version that can be read: {error}",
            hint="download it again; `cotloom publish` writes published versions",
        ) from error


def _check_memory(paths: Sequence[Path]) -> None:
    """Check that tables fit into memory before they are read: a small file can stand for more than any machine holds.

    Raises:
        InputError: a file has larger rows than any that Cotloom writes, or is damaged.
        Stopped: all of them together need more memory than this machine has.
    """
    needed, memory = sum(map(measure_memory, paths)), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        raise Stopped(
            f"the tables need {needed:,} bytes of memory, and this machine has {memory:,}",
            hint="run the same command on a machine with more memory",
        )


def _join_path(folder: Path, name: str) -> Path:
    """Join a path of the list of files, which is untrusted, to the folder.

    Raises:
        ValueError: the path leads out of the folder.
    """
    if ".." in Path(name).parts:
        message = f"{name} leads out of the folder"
        raise ValueError(message)
    return folder / name


def find_damaged_files(folder: Path, files: Mapping[str, File]) -> list[str]:
    """List the files that are missing from a folder, or whose sizes or digests differ from the list of files."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return [
        name
        for name, file in files.items()
        if name not in paths or paths[name].stat().st_size != file.bytes or digest_file(paths[name])[0] != file.sha256
    ]


def read_validation(version: Version) -> Validation | None:
    """Read the validation of a version; None if there is none, or if it validated other content.

    Raises:
        InputError: `validation.json` cannot be read.
    """
    validation = store.load_validation(version)
    is_current = validation is not None and validation.content_digest == version.manifest.content_digest
    return validation if is_current else None
