"""The record of the verified publications of a version: `publications.json` beside its manifest."""

import json
from dataclasses import asdict, dataclass

from ..errors import InputError
from ..store import Version

FILE = "publications.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """A tag on the Hub that was downloaded and verified to contain the version."""

    repo: str
    """USER/NAME."""
    endpoint: str
    """The URL of the Hub."""
    tag: str
    """The tag."""
    commit: str
    """The commit of the tag."""
    content_digest: str
    """The content digest of the version."""
    files_digest: str
    """Digest of the list of files."""


def is_recorded(version: Version, publication: Publication) -> bool:
    """Whether the record of a version has a publication."""
    return asdict(publication) in _read_publications(version)


def record_publication(version: Version, publication: Publication) -> None:
    """Add a publication to the record of a version; it replaces an earlier one of the same tag.

    Raises:
        Stopped: the disk is full.
    """
    keys = ("endpoint", "repo", "tag")
    entry = asdict(publication)
    others = [other for other in _read_publications(version) if any(other[key] != entry[key] for key in keys)]
    text = json.dumps({"publications": [*others, entry]}, indent=1, sort_keys=True) + "\n"
    version.write_beside(FILE, text.encode())


def _read_publications(version: Version) -> list[dict[str, str]]:
    try:
        return list(version.read_beside(FILE).get("publications", []))
    except ValueError as error:
        raise InputError(
            f"{version.path / FILE} can't be read: {error}", hint="delete it; the next command writes it again"
        ) from error
