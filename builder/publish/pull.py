"""Pull a published version from the Hub into a store, with its manifest, tables and validation unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl

from ...schemas.manifest import Manifest
from ..errors import InputError, VersionConflict
from ..files import digest_file
from ..store import Version, freeze_tables, locate_version, read_version, verify_version
from .files.read import FILE_LIST, find_damaged_files, read_tables
from .hub.download import DownloadedVersion, download_version, read_validation_file, refuse_dev, write_validation_file
from .hub.verify_upload import compute_content_digest
from .publications import Publication, record_publication


class PullStatus(StrEnum):
    """The outcome of `pull`."""

    PULLED = "pulled"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullResult:
    """The result of `pull`."""

    status: PullStatus
    """Whether the version was added, or was in the store already."""
    version: Version
    """The version in the store."""
    commit: str
    """The commit that it was downloaded from."""


def pull(ref: str, store: Path) -> PullResult:
    """Download a published version into a store.

    All files are hashed, and the rows of the rebuilt tables are digested.

    Args:
        ref: `hf://datasets/USER/NAME@TAG`; without a tag, the newest version.
        store: the store.

    Raises:
        InputError: there is no such version on the Hub, or it is damaged; VersionConflict if the store has the version
            with other content.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    with download_version(ref, "pull") as download:
        if damaged := find_damaged_files(download.folder, download.files):
            raise InputError(f"{download.ref} is damaged: {', '.join(damaged[:8])}", hint="contact its publisher")
        return _import_version(download, store)


def _import_version(download: DownloadedVersion, store: Path) -> PullResult:
    manifest, tables = read_tables(download.folder)
    refuse_dev(manifest)
    if compute_content_digest(manifest, tables) != manifest.content_digest:
        raise InputError(
            f"the rows of {download.ref} do not have the content digest of its manifest", hint="contact its publisher"
        )
    validation = read_validation_file(download, manifest)
    status = PullStatus.UNCHANGED
    if not locate_version(store, manifest.name, manifest.version).exists():
        status = _freeze(store, manifest, tables)
    version = _read_same_version(store, manifest)
    write_validation_file(version, validation)
    publication = Publication(
        repo=download.remote.repo,
        endpoint=download.remote.endpoint,
        tag=download.tag,
        commit=download.commit,
        content_digest=manifest.content_digest,
        files_digest=digest_file(download.folder / FILE_LIST)[0],
    )
    record_publication(version, publication)
    return PullResult(status=status, version=version, commit=download.commit)


def _freeze(store: Path, manifest: Manifest, tables: Mapping[str, pl.DataFrame]) -> PullStatus:
    try:
        freeze_tables(store, manifest, tables, {})
    except FileExistsError:  # another process was faster
        return PullStatus.UNCHANGED
    return PullStatus.PULLED


def _read_same_version(store: Path, manifest: Manifest) -> Version:
    """Read the version from the store.

    Raises:
        InputError: it is damaged; VersionConflict if its content differs from the version on the Hub.
    """
    version = read_version(locate_version(store, manifest.name, manifest.version))
    if version.manifest.content_digest != manifest.content_digest:
        raise VersionConflict(
            f"{version.ref} is in the store with other content: its digest is {version.manifest.content_digest[:16]},"
            f" on the Hub it is {manifest.content_digest[:16]}",
            hint="a version never changes; pull into another store with --store",
        )
    return verify_version(version)
