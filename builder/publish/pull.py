"""Pull a published version from the Hub into a store, with its manifest, tables and validation unchanged."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from ...schemas.manifest import Manifest
from ..errors import InputError, VersionConflict
from ..files import digest_file
from ..store import Version, find_version, freeze_version, locate_version, make_store, read_version, verify_version
from ..store.atomic import stop_if_unwritable
from ..store.tables import digest_manifest_files
from .files.read import FILE_LIST, find_damaged_files
from .files.rebuild import PublishedRows, read_rows
from .hub.download import DownloadedVersion, download_version, read_validation_file, refuse_dev, write_validation_file
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


@contextmanager
def open_ref(ref: str, store: Path) -> Iterator[Version]:
    """Open a version of the store, or one on the Hub for as long as it is needed; the store stays as it is.

    Args:
        ref: `name`, `name@version`, a folder, or `hf://datasets/USER/NAME@TAG`.
        store: the store.

    Raises:
        InputError: there is no such version, or it is damaged.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    if not ref.startswith("hf://"):
        yield find_version(store, ref)
        return
    with TemporaryDirectory(prefix="cotloom-") as folder:
        yield pull(ref, Path(folder) / "store").version


def _import_version(download: DownloadedVersion, store: Path) -> PullResult:
    with TemporaryDirectory(prefix="cotloom-") as work:
        rows = read_rows(download.folder, _make_folder(work, "rows"))
        manifest = rows.manifest
        refuse_dev(manifest)
        validation = read_validation_file(download, manifest)
        status = _freeze_rows(download, rows, _make_folder(work, "files"), store)
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


def _make_folder(above: str, name: str) -> Path:
    folder = Path(above) / name
    folder.mkdir()
    return folder


def _freeze_rows(download: DownloadedVersion, rows: PublishedRows, folder: Path, store: Path) -> PullStatus:
    """Write rows into the store, where it does not have the version.

    Raises:
        InputError: they do not have the content digest of their manifest.
        Stopped: the disk is full.
    """
    manifest, path = rows.manifest, locate_version(store, rows.manifest.name, rows.manifest.version)
    if path.exists():
        _check_digest(download, manifest, rows.compute_digest())
        return PullStatus.UNCHANGED
    with stop_if_unwritable("the version"):
        manifest = manifest.model_copy(update={"files": rows.write_files(folder)})
    _check_digest(download, manifest, digest_manifest_files(manifest))
    make_store(store)
    try:
        freeze_version(store, manifest, {name: folder / name for name in manifest.files}, {})
    except FileExistsError:  # another process was faster
        return PullStatus.UNCHANGED
    return PullStatus.PULLED


def _check_digest(download: DownloadedVersion, manifest: Manifest, digest: str) -> None:
    if digest != manifest.content_digest:
        raise InputError(
            f"the rows of {download.ref} do not have the content digest of its manifest", hint="contact its publisher"
        )


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
