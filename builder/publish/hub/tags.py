"""Compare the content of an existing tag with the version to publish. A tag never moves."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from ....schemas.manifest import File, Manifest
from ...errors import InputError
from ...plain_json import parse_object
from ..files.layout import Layout
from ..files.read import FILE_LIST, FILE_LIST_ADAPTER, MANIFEST, VALIDATION
from .client import read_file
from .errors import Remote

FILE_KINDS: Mapping[str, str] = {
    VALIDATION: "validation",
    "cotloom/": "manifest",
    "data/": "layout",
    "": "card",
}
"""The kind of a file by the prefix of its path; the first match counts."""

_UNRELATED_KEYS = {"files", "parent", "languages", "teacher_terms", "manifest_digest"}
"""Keys of a manifest that do not affect its rows: the files of a store, keys that no fingerprint includes, digests."""


def read_tagged_layout(remote: Remote, tag: str, commit: str, layout: Layout, manifest: Manifest) -> Layout:
    """Read the list of files at a tag, and check that the tag contains this version.

    The same version may have other files: it was validated later, has another card, or the store lacks its ancestors,
    so that its rows have another order.

    Args:
        remote: the dataset.
        tag: the tag.
        commit: the commit of the tag.
        layout: the files to upload.
        manifest: the manifest of the version.

    Returns:
        The layout, with the list of files at the tag.

    Raises:
        InputError: the tag has other content.
        Stopped: the Hub can't be reached.
    """
    file_list = read_file(remote, FILE_LIST, commit)
    if file_list == layout.file_list:
        return layout
    files, tagged = _parse_file_list(file_list), _parse_manifest(read_file(remote, MANIFEST, commit))
    if file_list is None or files is None or tagged is None or tagged.content_digest != manifest.content_digest:
        paths = _list_changed_paths(files or {}, layout.files)
        raise _make_tag_error(
            f"the tag {tag} of {remote.repo} has other content: {', '.join(paths[:6]) or FILE_LIST}"
            + (f" and {len(paths) - 6} more files differ" if len(paths) > 6 else "")
        )
    if keys := _list_changed_keys(tagged, manifest):
        raise _make_tag_error(
            f"the tag {tag} of {remote.repo} has the same rows, but other inputs: {', '.join(keys)} differ"
        )
    return replace(layout, files=files, file_list=file_list)


def group_differences(tagged: Mapping[str, File], files: Mapping[str, File]) -> dict[str, tuple[str, ...]]:
    """List the paths that differ between two lists of files, by kind of file: one of the values of `FILE_KINDS`."""
    differences: dict[str, tuple[str, ...]] = {}
    for path in _list_changed_paths(tagged, files):
        kind = next(kind for prefix, kind in FILE_KINDS.items() if path.startswith(prefix))
        differences[kind] = (*differences.get(kind, ()), path)
    return dict(sorted(differences.items()))


def _list_changed_paths(tagged: Mapping[str, File], files: Mapping[str, File]) -> list[str]:
    return sorted(path for path in tagged.keys() | files.keys() if tagged.get(path) != files.get(path))


def _list_changed_keys(tagged: Manifest, manifest: Manifest) -> list[str]:
    before, after = (item.model_dump(exclude=_UNRELATED_KEYS) for item in (tagged, manifest))
    return [key for key in after if before[key] != after[key]]


def _parse_file_list(content: bytes | None) -> dict[str, File] | None:
    try:
        return FILE_LIST_ADAPTER.validate_json(content or b"")
    except ValidationError:
        return None


def _parse_manifest(content: bytes | None) -> Manifest | None:
    try:
        return Manifest.model_validate(parse_object(content or b""))
    except ValueError:
        return None


def _make_tag_error(message: str) -> InputError:
    return InputError(
        message, hint="a tag never moves: publish the next version, or this version under another tag with --tag"
    )
