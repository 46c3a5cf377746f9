"""What is verified before something is made of a version: every file, the digest of every row, and its validation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import product

import polars as pl
from pydantic import ValidationError

from ...schemas.validation import Validation
from ..errors import InputError, Stopped
from ..progress import show_bar
from .damage import make_damage_error
from .locks import lock_folder
from .opening import open_version
from .reading import locate_table, read_file
from .tables import FILES, digest_content, digest_frame, digest_manifest_files, name_file
from .versions import DEV, Version, make_beside_error
from .withdrawal import refuse_withdrawn

_OTHER_CONTENT = "its rows do not have the content digest of the manifest"


def verify_version(version: Version) -> Version:
    """Check every file of a version against its manifest, and its rows against the content digest, bucket by bucket.

    Returns:
        The version.

    Raises:
        InputError: it is damaged, and the message names the file; or it is withdrawn.
    """
    refuse_withdrawn(version)
    with show_bar(f"checking {version.ref}", sum(file.rows for file in version.manifest.files.values())) as advance:
        faults = [fault for faults in _check_buckets(version, advance) for fault in faults]
    if faults:
        raise make_damage_error(version, faults)
    return version


def _check_buckets(version: Version, advance: Callable[[int], None]) -> Iterator[list[str]]:
    """Yield what is wrong with each file of the tables, and with the content digest that they make together."""
    manifest = version.manifest
    digests: dict[str, list[str]] = {name: [] for name in FILES}
    for name, bucket in product(FILES, range(1 << manifest.bucket_bits)):
        file = name_file(name, bucket, manifest.bucket_bits)
        frame = read_file(version, name, bucket)
        rows = manifest.files[file].rows
        if frame.height != rows:
            yield [f"{file} has {frame.height:,} rows instead of {rows:,}"]
        try:
            digests[name].append(digest_frame(name, frame))
        except (TypeError, ValueError) as error:
            yield [f"the rows of {file} have no digest: {error}"]
        advance(frame.height)
    if digest_content(digests) != manifest.content_digest:
        yield [_OTHER_CONTENT]


def verify_files(version: Version) -> Version:
    """Check every byte of a version's files against its manifest, without reading a row.

    Whoever reads the rows afterwards, bucket by bucket, does so with `read_verified`.

    Returns:
        The version.

    Raises:
        InputError: it is damaged, and the message names the file; or it is withdrawn.
    """
    refuse_withdrawn(version)
    if digest_manifest_files(version.manifest) != version.manifest.content_digest:
        raise make_damage_error(version, [_OTHER_CONTENT])
    with show_bar(f"checking {version.ref}", sum(file.bytes for file in version.manifest.files.values())) as advance:
        for name in FILES:
            for path in locate_table(version, name):
                advance(version.manifest.files[path.name].bytes)
    return version


def read_verified(version: Version, name: str, bucket: int) -> pl.DataFrame:
    """Read the file of one bucket, whose rows must have the digest of the manifest.

    Raises:
        InputError: it is damaged.
    """
    frame = read_file(version, name, bucket)
    file = name_file(name, bucket, version.manifest.bucket_bits)
    listed = version.manifest.files[file]
    if (frame.height, digest_frame(name, frame)) != (listed.rows, listed.digest):
        raise make_damage_error(version, [f"the rows of {file} are not those of the manifest"])
    return frame


def check_content(version: Version, content_digest: str) -> None:
    """Check that a version has the content that was read of it before.

    Raises:
        Stopped: it has other content: a `dev` version was built again.
    """
    if version.manifest.content_digest != content_digest:
        raise Stopped(
            f"{version.ref} was built again while it was used; its content is another now",
            hint="run the same command again: it reads the new content",
        )


@contextmanager
def hold_version(version: Version) -> Iterator[None]:
    """Keep a version as it is while something is written beside it; a build of `dev` waits until the block ends.

    Raises:
        Stopped: it was built again since it was read, or is gone.
    """
    with lock_folder(version.path) if version.manifest.version == DEV else nullcontext():
        check_current(version)
        yield


def check_current(version: Version) -> None:
    """Check that the folder of a version still has the content that was read from it.

    Raises:
        Stopped: it was built again, or is gone.
    """
    try:
        current = open_version(version.path)
    except InputError as error:
        raise Stopped(
            f"{version.ref} was removed or replaced while it was used: {error.message}",
            hint="build it, and run the same command again",
        ) from error
    check_content(current, version.manifest.content_digest)


def load_validation(version: Version) -> Validation | None:
    """Read the validation that lies beside a version, of whatever content; None if there is none.

    Raises:
        InputError: `validation.json` can't be read.
    """
    content = version.read_beside("validation.json")
    try:
        return Validation.model_validate(content) if content else None
    except ValidationError as error:
        raise make_beside_error(version.path / "validation.json", error) from error
