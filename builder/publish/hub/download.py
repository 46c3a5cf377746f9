"""Download a published version: resolve its reference, fetch its files, and read its list of files."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from ....schemas.manifest import File, Manifest
from ...errors import InputError
from ...store import DEV, Version, parse_semver
from ..files.read import FILE_LIST, FILE_LIST_ADAPTER, VALIDATION
from .client import connect, download_snapshot, get_state
from .errors import Remote, describe_permission

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
        InputError: the dataset or the tag does not exist, or it has no published version.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    match = _REF.fullmatch(ref)
    if match is None:
        raise InputError(f"{ref} is no version on the Hub", hint=f"cotloom {command} hf://datasets/USER/NAME@TAG")
    remote = connect(match[1], writes=False)
    tag = match[2] or _find_newest_tag(remote)
    with TemporaryDirectory(prefix="cotloom-") as cache:
        folder = download_snapshot(remote, tag, Path(cache), _PATTERNS)
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
        return FILE_LIST_ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputError(
            f"{FILE_LIST} of {ref} can't be read: {error}", hint="a later release of Cotloom may have written it"
        ) from error


def refuse_dev(manifest: Manifest) -> None:
    """Refuse a manifest from the Hub that is of a `dev` version.

    Raises:
        InputError: it is.
    """
    if manifest.version == DEV:
        raise InputError(
            "a dev version can be overwritten, so it can't be pulled", hint="publish it under a version number"
        )


def copy_validation(version: Version, folder: Path) -> None:
    """Copy the validation of a downloaded version to the version in the store, unless that has one.

    Raises:
        Stopped: the disk is full.
    """
    path, name = folder / VALIDATION, Path(VALIDATION).name
    if path.is_file() and not (version.path / name).exists():
        version.write_beside(name, path.read_bytes())
