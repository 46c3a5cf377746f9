"""Versions that were changed by somebody who also made their digests fit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from cotloom.builder.store import Version, digest_rows
from cotloom.builder.store.tables import write_table
from cotloom.schemas.manifest import seal_manifest


def rewrite(version: Version, folder: Path | None = None, **tables: pl.DataFrame) -> Version:
    """Write a version with other tables, to its folder or another, with the digests of the new tables."""
    folder = folder or version.path
    old = {name: version.read_table(name) for name in ("problems", "samples", "examples")}
    folder.mkdir(parents=True, exist_ok=True)
    new = {**old, **tables}
    files = {f"{name}.parquet": write_table(frame, folder / f"{name}.parquet") for name, frame in new.items()}
    return write_manifest(replace(version, path=folder), files=files, content_digest=digest_rows(list(new.items())))


def write_manifest(version: Version, **changes: Any) -> Version:
    """Write the manifest of a version with changes, and with its own digest."""
    manifest = seal_manifest(version.manifest.model_copy(update=changes))
    (version.path / "manifest.json").write_text(manifest.model_dump_json())
    return replace(version, manifest=manifest)
