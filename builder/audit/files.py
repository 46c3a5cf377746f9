"""The files of a version: they match the manifest, and their tables match the declared records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import polars as pl

from ...schemas.example import Example, MixtureRow
from ...schemas.manifest import File
from ...schemas.problem import Problem
from ...schemas.sample import Sample
from ..errors import InputError
from ..files import digest_file
from ..parquet import count_rows, digest_footer, read_parquet
from ..store import Version
from ..store.opening import find_manifest_faults
from ..store.tables import FILES, list_files, name_file
from .finding import Fault

_RECORDS: Mapping[str, type] = {"problems": Problem, "samples": Sample, "examples": Example, "mixture": MixtureRow}
"""The record that the columns of each kind of file belong to."""


def check_file_list(version: Version) -> Iterator[str]:
    """Check the list of files: the manifest has its own digest, and lists the files of all buckets, and no others."""
    yield from find_manifest_faults(version)
    listed = version.manifest.files
    expected = {file for name in FILES for file in list_files(name, version.manifest.bucket_bits)}
    yield from (f"{name} is not in the manifest" for name in sorted(expected - set(listed)))
    for path in sorted(version.path.glob("*.parquet")):
        if path.name not in listed and path.name not in expected:
            yield f"{path.name} is not in the manifest"
    for name in sorted(set(listed) - expected):
        yield from check_file(version.path, name, listed[name])


def check_bucket_files(version: Version, bucket: int) -> Iterator[str]:
    """Compare digest, size and number of rows of a bucket's files with the manifest."""
    for name in FILES:
        file = name_file(name, bucket, version.manifest.bucket_bits)
        if file in version.manifest.files:
            yield from check_file(version.path, file, version.manifest.files[file])


def check_file(folder: Path, name: str, file: File) -> Iterator[str]:
    """Compare digest, size and number of rows of a file with what the manifest says."""
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
    try:
        rows, footer = count_rows(path), digest_footer(path)
    except InputError as error:
        yield f"{name} can't be read: {_get_cause(path, error)}"
        return
    if rows != file.rows:
        yield f"{name} has {rows:,} rows; the manifest says {file.rows:,}"
    if file.footer not in (None, footer):
        yield f"{name} has another footer than the manifest says"


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketFiles:
    """The files of a bucket as they are, whatever the manifest says."""

    frames: Mapping[str, pl.DataFrame]
    """The rows of each kind of file that can be read and has the columns and values of its record."""
    faults: tuple[Fault, ...]
    """What is wrong with the others."""

    @property
    def is_whole(self) -> bool:
        """Whether all of them can be read."""
        return len(self.frames) == len(FILES)


def read_files(version: Version, bucket: int) -> BucketFiles:
    """Read the files of a bucket and check them against their records."""
    frames: dict[str, pl.DataFrame] = {}
    faults: list[Fault] = []
    for name, schema in FILES.items():
        path = version.path / name_file(name, bucket, version.manifest.bucket_bits)
        try:
            frame = read_parquet(path)
        except InputError as error:
            faults.append(Fault(message=f"{path.name}: {_get_cause(path, error)}"))
            continue
        wrong = list(
            _check_columns(name, frame.schema, schema) if frame.schema != schema else check_values(name, frame)
        )
        faults += wrong
        if not wrong:
            frames[name] = frame
    return BucketFiles(frames=frames, faults=tuple(faults))


def _get_cause(path: Path, error: InputError) -> str:
    """The message without the path, whose folder is the version's."""
    return error.message.removeprefix(f"{path}: ")


def _check_columns(name: str, found: pl.Schema, schema: pl.Schema) -> Iterator[Fault]:
    """Tell which columns are not those of the record."""
    columns = [
        f"{column}: {found.get(column)} instead of {schema.get(column)}"
        for column in dict.fromkeys([*schema, *found])
        if found.get(column) != schema.get(column)
    ]
    yield Fault(message=f"{name}: the table does not fit its schema: {'; '.join(columns) or 'order'}")


def check_values(name: str, frame: pl.DataFrame) -> Iterator[Fault]:
    """Find values that a field may not have: null where it is required, and values outside its enumeration."""
    for column, hint in get_type_hints(_RECORDS[name]).items():
        if column not in frame.columns:
            continue
        parts = get_args(hint)
        if type(None) not in parts and frame[column].null_count():
            yield Fault(message=f"{name}: {column} is empty in {{0}} rows", counts=(frame[column].null_count(),))
        members = _list_members(hint, parts)
        values = frame[column].drop_nulls().unique().sort().to_list() if members else []
        if unknown := [value for value in values if value not in members]:
            message = f"{name}: {column} can't be {str(unknown[0])[:40]!r}; it is one of {', '.join(members)}"
            yield Fault(message=message)


def _list_members(hint: Any, parts: tuple[Any, ...]) -> list[str]:
    """The values of an enumeration; none where the field is of another type."""
    kinds = [kind for kind in (hint, *parts) if isinstance(kind, type) and issubclass(kind, StrEnum)]
    return [str(member) for member in kinds[0]] if kinds else []
