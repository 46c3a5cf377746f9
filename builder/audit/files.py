"""The files of a version: they match the manifest, and the tables match their declared records."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import polars as pl

from ...schemas.frames import check_frame
from ...schemas.manifest import File
from ..errors import InputError
from ..files import digest_file
from ..parquet import count_rows, read_parquet
from ..store import Version
from ..store.opening import find_manifest_faults
from ..store.tables import RECORDS


def check_files(version: Version) -> Iterator[str]:
    """Compare the manifest with its own digest, and digest, size and number of rows of each file with the manifest."""
    yield from find_manifest_faults(version)
    listed = version.manifest.files
    for name in (f"{table}.parquet" for table in RECORDS):
        if name not in listed:
            yield f"{name} is not in the manifest"
    for name, file in listed.items():
        yield from _check_file(version.path, name, file)


def _check_file(folder: Path, name: str, file: File) -> Iterator[str]:
    path = folder / name
    if Path(name).name != name:
        yield f"the manifest names {name!r}, which is not a file in the folder of the version"
        return
    if not path.is_file():
        yield f"{name} is missing"
        return
    sha256, size = digest_file(path)
    if size != file.bytes:
        yield f"{name} has {size:,} bytes; the manifest says {file.bytes:,}"
    if sha256 != file.sha256:
        yield f"{name} differs from the manifest: its sha256 is {sha256[:16]}..., not {file.sha256[:16]}..."
    yield from _check_row_count(path, file)


def _check_row_count(path: Path, file: File) -> Iterator[str]:
    try:
        rows = count_rows(path)
    except InputError as error:
        yield f"{path.name} can't be read: {_get_cause(path, error)}"
        return
    if rows != file.rows:
        yield f"{path.name} has {rows:,} rows; the manifest says {file.rows:,}"


def read_tables(version: Version) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Read the tables and check them against their records.

    Returns:
        The valid tables by name, and what is wrong with the others.
    """
    tables, faults = {}, []
    for name, record in RECORDS.items():
        try:
            frame = check_frame(read_parquet(path := version.path / f"{name}.parquet"), record)
        except InputError as error:
            faults.append(f"{name}: {_get_cause(path, error)}")
            continue
        except TypeError as error:
            faults.append(f"{name}: {error}")
            continue
        wrong = [f"{name}: {message}" for message in _check_values(frame, record)]
        faults += wrong
        if not wrong:
            tables[name] = frame
    return tables, faults


def _get_cause(path: Path, error: InputError) -> str:
    """The message without the path, whose folder is the version's."""
    return error.message.removeprefix(f"{path}: ")


def _check_values(frame: pl.DataFrame, record: type) -> Iterator[str]:
    """Values that a field may not have: null where it is required, and values outside its enumeration."""
    for name, hint in get_type_hints(record).items():
        parts = get_args(hint)
        if type(None) not in parts and frame[name].null_count():
            yield f"{name} is empty in {frame[name].null_count():,} rows"
        members = _list_members(hint, parts)
        values = frame[name].drop_nulls().unique().sort().to_list() if members else []
        if unknown := [value for value in values if value not in members]:
            yield f"{name} can't be {str(unknown[0])[:40]!r}; it is one of {', '.join(members)}"


def _list_members(hint: Any, parts: tuple[Any, ...]) -> list[str]:
    """The values of an enumeration; none where the field is of another type."""
    kinds = [kind for kind in (hint, *parts) if isinstance(kind, type) and issubclass(kind, StrEnum)]
    return [str(member) for member in kinds[0]] if kinds else []
