"""Where a version was published, and that it arrived: `publications.json` beside its manifest."""

import json
from dataclasses import asdict, dataclass

from cotloom.builder.errors import InputError
from cotloom.builder.store import Version

FILE = "publications.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """One tag on the Hub that was read back and found to hold the version."""

    repo: str
    """USER/NAME."""
    endpoint: str
    """The Hub's address."""
    tag: str
    """The tag."""
    commit: str
    """The commit that it names."""
    content_digest: str
    """The content that it speaks of."""
    files_digest: str
    """Digest of the list of files."""


def is_recorded(version: Version, publication: Publication) -> bool:
    """Whether a publication was written down before."""
    return asdict(publication) in _recorded(version)


def record(version: Version, publication: Publication) -> None:
    """Write a publication down; what was said of its tag before is replaced.

    Raises:
        Stopped: the disk is full.
    """
    place = (publication.endpoint, publication.repo, publication.tag)
    others = [one for one in _recorded(version) if (one["endpoint"], one["repo"], one["tag"]) != place]
    text = json.dumps({"publications": [*others, asdict(publication)]}, indent=1, sort_keys=True) + "\n"
    version.put_beside(FILE, text.encode())


def _recorded(version: Version) -> list[dict[str, str]]:
    try:
        return list(version.beside(FILE).get("publications", []))
    except ValueError as error:
        raise InputError(
            f"{version.path / FILE} can't be read: {error}", hint="remove it; it is written anew"
        ) from error
