"""Versions that were changed by somebody who also made their digests fit."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from cotloom.builder.parquet import write_parquet
from cotloom.builder.store import Version
from cotloom.builder.store.tables import (
    FILES,
    cut_tables,
    describe_file,
    digest_frame,
    digest_manifest_files,
    name_file,
    sort_rows,
    write_table,
)
from cotloom.schemas.manifest import File, seal_manifest

EVIDENCE = ("near_duplicates", "evaluation_overlaps")
"""Files beside the tables that say what repeats, and what overlaps."""


def rewrite(version: Version, folder: Path | None = None, **tables: pl.DataFrame) -> Version:
    """Write a version with other tables, to its folder or another, with the digests of the new tables."""
    folder = folder or version.path
    old = {name: version.read_table(name) for name in ("problems", "samples", "examples")}
    folder.mkdir(parents=True, exist_ok=True)
    new = {**old, **tables}
    files = write_files(new, folder, version.manifest.bucket_bits)
    evidence = {name: file for name, file in version.manifest.files.items() if name.startswith(EVIDENCE)}
    for name in evidence if folder != version.path else ():
        shutil.copy(version.path / name, folder / name)
    return seal_files(replace(version, path=folder), {**files, **evidence})


def write_files(tables: Mapping[str, pl.DataFrame], folder: Path, bits: int) -> dict[str, File]:
    """Write tables as the files of a version. Returns the files for its manifest."""
    return {
        name_file(name, bucket, bits): write_any(name, frame, folder / name_file(name, bucket, bits))
        for bucket, frames in enumerate(cut_tables(tables, bits))
        for name, frame in frames.items()
    }


def write_any(name: str, frame: pl.DataFrame, path: Path) -> File:
    """Write a file of a version. Columns that are not those of its record have no digest."""
    if frame.schema == FILES[name]:
        return write_table(name, frame, path)
    write_parquet(frame, path)
    return describe_file(path, frame.height)


def seal_files(version: Version, files: Mapping[str, File]) -> Version:
    """Write the manifest of a version with other files, and with the content digest that follows from theirs."""
    manifest = version.manifest.model_copy(update={"files": dict(files)})
    return write_manifest(version, files=dict(files), content_digest=digest_manifest_files(manifest))


def write_manifest(version: Version, **changes: Any) -> Version:
    """Write the manifest of a version with changes, and with its own digest."""
    manifest = seal_manifest(version.manifest.model_copy(update=changes))
    (version.path / "manifest.json").write_text(manifest.model_dump_json())
    return replace(version, manifest=manifest)


def rewrite_file(version: Version, name: str, bucket: int, frame: pl.DataFrame, *, sort: bool = True) -> Version:
    """Write one file of a version with other rows, with digests that fit."""
    file = name_file(name, bucket, version.manifest.bucket_bits)
    (version.path / file).unlink()  # it may be a link to a kept result
    rows = sort_rows(name, frame) if sort else frame
    written = write_table(name, rows, version.path / file)
    if not sort:
        written = written.model_copy(update={"digest": digest_frame(name, sort_rows(name, frame))})
    return seal_files(version, {**version.manifest.files, file: written})
