"""Download a published version: resolve its reference, fetch its files, and read its list of files."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from ....schemas.manifest import File, Manifest
from ....schemas.validation import Validation
from ...errors import InputError
from ...plain_json import parse_object
from ...store import DEV, Version, parse_semver
from ..files.read import FILE_LIST, FILE_LIST_ADAPTER, VALIDATION
from .client import connect, download_snapshot, get_state
from .errors import Remote, describe_permission
from .listing import is_plain_path, list_published_files

_REF = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+?)(?:@([\w.+/-]+))?")
_VERSION_TAG = re.compile(r"v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)")
_PATTERNS = ("README.md", "data/*", "figures/*", "cotloom/*")
"""The files of a version; the dataset may have other files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DownloadedVersion:
    """A published version in a local folder."""

    remote: Remote
    """The dataset."""
    tag: str
    """The tag, or another revision."""
    folder: Path
    """The folder with its files."""
    files: Mapping[str, File]
    """Its list of files, by path below the folder."""

    @property
    def ref(self) -> str:
        """`hf://datasets/USER/NAME@TAG`."""
        return f"hf://datasets/{self.remote.repo}@{self.tag}"

    @property
    def commit(self) -> str:
        """The commit."""
        return self.folder.name


@contextmanager
def download_version(ref: str, command: str) -> Iterator[DownloadedVersion]:
    """Download a published version into a temporary folder.

    Args:
        ref: `hf://datasets/USER/NAME@TAG`; without a tag, the newest version by semantic versioning.
        command: the command, for the hint: `pull`, `audit`.

    Raises:
        InputError: the dataset or the tag does not exist, or it has no published version; nothing is downloaded where
            the names, the number or the sizes of its files are not those of a version.
        Stopped: the Hub can't be reached, or the disk has no room.
    """
    match = _REF.fullmatch(ref)
    if match is None:
        raise InputError(f"{ref} is no version on the Hub", hint=f"cotloom {command} hf://datasets/USER/NAME@TAG")
    remote = connect(match[1], writes=False)
    tag = match[2] or _find_newest_tag(remote)
    with TemporaryDirectory(prefix="cotloom-") as cache:
        names = list_published_files(remote, tag, _PATTERNS, Path(cache))
        folder = download_snapshot(remote, tag, Path(cache), [escape(name) for name in names])
        yield DownloadedVersion(remote=remote, tag=tag, folder=folder, files=_read_file_list(folder, ref))


def _find_newest_tag(remote: Remote) -> str:
    state = get_state(remote)
    if state is None:
        raise InputError(
            f"the dataset {remote.repo} does not exist, or this token may not read it", hint=describe_permission(remote)
        )
    tags = {match[1]: tag for tag in state.tags if (match := _VERSION_TAG.fullmatch(tag))}
    if not tags:
        names = ", ".join(state.tags) or "none"
        raise InputError(f"no tag of {remote.repo} is a version", hint=f"give a tag with @TAG; its tags are: {names}")
    return tags[max(tags, key=parse_semver)]


def _read_file_list(folder: Path, ref: str) -> dict[str, File]:
    path = folder / FILE_LIST
    if not path.is_file():
        raise InputError(
            f"{ref} was not published by Cotloom: it has no {FILE_LIST}", hint="publish a version with cotloom publish"
        )
    try:
        files = FILE_LIST_ADAPTER.validate_python(parse_object(path.read_bytes()))
    except ValueError as error:  # a ValidationError is one too
        raise InputError(
            f"{FILE_LIST} of {ref} can't be read: {error}", hint="a later release of Cotloom may have written it"
        ) from error
    odd = [name for name in files if not is_plain_path(name)]
    if odd:
        raise InputError(
            f"{ref} is damaged: {FILE_LIST} names {odd[0]!r}, which is no file of a version",
            hint="contact its publisher",
        )
    return files


def refuse_dev(manifest: Manifest) -> None:
    """Refuse a manifest from the Hub that is of a `dev` version.

    Raises:
        InputError: it is.
    """
    if manifest.version == DEV:
        raise InputError(
            "a dev version can be overwritten, so it can't be pulled", hint="publish it under a version number"
        )


def read_validation_file(download: DownloadedVersion, manifest: Manifest) -> bytes | None:
    """Read the validation of a downloaded version; None if it has none.

    Raises:
        InputError: it is not in the list of files, is no validation, or is of other content.
    """
    path = download.folder / VALIDATION
    if not path.is_file():
        return None
    content = path.read_bytes()
    fault = None if VALIDATION in download.files else "it is not in the list of files"
    try:
        if Validation.model_validate(parse_object(content)).content_digest != manifest.content_digest:
            fault = "it belongs to other content"
    except ValueError as error:  # a ValidationError is one too
        fault = str(error)
    if fault is not None:
        raise InputError(f"{VALIDATION} of {download.ref} is not believed: {fault}", hint="contact its publisher")
    return content


def write_validation_file(version: Version, content: bytes | None) -> None:
    """Write a downloaded validation beside the version in the store, unless that has one.

    Raises:
        Stopped: the disk is full.
    """
    name = Path(VALIDATION).name
    if content is not None and not (version.path / name).exists():
        version.write_beside(name, content)
