"""A published version as it lies on the Hub: which one a reference names, its files in a folder, and their list."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cotloom.builder.errors import InputError
from cotloom.builder.publish.files.layout import FILES, LISTED, VALIDATION
from cotloom.builder.publish.hub.client import connect, fetch, look
from cotloom.builder.publish.hub.errors import Remote, permission
from cotloom.builder.store import DEV, Version, semver
from cotloom.schemas.manifest import File, Manifest
from cotloom.schemas.section import Name, SemVer
from pydantic import TypeAdapter, ValidationError

_REF = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+?)(?:@([\w.+/-]+))?")
_VERSION_TAG = re.compile(r"v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)")
_OURS = ("README.md", "data/*", "figures/*", "cotloom/*")
"""What belongs to a version; others may have put more beside it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """A published version in a folder."""

    remote: Remote
    """The dataset."""
    tag: str
    """The tag, or another revision."""
    folder: Path
    """Where its files lie."""
    files: Mapping[str, File]
    """Its list of files, by path below the folder."""

    @property
    def ref(self) -> str:
        """`hf://datasets/USER/NAME@TAG`."""
        return f"hf://datasets/{self.remote.repo}@{self.tag}"

    @property
    def commit(self) -> str:
        """The commit that it was read at."""
        return self.folder.name


@contextmanager
def fetched(ref: str, command: str) -> Iterator[Fetched]:
    """Fetch a published version into a folder that is removed afterwards.

    Args:
        ref: `hf://datasets/USER/NAME@TAG`; without a tag, the newest version by the order of versions.
        command: what is asked for, for the hint: `pull`, `audit`.

    Raises:
        InputError: there is no such thing, or it is no published version.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    found = _REF.fullmatch(ref)
    if found is None:
        raise InputError(f"{ref} names no version on the Hub", hint=f"cotloom {command} hf://datasets/USER/NAME@TAG")
    remote = connect(found[1], writes=False)
    tag = found[2] or _newest(remote)
    with TemporaryDirectory(prefix="cotloom-") as cache:
        folder = fetch(remote, tag, Path(cache), _OURS)
        yield Fetched(remote=remote, tag=tag, folder=folder, files=_listed(folder, ref))


def _newest(remote: Remote) -> str:
    state = look(remote)
    if state is None:
        raise InputError(f"there is no dataset {remote.repo} that may be read", hint=permission(remote))
    tags = {found[1]: name for name in state.tags if (found := _VERSION_TAG.fullmatch(name))}
    if not tags:
        there = ", ".join(state.tags) or "none"
        raise InputError(f"no tag of {remote.repo} names a version", hint=f"name one with @TAG; there is: {there}")
    return tags[max(tags, key=semver)]


def _listed(folder: Path, ref: str) -> dict[str, File]:
    if not (folder / FILES).is_file():
        raise InputError(f"{ref} was not published by Cotloom: it has no {FILES}", hint="cotloom publish makes one")
    try:
        return LISTED.validate_json((folder / FILES).read_bytes())
    except ValidationError as error:
        raise InputError(f"{FILES} of {ref} can't be read: {error}", hint="it was made by a later Cotloom") from error


def check_name(manifest: Manifest) -> None:
    """A name from the Hub becomes a folder here: it must be one that a recipe could give.

    Raises:
        InputError: it is not.
    """
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


def bring_validation(version: Version, folder: Path) -> None:
    """Bring the validation along, where the version has none here.

    Raises:
        Stopped: the disk is full.
    """
    there, name = folder / VALIDATION, Path(VALIDATION).name
    if there.is_file() and not (version.path / name).exists():
        version.put_beside(name, there.read_bytes())
