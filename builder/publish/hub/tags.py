"""What a tag names already: the version that was to be published, or something else. A tag never moves."""

import json
from collections.abc import Mapping
from dataclasses import replace

from cotloom.builder.errors import InputError
from cotloom.builder.publish.files.layout import FILES, LISTED, MANIFEST, VALIDATION, Layout
from cotloom.builder.publish.hub.client import read
from cotloom.builder.publish.hub.errors import Remote
from cotloom.schemas.manifest import File, Manifest
from pydantic import ValidationError

KINDS: Mapping[str, str] = {
    VALIDATION: "validation",
    "cotloom/": "manifest",
    "data/": "layout",
    "": "card",
}
"""What files are for, by the beginning of their path; the first that fits counts."""

_AROUND = {"files", "parent", "languages", "teacher_terms"}
"""What a manifest says that is not of the rows: the files of one store, and what no fingerprint speaks of."""


def tagged(remote: Remote, name: str, commit: str, laid: Layout, manifest: Manifest) -> Layout:
    """Hold what a tag names against what was to be sent.

    The same version may lie in other files: it was validated since, has another card, or was laid out in a store that
    lacks its ancestors, whose rows come in another order.

    Args:
        remote: the dataset.
        name: the tag.
        commit: the commit that it names.
        laid: what was to be sent.
        manifest: what the version says of itself.

    Returns:
        What was to be sent, with the files that lie at the tag.

    Raises:
        InputError: the tag names other content.
        Stopped: the Hub can't be reached.
    """
    listed = read(remote, FILES, commit)
    if listed == laid.listed:
        return laid
    files, there = _files(listed), _manifest(read(remote, MANIFEST, commit))
    if listed is None or files is None or there is None or there.content_digest != manifest.content_digest:
        apart = _apart(files or {}, laid.files)
        raise _taken(
            f"the tag {name} of {remote.repo} names other content: {', '.join(apart[:6]) or FILES}"
            + (f" and {len(apart) - 6} more files differ" if len(apart) > 6 else "")
        )
    if keys := _other_keys(there, manifest):
        raise _taken(f"the tag {name} of {remote.repo} names the same rows, made otherwise: {', '.join(keys)} differ")
    return replace(laid, files=files, listed=listed)


def differences(there: Mapping[str, File], own: Mapping[str, File]) -> dict[str, tuple[str, ...]]:
    """The files that differ, by what they are for: one of `KINDS`."""
    apart = [
        (next(kind for begin, kind in KINDS.items() if path.startswith(begin)), path) for path in _apart(there, own)
    ]
    return {kind: tuple(path for one, path in apart if one == kind) for kind in sorted({kind for kind, _ in apart})}


def _apart(there: Mapping[str, File], own: Mapping[str, File]) -> list[str]:
    return sorted(path for path in there.keys() | own.keys() if there.get(path) != own.get(path))


def _other_keys(there: Manifest, own: Manifest) -> list[str]:
    before, after = (manifest.model_dump(exclude=_AROUND) for manifest in (there, own))
    return [key for key in after if before[key] != after[key]]


def _files(content: bytes | None) -> dict[str, File] | None:
    try:
        return LISTED.validate_json(content or b"")
    except ValidationError:
        return None


def _manifest(content: bytes | None) -> Manifest | None:
    try:
        return Manifest.model_validate(json.loads(content or b""))
    except ValueError:
        return None


def _taken(message: str) -> InputError:
    return InputError(
        message, hint="a tag stays as it is: publish the next version, or this one under another tag with --tag"
    )
