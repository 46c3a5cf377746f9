"""The record of the verified publications of a version: `publications.json` beside its manifest."""

import json
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter, ValidationError

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


_PUBLICATIONS = TypeAdapter(list[Publication])


def is_recorded(version: Version, publication: Publication) -> bool:
    """Whether the record of a version has a publication."""
    return publication in _read_publications(version)


def record_publication(version: Version, publication: Publication) -> None:
    """Add a publication to the record of a version; it replaces an earlier one of the same tag.

    Raises:
        Stopped: the disk is full.
    """
    others = [other for other in _read_publications(version) if _get_place(other) != _get_place(publication)]
    entries = [asdict(entry) for entry in (*others, publication)]
    text = json.dumps({"publications": entries}, indent=1, sort_keys=True) + "\n"
    version.write_beside(FILE, text.encode())


def _get_place(publication: Publication) -> tuple[str, str, str]:
    return (publication.endpoint, publication.repo, publication.tag)


def _read_publications(version: Version) -> list[Publication]:
    content = version.read_beside(FILE)
    try:
        return _PUBLICATIONS.validate_python(content.get("publications", []))
    except ValidationError as error:
        raise InputError(
            f"{version.path / FILE} can't be read: {error.errors(include_url=False)[0]['msg']}",
            hint="delete it; the next command writes it again",
        ) from error
