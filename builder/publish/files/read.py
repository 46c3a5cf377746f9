"""What lies in the folder of a published version beside its rows: the list of files, and the validation."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

from ....schemas.manifest import File
from ....schemas.validation import Validation
from ... import store
from ...files import digest_file
from ...store import Version

FILE_LIST = "cotloom/files.json"
"""Digest, size and rows of every other file, by path."""
FILE_LIST_ADAPTER = TypeAdapter(dict[str, File])
"""Parses the content of that file."""
MANIFEST = "cotloom/manifest.json"
"""The manifest."""
VALIDATION = "cotloom/validation.json"
"""The validation of this content, if there is one."""


def find_damaged_files(folder: Path, files: Mapping[str, File]) -> list[str]:
    """List the files that are missing from a folder, or whose sizes or digests differ from the list of files."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return [
        name
        for name, file in files.items()
        if name not in paths or paths[name].stat().st_size != file.bytes or digest_file(paths[name])[0] != file.sha256
    ]


def read_validation(version: Version) -> Validation | None:
    """Read the validation of a version; None if there is none, or if it validated other content.

    Raises:
        InputError: `validation.json` cannot be read.
    """
    validation = store.load_validation(version)
    is_current = validation is not None and validation.content_digest == version.manifest.content_digest
    return validation if is_current else None
