"""What a dataset on the Hub announces is checked before a byte of it is downloaded: names, number and sizes of files.

Anybody can publish, so a name may lead out of a folder, and a size may be more than a disk holds.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from huggingface_hub.hf_api import RepoFile

from ...errors import InputError, Stopped
from ...store.atomic import MAKE_ROOM
from .client import call_hub
from .errors import Remote

MAX_ENTRIES = 10_000
"""Files and folders of a dataset; one with more is not listed to its end."""
MAX_FILES = 1_000
"""Files of a published version; a file holds up to 400 MB of rows."""
MAX_TEXT_BYTES = 64 * 2**20
"""Size of a file that is no table: a manifest, a card, a figure."""

_HINT = "no version that `cotloom publish` wrote is like this: contact its publisher"


def list_published_files(remote: Remote, revision: str, patterns: Sequence[str], folder: Path) -> list[str]:
    """List the files at a revision that match patterns, and check what is announced of them.

    Args:
        remote: the dataset.
        revision: a tag, a branch or a commit.
        patterns: patterns of the files of a version; a star matches slashes.
        folder: where they would be downloaded to.

    Raises:
        InputError: there are too many files, a name is none of a plain file below a folder, or a text is too large; or
            the dataset or the revision does not exist.
        Stopped: the disk has no room for them, or the Hub can't be reached.
    """
    sizes = _request_sizes(remote, revision)
    files = {name: size for name, size in sizes.items() if any(fnmatchcase(name, pattern) for pattern in patterns)}
    ref = f"{remote.repo} at {revision}"
    fault = next(_find_faults(files), None)
    if fault is not None:
        raise InputError(f"{ref} is not downloaded: {fault}", hint=_HINT)
    needed, free = sum(files.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise Stopped(
            f"{ref} can't be downloaded: its files have {needed:,} bytes, and {folder} has room for {free:,}",
            hint=f"{MAKE_ROOM}, or name a folder on another disk in TMPDIR",
        )
    return list(files)


def _request_sizes(remote: Remote, revision: str) -> dict[str, int]:
    def request_entries() -> list[object]:
        tree = remote.api.list_repo_tree(remote.repo, recursive=True, revision=revision, repo_type="dataset")
        return list(islice(tree, MAX_ENTRIES + 1))

    entries = call_hub(remote, f"{remote.repo} at {revision} can't be downloaded", request_entries)
    if len(entries) > MAX_ENTRIES:
        raise InputError(
            f"{remote.repo} at {revision} is not downloaded: it has more than {MAX_ENTRIES:,} files", hint=_HINT
        )
    return {entry.path: entry.size for entry in entries if isinstance(entry, RepoFile)}


def _find_faults(files: Mapping[str, int]) -> Iterator[str]:
    """Find what speaks against downloading files of these names and sizes."""
    if len(files) > MAX_FILES:
        yield f"a version has at most {MAX_FILES:,} files, and this one has {len(files):,}"
    for name, size in files.items():
        if not is_plain_path(name):
            yield f"{name!r} is no name of a file of a version"
        elif not name.endswith(".parquet") and size > MAX_TEXT_BYTES:
            yield f"{name} has {size:,} bytes, and only tables may have more than {MAX_TEXT_BYTES:,}"
        elif size < 0:
            yield f"{name} has {size:,} bytes"


def is_plain_path(name: str) -> bool:
    """Whether a path from the Hub names a file below a folder, on every system, and can be printed."""
    is_inside = all(part not in {"", ".", ".."} for part in name.split("/"))
    return is_inside and name.isprintable() and not set(name) & set('\\:*?"<>|')
