"""Reading the files of a version, each held against the manifest before a row of it is believed."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ...schemas.frames import check_frame, get_schema
from ..files import digest_file
from ..parquet import digest_footer, read_parquet
from .damage import OpenedVersion, make_damage_error
from .tables import EVIDENCE, FILES, MIXED, RECORDS, join_examples, name_evidence, name_file


def read_part(version: OpenedVersion, name: str, bucket: int, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read one bucket of a table; see `Version.iterate_table`.

    Raises:
        InputError: a file is missing, differs from the manifest, or has columns of another kind.
    """
    if name != "examples":
        frame = read_file(version, name, bucket, columns)
    elif columns is None:
        frame = join_examples(*(read_file(version, part, bucket) for part in ("examples", "mixture")))
    else:
        frame = _join_columns(version, bucket, columns)
    schema = get_schema(RECORDS[name])
    frame = frame.select(schema.names() if columns is None else list(columns))
    return check_frame(frame, RECORDS[name], columns)


def _join_columns(version: OpenedVersion, bucket: int, columns: Sequence[str]) -> pl.DataFrame:
    texts = [name for name in FILES["examples"].names() if name in {"example_id", *columns}]
    decided = {"text_id", "example_id", *(set(MIXED) & set(columns))}
    mixture = [name for name in FILES["mixture"].names() if name in decided]
    return join_examples(read_file(version, "examples", bucket, texts), read_file(version, "mixture", bucket, mixture))


def read_file(version: OpenedVersion, name: str, bucket: int, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read the file of one bucket: of `problems`, `samples`, the texts of `examples`, or the `mixture`.

    Raises:
        InputError: it is missing, differs from the manifest, or has columns of another kind.
    """
    path = locate_file(version, name, bucket, is_whole=columns is None)
    frame = read_parquet(path, columns)
    expected = FILES[name] if columns is None else pl.Schema({column: FILES[name][column] for column in columns})
    if frame.schema != expected:
        raise make_damage_error(version, [f"{path.name} does not have the columns of its records"])
    return frame


def locate_file(version: OpenedVersion, name: str, bucket: int, *, is_whole: bool = True) -> Path:
    """Return the path of the file of one bucket, after it was held against the manifest.

    Args:
        version: the version.
        name: the kind of file.
        bucket: the number of the bucket.
        is_whole: whether all its bytes are held against the manifest, or its footer only: the checksums of pages are
            verified when they are read.

    Raises:
        InputError: the file is missing or differs from the manifest.
    """
    file = name_file(name, bucket, version.manifest.bucket_bits)
    listed = version.manifest.files.get(file)
    if listed is None:
        raise make_damage_error(version, [f"{file} is not in the manifest"])
    path = version.path / file
    if not path.is_file():
        raise make_damage_error(version, [f"{file} is missing"])
    is_same = (
        digest_file(path)[0] == listed.sha256
        if is_whole or listed.footer is None
        else digest_footer(path) == listed.footer
    )
    if not is_same:
        raise make_damage_error(version, [f"{file} differs from the manifest"])
    return path


def locate_table(version: OpenedVersion, name: str, *, is_whole: bool = True) -> list[Path]:
    """Return the paths of all files of one kind, in the order of the buckets; see `locate_file`.

    Raises:
        InputError: a file is missing or differs from the manifest.
    """
    return [
        locate_file(version, name, bucket, is_whole=is_whole) for bucket in range(1 << version.manifest.bucket_bits)
    ]


def locate_evidence(version: OpenedVersion, name: str) -> Path | None:
    """Return the path of a kind of evidence, after it was held against the manifest; None where there is none.

    Raises:
        InputError: the file is missing or differs from the manifest.
    """
    file = name_evidence(name)
    listed = version.manifest.files.get(file)
    if listed is None:
        return None
    path = version.path / file
    if not path.is_file():
        raise make_damage_error(version, [f"{file} is missing"])
    if digest_file(path)[0] != listed.sha256:
        raise make_damage_error(version, [f"{file} differs from the manifest"])
    return path


def read_evidence(version: OpenedVersion, name: str) -> pl.DataFrame:
    """Read a kind of evidence; without rows where the version has none.

    Raises:
        InputError: the file is missing, differs from the manifest, or has columns of another kind.
    """
    path = locate_evidence(version, name)
    frame = pl.DataFrame(schema=EVIDENCE[name]) if path is None else read_parquet(path)
    if frame.schema != EVIDENCE[name]:
        raise make_damage_error(version, [f"{name_evidence(name)} does not have the columns of its records"])
    return frame
