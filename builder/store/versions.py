"""Versions and their numbers. Light to import: no table is read before somebody asks for one."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ...schemas.ids import digest
from ...schemas.manifest import BuildRecord, Manifest
from ...schemas.section import SEMVER
from ..errors import InputError
from ..plain_json import parse_object
from .atomic import Access, atomic_write, remove_leftovers

if TYPE_CHECKING:
    import polars as pl

MANIFEST = "manifest.json"
"""Written last: a folder without it is no version."""

_FILE_DIGEST = "file_digest"
"""The key of a JSON file that holds the digest of the others."""

WITHDRAWN = "withdrawn.json"
"""The mark of a withdrawn version: the problems for which it was withdrawn, and when."""

StrPath = str | PathLike[str]
"""A path as text or as a path object."""

DEV = "dev"
"""The version that may be overwritten."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A version in a store."""

    path: Path
    """Its folder."""
    manifest: Manifest
    """Recipe, digests, counts, funnel and licences."""

    @property
    def ref(self) -> str:
        """`name@version`."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def is_withdrawn(self) -> bool:
        """Whether it holds text that was erased from the ledger; see `withdrawal`."""
        return (self.path / WITHDRAWN).exists()

    def read_table(self, name: str, columns: Sequence[str] | None = None) -> "pl.DataFrame":
        """Read one of its tables, or some columns of it.

        Raises:
            InputError: a file is missing, differs from the manifest, or has columns of another kind.
        """
        import polars as pl  # noqa: PLC0415 - reading a manifest needs no tables

        return pl.concat(self.iterate_table(name, columns))

    def iterate_table(
        self, name: str, columns: Sequence[str] | None = None, buckets: Sequence[int] | None = None
    ) -> "Iterator[pl.DataFrame]":
        """Read one of its tables bucket by bucket.

        A whole file is held against the digest in the manifest; of a file of which some columns are read, the footer,
        and the pages against their checksums.

        Args:
            name: `problems`, `samples` or `examples`.
            columns: the columns; None for all.
            buckets: the numbers of the buckets; None for all.

        Raises:
            InputError: a file is missing, differs from the manifest, or has columns of another kind.
        """
        from .reading import read_part  # noqa: PLC0415 - as above

        for bucket in range(1 << self.manifest.bucket_bits) if buckets is None else buckets:
            yield read_part(self, name, bucket, columns)

    def read_beside(self, name: str) -> dict[str, Any]:
        """Read a JSON file that lies beside the manifest; empty where there is none.

        Raises:
            InputError: it is no JSON object, or does not have its own digest.
        """
        path = self.path / name
        try:
            return open_sealed(path.read_bytes()) if path.exists() else {}
        except (OSError, ValueError) as error:
            raise make_beside_error(path, error) from error

    def read_build(self) -> BuildRecord:
        """Read the circumstances of its build; every field is null where the version does not say.

        Raises:
            InputError: `build.json` can't be read.
        """
        content = self.read_beside("build.json")
        try:
            return BuildRecord.model_validate(content)
        except ValidationError as error:
            raise make_beside_error(self.path / "build.json", error) from error

    def write_beside(self, name: str, content: bytes) -> None:
        """Write a JSON file beside the manifest, with a digest of its own: the whole file, or nothing.

        Raises:
            Stopped: the disk is full or can't be written.
        """
        atomic_write(self.path / name, seal_json(parse_object(content)), access=Access.PRIVATE)


def seal_json(values: Mapping[str, Any]) -> bytes:
    """Write plain values as a JSON file that carries a digest of them, so that a reader notices damage."""
    sealed = {**values, _FILE_DIGEST: digest(values)}
    return (json.dumps(sealed, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def open_sealed(content: bytes) -> dict[str, Any]:
    """Read the values of a JSON file; where it carries a digest, they must have it.

    Raises:
        ValueError: it is no JSON object, or its values have another digest.
    """
    values = parse_object(content)
    stated = values.pop(_FILE_DIGEST, None)
    if stated is not None and stated != digest(values):
        raise ValueError("it does not have its own digest: it is damaged, or was changed after it was written")
    return values


def make_beside_error(path: Path, error: Exception) -> InputError:
    """Make the error for a JSON file beside a manifest that can't be read."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        fault = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    else:
        fault = str(error)
    return InputError(
        f"{path} can't be read: {fault}", hint="it is damaged or was changed by hand: restore it, or remove it"
    )


def parse_semver(version: str) -> tuple[Any, ...]:
    """Make a sort key of a version: `dev` first, then by precedence as defined by semver.org.

    >>> sorted(["1.10.0", "1.9.0", "1.10.0-rc.1", "dev"], key=parse_semver)
    ['dev', '1.9.0', '1.10.0-rc.1', '1.10.0']
    """
    if version == DEV:
        return (0,)
    numbers, _, pre = version.partition("-")
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".")) if pre else ()
    return (1, tuple(map(int, numbers.split("."))), not pre, parts)


def find_free_version(version: str, taken: list[str]) -> str:
    """Find the next patch version that is not taken."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if match is None:
        return "0.1.0" if "0.1.0" not in taken else find_free_version("0.1.0", taken)
    major, minor, patch = map(int, match.groups())
    while f"{major}.{minor}.{patch}" in taken or patch == int(match[3]):
        patch += 1
    return f"{major}.{minor}.{patch}"


def locate_version(store: StrPath, name: str, version: str) -> Path:
    """Return the folder of a version, whether it exists or not."""
    return Path(store) / "versions" / name / version


def locate_ledger(store: StrPath) -> Path:
    """Return the file of a store's ledger, whether it exists or not."""
    return Path(store) / "ledger.sqlite"


def list_version_numbers(store: StrPath, name: str) -> list[str]:
    """List the versions of a dataset, oldest first: the folders that are named by a version and have a manifest."""
    folder = Path(store) / "versions" / name
    names = [path.name for path in folder.iterdir() if is_version_folder(path)] if folder.is_dir() else []
    return sorted(names, key=parse_semver)


def is_version_folder(path: Path) -> bool:
    """Whether a folder is named by a version and has a manifest."""
    return re.fullmatch(SEMVER, path.name) is not None and (path / MANIFEST).is_file()


def sweep_versions(store: Path, name: str) -> None:
    """Remove what killed builds of a dataset left beside its versions; folders of running builds stay."""
    remove_leftovers(store / "versions" / name)
