"""Versions: written to the side, renamed in, and never changed (law 4). `name@dev` may be overwritten."""

import errno
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.progress import track
from cotloom.builder.store.tables import described, write_table
from cotloom.schemas.manifest import Manifest
from pydantic import ValidationError

MANIFEST = "manifest.json"
"""Written last: a folder without it is no version."""

DEV = "dev"
"""The version that may be overwritten."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A version in a store."""

    path: Path
    """Its folder."""
    manifest: Manifest
    """What it says about itself."""

    @property
    def ref(self) -> str:
        """`name@version`."""
        return f"{self.manifest.name}@{self.manifest.version}"

    def table(self, name: str) -> pl.DataFrame:
        """Read one of its tables."""
        return pl.read_parquet(self.path / f"{name}.parquet", use_pyarrow=True)

    def beside(self, name: str) -> dict[str, Any]:
        """Read a JSON file that lies beside the manifest; empty where there is none."""
        path = self.path / name
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def put_beside(self, name: str, content: bytes) -> None:
        """Write a file beside the manifest: whole, or not at all.

        Raises:
            Stopped: the disk is full or can't be written.
        """
        place, side = self.path / name, self.path / f".{name}.{os.getpid()}"
        try:
            side.write_bytes(content)
            side.replace(place)
        except OSError as error:
            with suppress(OSError):
                side.unlink(missing_ok=True)
            raise Stopped(
                f"{place} can't be written: {error}", hint="make room and run the same command again"
            ) from error


def semver(version: str) -> tuple[Any, ...]:
    """Sort key of a version: `dev` first, then by precedence as semver.org has it.

    >>> sorted(["1.10.0", "1.9.0", "1.10.0-rc.1", "dev"], key=semver)
    ['dev', '1.9.0', '1.10.0-rc.1', '1.10.0']
    """
    if version == DEV:
        return (0,)
    numbers, _, pre = version.partition("-")
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".")) if pre else ()
    return (1, tuple(map(int, numbers.split("."))), not pre, parts)


def next_free(version: str, taken: list[str]) -> str:
    """The next patch version that is not taken."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if match is None:
        return "0.1.0" if "0.1.0" not in taken else next_free("0.1.0", taken)
    major, minor, patch = map(int, match.groups())
    while f"{major}.{minor}.{patch}" in taken or patch == int(match[3]):
        patch += 1
    return f"{major}.{minor}.{patch}"


def folder_of(store: Path, name: str, version: str) -> Path:
    """Where a version lies."""
    return store / "versions" / name / version


def read_version(path: Path) -> Version:
    """Open a version's folder.

    Raises:
        InputError: it is none, or its manifest can't be read.
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
            f"{manifest} can't be read: {error}", hint="it was changed by hand, or made by a later Cotloom"
        ) from error


def versions_of(store: Path, name: str) -> list[str]:
    """All versions of a dataset, oldest first."""
    folder = store / "versions" / name
    found = [path.parent.name for path in folder.glob(f"*/{MANIFEST}")] if folder.is_dir() else []
    return sorted((version for version in found if not version.startswith(".")), key=semver)


def all_versions(store: Path) -> list[Version]:
    """All versions of a store, by name, oldest first.

    Raises:
        InputError: the manifest of one can't be read; the message names it.
    """
    folder = store / "versions"
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [read_version(folder_of(store, name, version)) for name in names for version in versions_of(store, name)]


def find_version(store: Path, ref: str) -> Version:
    """Find a version by its REF: `name`, `name@version`, or the path of a folder (anything with `/`).

    Raises:
        InputError: there is none, or it lies on the Hub.
    """
    if ref.startswith("hf://"):
        raise InputError(f"{ref} lies on the Hub", hint=f"bring it into the store first: cotloom pull {ref}")
    if "/" in ref:
        return read_version(Path(ref))
    name, _, wanted = ref.partition("@")
    there = versions_of(store, name)
    if not there:
        known = sorted({version.manifest.name for version in all_versions(store)})
        hint = f"there is: {', '.join(known)}" if known else "build one first: cotloom build quickstart"
        raise InputError(f"no dataset {name} in the store {store}", hint=hint)
    if wanted and wanted not in there:
        raise InputError(f"no version {wanted} of {name} in the store {store}", hint=f"there is: {', '.join(there)}")
    fixed = [version for version in there if version != DEV] or there
    return read_version(folder_of(store, name, wanted or fixed[-1]))


def freeze(store: Path, manifest: Manifest, tables: Mapping[str, pl.DataFrame], build: Mapping[str, Any]) -> Version:
    """Write a version: tables first, the manifest last, all to the side, then renamed in.

    Args:
        store: the store.
        manifest: what the version says of itself, but for its files.
        tables: its tables by name, sorted.
        build: the circumstances of the build, for `build.json`.

    Raises:
        Stopped: the disk is full or can't be written.
        FileExistsError: another build wrote the version in the meantime.
    """
    place = folder_of(store, manifest.name, manifest.version)
    side = place.with_name(f".{manifest.version}.{os.getpid()}")
    try:
        shutil.rmtree(side, ignore_errors=True)
        side.mkdir(parents=True)
        files = {
            f"{name}.parquet": write_table(tables[name], side / f"{name}.parquet")
            for name in track(list(tables), "writing the version", every=1)
        }
        whole = manifest.model_copy(update={"files": files})
        _write(side / "build.json", build)
        _write(side / MANIFEST, whole.model_dump(mode="json"))
        _move_in(side, place, replaceable=manifest.version == DEV)
    except FileExistsError:
        raise
    except OSError as error:
        raise Stopped(
            f"the version can't be written: {error}",
            hint="every answer is in the ledger; make room and run the same command again",
        ) from error
    finally:
        shutil.rmtree(side, ignore_errors=True)
    return Version(path=place, manifest=whole)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    described(path, 0)


def _move_in(side: Path, place: Path, *, replaceable: bool) -> None:
    """Rename the finished folder into its place."""
    if replaceable:
        _replace(side, place)
    elif place.exists() or not _renamed(side, place):
        raise FileExistsError(place)
    with suppress(OSError):
        _sync(place.parent)


def _replace(side: Path, place: Path) -> None:
    """Put a folder in the place of another, although other builds may be doing the same."""
    old = place.with_name(f".{place.name}.old.{os.getpid()}")
    placed = False
    while not placed:
        shutil.rmtree(old, ignore_errors=True)
        with suppress(FileNotFoundError):
            place.rename(old)
        placed = _renamed(side, place)
    shutil.rmtree(old, ignore_errors=True)


def _renamed(side: Path, place: Path) -> bool:
    """Rename a folder, unless another build took the place in the meantime."""
    try:
        side.rename(place)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return False
        raise
    return True


def _sync(folder: Path) -> None:
    """Make a rename safe against a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(store: Path, name: str) -> None:
    """Remove what killed builds of a dataset left beside its versions; those still running keep theirs."""
    folder = store / "versions" / name
    for left in folder.glob(".*") if folder.is_dir() else ():
        process = left.name.rpartition(".")[2]
        if process.isdigit() and not _running(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
