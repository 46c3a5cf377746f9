"""Versions: finding, listing and reading them. Light to import: no table is read before somebody asks for one."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ...schemas.manifest import Manifest
from ..errors import InputError
from .atomic import atomic_write, remove_leftovers

if TYPE_CHECKING:
    import polars as pl

MANIFEST = "manifest.json"
"""Written last: a folder without it is no version."""

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
    def built_at(self) -> datetime | None:
        """When its build started, in UTC; None where the version does not say."""
        started = self.read_beside("build.json").get("started_at")
        return datetime.fromisoformat(started) if started else None

    def read_table(self, name: str) -> "pl.DataFrame":
        """Read one of its tables."""
        import polars as pl  # noqa: PLC0415 - reading a manifest needs no tables

        return pl.read_parquet(self.path / f"{name}.parquet", use_pyarrow=True)

    def read_beside(self, name: str) -> dict[str, Any]:
        """Read a JSON file that lies beside the manifest; empty where there is none."""
        path = self.path / name
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def write_beside(self, name: str, content: bytes) -> None:
        """Write a file beside the manifest: the whole file, or nothing.

        Raises:
            Stopped: the disk is full or can't be written.
        """
        atomic_write(self.path / name, content)


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


def read_version(path: Path) -> Version:
    """Open a version's folder.

    Raises:
        InputError: it is no version, or its manifest can't be read.
    """
    manifest = path / MANIFEST
    if not manifest.is_file():
        raise InputError(
            f"{path} is no version: it has no {MANIFEST}", hint="cotloom list shows the versions of the store"
        )
    try:
        return Version(path=path, manifest=Manifest.model_validate(json.loads(manifest.read_text())))
    except (ValidationError, ValueError) as error:
        raise InputError(
            f"{manifest} can't be read: {error}", hint="it was changed by hand, or written by a later Cotloom"
        ) from error


def list_version_numbers(store: StrPath, name: str) -> list[str]:
    """List the versions of a dataset, oldest first."""
    folder = Path(store) / "versions" / name
    names = [path.parent.name for path in folder.glob(f"*/{MANIFEST}")] if folder.is_dir() else []
    return sorted((version for version in names if not version.startswith(".")), key=parse_semver)


def list_versions(store: StrPath) -> list[Version]:
    """Read the manifests of all versions of a store, by name, oldest first.

    Raises:
        InputError: the manifest of one can't be read; the message names it.
    """
    folder = Path(store) / "versions"
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [
        read_version(locate_version(store, name, version))
        for name in names
        for version in list_version_numbers(store, name)
    ]


def find_version(store: StrPath, ref: str) -> Version:
    """Find a version by its REF: `name`, `name@version`, or the path of a folder (anything with `/`).

    Raises:
        InputError: there is none, or it is on the Hub.
    """
    if ref.startswith("hf://"):
        raise InputError(f"{ref} is on the Hub", hint=f"pull it into the store first: cotloom pull {ref}")
    if "/" in ref:
        return read_version(Path(ref))
    name, _, version = ref.partition("@")
    existing = list_version_numbers(store, name)
    if not existing:
        known = sorted({version.manifest.name for version in list_versions(store)})
        hint = f"available: {', '.join(known)}" if known else "build one first: cotloom build quickstart"
        raise InputError(f"no dataset {name} in the store {store}", hint=hint)
    if version and version not in existing:
        raise InputError(
            f"no version {version} of {name} in the store {store}", hint=f"available: {', '.join(existing)}"
        )
    fixed = [version for version in existing if version != DEV] or existing
    return read_version(locate_version(store, name, version or fixed[-1]))


def sweep_versions(store: Path, name: str) -> None:
    """Remove what killed builds of a dataset left beside its versions; folders of running builds stay."""
    remove_leftovers(store / "versions" / name)
