"""Versions that were changed by somebody who also made their digests fit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from cotloom.builder.store import Version, digest_tables
from cotloom.builder.store.tables import cut_tables, name_file, write_table
from cotloom.schemas.manifest import File, seal_manifest


def rewrite(version: Version, folder: Path | None = None, **tables: pl.DataFrame) -> Version:
    """Write a version with other tables, to its folder or another, with the digests of the new tables."""
    folder, bits = folder or version.path, version.manifest.bucket_bits
    new = {**{name: version.read_table(name) for name in ("problems", "samples", "examples")}, **tables}
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, File] = {}
    for bucket, frames in enumerate(cut_tables(new, bits)):
        for name, frame in frames.items():
            file = name_file(name, bucket, bits)
            (folder / file).unlink(missing_ok=True)  # it may be a link to what other versions have too
            files[file] = write_table(name, frame, folder / file)
    return write_manifest(replace(version, path=folder), files=files, content_digest=digest_tables(new, bits))


def write_manifest(version: Version, **changes: Any) -> Version:
    """Write the manifest of a version with changes, and with its own digest."""
    manifest = seal_manifest(version.manifest.model_copy(update=changes))
    (version.path / "manifest.json").write_text(manifest.model_dump_json())
    return replace(version, manifest=manifest)
