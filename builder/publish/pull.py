"""Pull a published version into a store, as the version that it was: to query, compare and validate."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl
from cotloom.builder.errors import InputError, VersionConflict
from cotloom.builder.files import file_digest
from cotloom.builder.publish.files.layout import FILES, read_back
from cotloom.builder.publish.hub.download import Fetched, bring_validation, check_name, fetched
from cotloom.builder.publish.hub.verify_upload import damaged, digest_of
from cotloom.builder.publish.publications import Publication, record
from cotloom.builder.store import Version, folder_of, freeze, read_version, versions_of
from cotloom.schemas.manifest import Manifest


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
        ref: `hf://datasets/USER/NAME@TAG`; without a tag, the newest version.
        store: the store.

    Raises:
        InputError: there is no such thing, it is no published version, or it is damaged; VersionConflict where the
            store has the version with other content.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    with fetched(ref, "pull") as found:
        if wrong := damaged(found.folder, found.files):
            raise InputError(f"{found.ref} is damaged: {', '.join(wrong[:8])}", hint="ask whoever published it")
        return _taken_in(found, store)


def _taken_in(found: Fetched, store: Path) -> Pulled:
    manifest, tables = read_back(found.folder)
    check_name(manifest)
    if digest_of(tables) != manifest.content_digest:
        raise InputError(
            f"the rows of {found.ref} are not those that its manifest speaks of", hint="ask whoever published it"
        )
    status = Status.UNCHANGED
    if manifest.version not in versions_of(store, manifest.name):
        status = _frozen(store, manifest, tables)
    version = _same(store, manifest)
    bring_validation(version, found.folder)
    record(
        version,
        Publication(
            repo=found.remote.repo,
            endpoint=found.remote.endpoint,
            tag=found.tag,
            commit=found.commit,
            content_digest=manifest.content_digest,
            files_digest=file_digest(found.folder / FILES)[0],
        ),
    )
    return Pulled(status=status, version=version, commit=found.commit)


def _frozen(store: Path, manifest: Manifest, tables: Mapping[str, pl.DataFrame]) -> Status:
    try:
        freeze(store, manifest, tables, {})
    except FileExistsError:  # another command was faster
        return Status.UNCHANGED
    return Status.PULLED


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
