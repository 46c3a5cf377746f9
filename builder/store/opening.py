"""Opening versions: a manifest is checked before it is believed, and the list of files is held against the folder.

    open_version    the manifest alone, for `audit`, which reports what is wrong with the rest
    read_version    the manifest, and that every file is there with its size
    find_version    the same, by REF
    list_versions   all versions of a store; what can't be read breaks no other

None of them reads a table: `Version.read_table` checks digests, `verify_version` checks everything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...schemas.ids import SCHEME
from ...schemas.manifest import Manifest, digest_manifest
from ...schemas.section import NAME, SEMVER
from ..errors import InputError
from ..plain_json import parse_object
from .damage import make_damage_error
from .tags import find_tagged, list_all_tags
from .versions import (
    DEV,
    MANIFEST,
    StrPath,
    Version,
    is_version_folder,
    list_version_numbers,
    locate_version,
    make_beside_error,
    parse_semver,
)

_LEAVE = "cotloom list shows the versions of the store"


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadableVersion:
    """Something among the versions of a store that can't be read as one."""

    path: Path
    """The folder or file."""
    error: str
    """What is wrong with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionListing:
    """What lies in a store, by name, oldest first."""

    versions: tuple[Version, ...]
    """The versions."""
    unreadable: tuple[UnreadableVersion, ...]
    """What can't be read as a version; hidden files are left out."""


def read_version(path: Path) -> Version:
    """Open a version's folder; its files are there, with their sizes, and no table besides.

    Raises:
        InputError: it is no version, its manifest can't be read, or its files are not those of the manifest.
    """
    version = open_version(path)
    faults = [*find_manifest_faults(version), *_find_file_faults(version)]
    if faults:
        raise make_damage_error(version, faults)
    return version


def open_version(path: Path) -> Version:
    """Open a version's folder by its manifest alone; nothing is known of its files.

    Raises:
        InputError: it is no version, or its manifest can't be read.
    """
    manifest = path / MANIFEST
    if not manifest.is_file():
        raise InputError(f"{path} is no version: it has no {MANIFEST}", hint=_LEAVE)
    try:
        values = parse_object(manifest.read_bytes())
        _check_scheme(manifest, values)
        return Version(path=path, manifest=Manifest.model_validate(values))
    except (ValidationError, ValueError, OSError) as error:
        message = make_beside_error(manifest, error).message
        raise InputError(
            message, hint="it is damaged or was changed by hand: restore it, or remove the folder and build it again"
        ) from error


def _check_scheme(manifest: Path, values: dict[str, Any]) -> None:
    scheme = values.get("scheme")
    if isinstance(scheme, int) and scheme > SCHEME:
        raise InputError(
            f"{manifest} was written by a later Cotloom: its scheme is {scheme}, this one knows {SCHEME}",
            hint="upgrade Cotloom to read this version",
        )


def find_manifest_faults(version: Version) -> Iterator[str]:
    """Find what speaks against a manifest: it does not have its own digest, or lies in a store under another name."""
    values = parse_object((version.path / MANIFEST).read_bytes())
    if values.get("manifest_digest") not in (None, digest_manifest(values)):
        yield f"{MANIFEST} does not have its own digest: it was changed after it was written"
    number, name, above, *_ = [*version.path.absolute().parts[::-1], "", "", ""]
    if above == "versions" and (name, number) != (version.manifest.name, version.manifest.version):
        yield f"{MANIFEST} says {version.ref}, and lies in the folder {name}/{number}"


def _find_file_faults(version: Version) -> Iterator[str]:
    """Hold the files of the folder against those of the manifest, by name and size."""
    listed = version.manifest.files
    for name, file in listed.items():
        path = version.path / name
        if Path(name).name != name:
            yield f"the manifest names {name!r}, which is no file of the folder"
        elif not path.is_file():
            yield f"{name} is missing"
        elif (size := path.stat().st_size) != file.bytes:
            yield f"{name} has {size:,} bytes instead of {file.bytes:,}"
    for path in sorted(version.path.glob("*.parquet")):
        if path.name not in listed:
            yield f"{path.name} is not in the manifest"


def list_versions(store: StrPath) -> list[Version]:
    """List the versions of a store that can be read, by name, oldest first."""
    return list(scan_versions(store).versions)


def scan_versions(store: StrPath) -> VersionListing:
    """Read the manifests of all versions of a store, and list what can't be read beside them."""
    versions: list[Version] = []
    unreadable: list[UnreadableVersion] = []
    for path in _list_candidates(Path(store) / "versions"):
        try:
            versions.append(read_version(path))
        except InputError as error:
            unreadable.append(UnreadableVersion(path=path, error=error.message))
        except OSError as error:
            unreadable.append(UnreadableVersion(path=path, error=f"{path} can't be read: {error}"))
    return VersionListing(versions=tuple(versions), unreadable=tuple(unreadable))


def _list_candidates(folder: Path) -> Iterator[Path]:
    """List what lies where versions do: by name, versions first, oldest first."""
    for dataset in _list_visible(folder):
        try:
            inner = _list_visible(dataset) if dataset.is_dir() else [dataset]
        except OSError:
            inner = [dataset]
        valid = [path for path in inner if re.fullmatch(NAME, dataset.name) and is_version_folder(path)]
        yield from sorted(valid, key=lambda path: parse_semver(path.name))
        yield from (path for path in inner if path not in valid)


def _list_visible(folder: Path) -> list[Path]:
    paths = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in paths if not path.name.startswith("."))


def find_version(store: StrPath, ref: str) -> Version:
    """Find a version by its REF: `name`, `name@version`, `name@tag`, or the path of a folder (anything with `/`).

    Raises:
        InputError: there is none, it is on the Hub, or `read_version` refuses it.
    """
    return read_version(locate_ref(store, ref))


def locate_ref(store: StrPath, ref: str) -> Path:
    """Return the folder that a REF names.

    Raises:
        InputError: there is none, or it is on the Hub.
    """
    if ref.startswith("hf://"):
        raise InputError(f"{ref} is on the Hub", hint=f"pull it into the store first: cotloom pull {ref}")
    if "/" in ref:
        return Path(ref)
    name, _, version = ref.partition("@")
    existing = list_version_numbers(store, name) if re.fullmatch(NAME, name) else []
    if not existing:
        known = _list_names(store)
        hint = f"available: {', '.join(known)}" if known else "build one first: cotloom build quickstart"
        raise InputError(f"no dataset {name} in the store {store}", hint=hint)
    if version and version not in existing:
        tagged = find_tagged(store, name, version)
        if tagged is None:
            raise InputError(
                f"no {'version' if re.fullmatch(SEMVER, version) else 'tag'} {version} of {name} in the store {store}",
                hint=f"available: {', '.join([*existing, *list_all_tags(store, name)])}",
            )
        version = tagged
    fixed = [version for version in existing if version != DEV] or existing
    return locate_version(store, name, version or fixed[-1])


def _list_names(store: StrPath) -> list[str]:
    """List the datasets that have a version."""
    names = (path.name for path in _list_visible(Path(store) / "versions"))
    return [name for name in names if re.fullmatch(NAME, name) and list_version_numbers(store, name)]
