"""Tags: names of a person's choice for versions, such as `best` or `paper`. `NAME@TAG` is a REF.

A tag lies beside its version, with the content digest that it speaks of. A tag that is given to another version moves.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ...schemas.section import NAME, SEMVER
from ..errors import InputError
from .atomic import Access, atomic_write
from .versions import DEV, StrPath, Version, list_version_numbers, locate_version, open_sealed, seal_json

TAGS = "tags.json"
"""The file of a version's tags."""


def tag_version(version: Version, tag: str) -> str | None:
    """Give a tag to a version of a store. A version that had it before loses it.

    Args:
        version: the version.
        tag: small letters, digits, `-` and `_`, and no version number.

    Returns:
        The number of the version that had it; null where none had.

    Raises:
        InputError: the tag is no name, the version is `dev`, or it lies in no store.
        Stopped: the disk is full.
    """
    if not re.fullmatch(NAME, tag) or re.fullmatch(SEMVER, tag):
        raise InputError(f"{tag} is no tag", hint="small letters, digits, - and _, such as best or paper-2")
    name, number = version.manifest.name, version.manifest.version
    if number == DEV:
        raise InputError(f"{version.ref} may be overwritten, so no tag can name it", hint="build it as a fixed version")
    from .locks import lock_folder  # noqa: PLC0415 - reading tags, as a list of versions does, takes no lock

    store = _find_store(version)
    with lock_folder(store / "versions" / name):
        before = find_tagged(store, name, tag)
        _write(version, {**_read(version.path), tag: datetime.now(UTC).isoformat()})
        for other in list_version_numbers(store, name):
            if other != number:
                _drop(locate_version(store, name, other), tag)
    return before if before != number else None


def remove_tag(version: Version, tag: str) -> None:
    """Take a tag from a version.

    Raises:
        InputError: it does not have it.
        Stopped: the disk is full.
    """
    from .locks import lock_folder  # noqa: PLC0415 - as above

    with lock_folder(version.path.parent):
        tags = _read(version.path)
        if tag not in tags:
            has = ", ".join(sorted(tags)) or "none"
            raise InputError(f"{version.ref} does not have the tag {tag}", hint=f"its tags: {has}")
        _write(version, {name: at for name, at in tags.items() if name != tag})


def list_tags(version: Version) -> tuple[str, ...]:
    """List the tags of a version, by name."""
    return tuple(sorted(_read(version.path)))


def find_tagged(store: StrPath, name: str, tag: str) -> str | None:
    """Find the version of a dataset that has a tag: its number, or None.

    Where a process was killed while it moved the tag, two have it; the one that got it last is found.
    """
    given = [
        (tags[tag], number)
        for number in list_version_numbers(store, name)
        if tag in (tags := _read(locate_version(store, name, number)))
    ]
    return max(given)[1] if given else None


def list_all_tags(store: StrPath, name: str) -> Iterator[str]:
    """List the tags of all versions of a dataset, by name."""
    yield from sorted({tag for number in list_version_numbers(store, name)
                       for tag in _read(locate_version(store, name, number))})  # fmt: skip


def _find_store(version: Version) -> Path:
    folder = version.path.absolute()
    store = folder.parent.parent.parent
    if folder != locate_version(store, version.manifest.name, version.manifest.version):
        raise InputError(f"{folder} lies in no store", hint="tags name versions of a store; pull or build it into one")
    return store


def _read(folder: Path) -> dict[str, str]:
    """Read the tags of a version, with the time at which each was given."""
    path = folder / TAGS
    if not path.exists():
        return {}
    try:
        tags = open_sealed(path.read_bytes()).get("tags")
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read: {error}", hint="remove it, and tag the version again") from error
    return {str(tag): str(at) for tag, at in tags.items()} if isinstance(tags, dict) else {}


def _write(version: Version, tags: Mapping[str, str]) -> None:
    content = {"content_digest": version.manifest.content_digest, "tags": tags}
    version.write_beside(TAGS, json.dumps(content).encode())


def _drop(folder: Path, tag: str) -> None:
    """Take a tag from another version; what else its file says stays."""
    tags = _read(folder)
    if tags.pop(tag, None) is not None:
        content = {**open_sealed((folder / TAGS).read_bytes()), "tags": tags}
        atomic_write(folder / TAGS, seal_json(content), access=Access.PRIVATE)
