"""Pull a published version into a store, as the version that it was: to query, compare and validate."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from pydantic import TypeAdapter, ValidationError

from builder.errors import InputError, Stopped, VersionConflict
from builder.files import file_digest
from builder.publish.arrived import damaged, digest_of
from builder.publish.layout import FILES, read_back
from builder.publish.publications import Publication, record
from builder.publish.remote import connect, fetch
from builder.publish.trouble import Remote
from builder.store import DEV, Version, folder_of, freeze, read_version, versions_of
from schemas.manifest import File, Manifest
from schemas.section import Name, SemVer

_REF = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)@([\w.+/-]+)")
_VALIDATION = "validation.json"


class Status(StrEnum):
    """What came of it."""

    PULLED = "pulled"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulled:
    """A version that was pulled."""

    status: Status
    """Whether it came now or was there already."""
    version: Version
    """The version."""
    commit: str
    """The commit that it was read at."""


def pull(ref: str, store: Path) -> Pulled:
    """Bring a published version into a store.

    Every file is hashed, and so are the rows of the tables that are made of them.

    Args:
        ref: `hf://datasets/USER/NAME@TAG`.
        store: the store.

    Raises:
        InputError: there is no such thing, it is no published version, or it is damaged; VersionConflict where the
            store has the version with other content.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    found = _REF.fullmatch(ref)
    if found is None:
        raise InputError(f"{ref} names no version on the Hub", hint="cotloom pull hf://datasets/USER/NAME@TAG")
    remote = connect(found[1], writes=False)
    with TemporaryDirectory(prefix="cotloom-") as cache:
        folder = fetch(remote, found[2], Path(cache), ("README.md", "data/*", "figures/*", "cotloom/*"))
        _check_files(folder, ref)
        return _taken_in(folder, store, remote, found[2])


def _check_files(folder: Path, ref: str) -> None:
    if not (folder / FILES).is_file():
        raise InputError(f"{ref} was not published by Cotloom: it has no {FILES}", hint="cotloom publish makes one")
    try:
        files = TypeAdapter(dict[str, File]).validate_json((folder / FILES).read_bytes())
    except ValidationError as error:
        raise InputError(f"{FILES} of {ref} can't be read: {error}", hint="it was made by a later Cotloom") from error
    if wrong := damaged(folder, files):
        raise InputError(f"{ref} is damaged: {', '.join(wrong[:8])}", hint="ask whoever published it")


def _taken_in(folder: Path, store: Path, remote: Remote, tag: str) -> Pulled:
    manifest, tables = read_back(folder)
    _check_name(manifest)
    if digest_of(tables) != manifest.content_digest:
        raise InputError(
            f"the rows of {remote.repo}@{tag} are not those that its manifest speaks of",
            hint="ask whoever published it",
        )
    status = Status.UNCHANGED
    if manifest.version not in versions_of(store, manifest.name):
        status = _frozen(store, manifest, tables)
    version = _same(store, manifest)
    _beside(version, folder)
    record(
        version,
        Publication(
            repo=remote.repo,
            endpoint=remote.endpoint,
            tag=tag,
            commit=folder.name,
            content_digest=manifest.content_digest,
            files_digest=file_digest(folder / FILES)[0],
        ),
    )
    return Pulled(status=status, version=version, commit=folder.name)


def _frozen(store: Path, manifest: Manifest, tables: Mapping[str, pl.DataFrame]) -> Status:
    try:
        freeze(store, manifest, tables, {})
    except FileExistsError:  # another command was faster
        return Status.UNCHANGED
    return Status.PULLED


def _check_name(manifest: Manifest) -> None:
    """A name from the Hub becomes a folder here: it must be one that a recipe could give."""
    try:
        TypeAdapter(Name).validate_python(manifest.name)
        TypeAdapter(SemVer).validate_python(manifest.version)
    except ValidationError as error:
        raise InputError(
            f"{manifest.name!r} and {manifest.version!r} are no name and version of a dataset",
            hint="the manifest on the Hub was changed by hand",
        ) from error
    if manifest.version == DEV:
        raise InputError("a dev version may be overwritten and can't be pulled", hint="publish it under a version")


def _same(store: Path, manifest: Manifest) -> Version:
    """The version in the store, where it has the content of the one on the Hub."""
    version = read_version(folder_of(store, manifest.name, manifest.version))
    if version.manifest.content_digest != manifest.content_digest:
        raise VersionConflict(
            f"{version.ref} is in the store with other content: its digest is {version.manifest.content_digest[:16]},"
            f" on the Hub it is {manifest.content_digest[:16]}",
            hint="a version is a promise and stays as it is; pull into another store with --store",
        )
    return version


def _beside(version: Version, folder: Path) -> None:
    """Bring the validation along, where the version has none here."""
    there = folder / "cotloom" / _VALIDATION
    if not there.is_file() or (version.path / _VALIDATION).exists():
        return
    side = version.path / f".{_VALIDATION}"
    try:
        side.write_bytes(there.read_bytes())
        side.replace(version.path / _VALIDATION)
    except OSError as error:
        raise Stopped(f"{side} can't be written: {error}", hint="make room and run the same command again") from error
