"""What goes to the Hub, as a folder; and a version's tables read back from such a folder.

README.md                   the card
data/CONFIG/*.parquet       what `load_dataset` reads
figures/*.svg               pictures of the card
cotloom/manifest.json       what the version says of itself
cotloom/recipe.json         its recipe, with defaults filled in
cotloom/validation.json     what a student learnt from it, where that was tried on this content
cotloom/files.json          digest, size and rows of every other file
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from cotloom.builder.audit import read_table
from cotloom.builder.errors import InputError, Stopped
from cotloom.builder.files import file_digest
from cotloom.builder.progress import track
from cotloom.builder.publish.card.card import card
from cotloom.builder.publish.card.facts import Facts, facts_of
from cotloom.builder.publish.card.figures import figures
from cotloom.builder.publish.card.metadata import Config, Told
from cotloom.builder.publish.files.lineage import ancestors
from cotloom.builder.publish.files.tables import DEFAULT, Part, parts_of, tables_of
from cotloom.builder.store import Version
from cotloom.builder.store.funnel import TABLES
from cotloom.schemas.manifest import File, Manifest
from cotloom.schemas.validation import Validation
from pydantic import TypeAdapter, ValidationError

FILES = "cotloom/files.json"
"""Digest, size and rows of every other file, by path."""
LISTED = TypeAdapter(dict[str, File])
"""What the text of that file is read as."""
MANIFEST = "cotloom/manifest.json"
"""What the version says of itself."""
VALIDATION = "cotloom/validation.json"
"""What a student learnt from it, where that was tried."""

_GROUP_BYTES = 64 * 2**20
"""A row group is no larger, in memory: the Hub's viewer reads a few of them at a time, up to some 286 MiB."""
_MOST_ROWS = 2**16
"""... and has no more rows, so that one page of the viewer costs little."""
_SHARD_GROUPS = 6
"""Row groups of a file: below 500 MB, the size that the Hub advises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """A folder as it goes to the Hub."""

    folder: Path
    """Where it lies."""
    files: Mapping[str, File]
    """Every file but `cotloom/files.json`, by path below the folder. Rows are 0 where a file is no table."""
    configs: Mapping[str, str] = field(default_factory=dict)
    """For each config that `load_dataset` knows, the files that it reads, as a pattern below the folder."""
    listed: bytes = b""
    """The text of `cotloom/files.json`."""


def lay_out(version: Version, folder: Path, told: Told | None = None) -> Layout:
    """Write everything that goes to the Hub.

    Args:
        version: the version.
        folder: where to; made where missing. It must be empty.
        told: what the publisher says: the repository; language and teacher's terms win over those of the recipe.

    Raises:
        InputError: the folder holds something.
        Stopped: the disk is full or can't be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there already", hint="give an empty or a new folder")
    try:
        return _laid_out(version, folder, (told or Told()).over(version.manifest))
    except OSError as error:
        raise Stopped(f"{folder} can't be written: {error}", hint="make room and run the same command again") from error


def _laid_out(version: Version, folder: Path, told: Told) -> Layout:
    before = ancestors(version)
    tables = {name: version.table(name) for name in TABLES.values()}
    parts = list(parts_of(version, tables, before))
    files = {path: file for part in track(parts, "writing files", every=1) for path, file in _written(part, folder)}
    validation = validation_of(version)
    configs = list(configs_of(parts, files))
    facts = facts_of(version.manifest, tables, before[-1] if before else None, validation)
    for name, text in _texts(version.manifest, facts, configs, told).items():
        files[name] = _write(folder / name, text)
    listed = _json({name: files[name].model_dump() for name in sorted(files)})
    _write(folder / FILES, listed)
    patterns = {config.name: config.pattern for config in configs}
    return Layout(folder=folder, files=files, configs=patterns, listed=listed.encode())


def _texts(manifest: Manifest, facts: Facts, configs: Sequence[Config], told: Told) -> dict[str, str]:
    """Every file that is no table, by path."""
    pictures = figures(manifest.funnel, facts.paths, facts.validation)
    recipe = {"name": manifest.name, "version": manifest.version, "parent": manifest.parent, **manifest.recipe}
    validation = facts.validation
    return {
        "README.md": card(facts, configs, list(pictures), told),
        MANIFEST: _json(manifest.model_dump(mode="json")),
        "cotloom/recipe.json": _json(recipe),
        **({VALIDATION: _json(validation.model_dump(mode="json"))} if validation else {}),
        **{picture.path: picture.svg for picture in pictures},
    }


def validation_of(version: Version) -> Validation | None:
    """What a student learnt from a version; None where that was not tried, or on other content under its name.

    Raises:
        InputError: `validation.json` can't be read.
    """
    try:
        found = version.beside("validation.json")
        validation = Validation.model_validate(found) if found else None
    except (ValidationError, ValueError) as error:
        raise InputError(
            f"{version.path / 'validation.json'} can't be read: {error}", hint=f"cotloom validate {version.ref}"
        ) from error
    same = validation is not None and validation.content_digest == version.manifest.content_digest
    return validation if same else None


def configs_of(parts: Sequence[Part], files: Mapping[str, File]) -> Iterator[Config]:
    """The configs that `load_dataset` knows: all formats together, each by itself, then the other tables."""
    folders = list(dict.fromkeys(part.folder for part in parts))
    formats = [folder for folder in folders if folder.startswith(f"{DEFAULT}/")]
    if formats:
        yield _config(DEFAULT, f"{DEFAULT}/*", [part for part in parts if part.folder in formats], files)
    for folder in folders:
        yield _config(folder.rpartition("/")[2], folder, [part for part in parts if part.folder == folder], files)


def _config(name: str, folder: str, parts: Sequence[Part], files: Mapping[str, File]) -> Config:
    within = [path for part in parts for path in files if path.startswith(f"data/{part.folder}/{part.split}-")]
    splits = {part.split: (0, 0) for part in parts}
    for part in parts:
        rows, size = splits[part.split]
        splits[part.split] = (rows + part.frame.height, size + _plain(part.frame).nbytes)
    return Config(
        name=name,
        pattern=f"data/{folder}/*.parquet",
        data_files={split: f"data/{folder}/{split}-*.parquet" for split in splits},
        splits=splits,
        download_bytes=sum(files[path].bytes for path in within),
        schema=_plain(parts[0].frame.clear()).schema,
    )


def _written(part: Part, folder: Path) -> Iterator[tuple[str, File]]:
    """Write a part as one or more files, each of a few row groups."""
    table = _plain(part.frame)
    most = rows_in_group(table.nbytes, table.num_rows)
    shards = _shards(_groups(part.generations, most), most * _SHARD_GROUPS)
    for number, shard in enumerate(shards):
        path = f"data/{part.folder}/{part.split}-{number:05}-of-{len(shards):05}.parquet"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        options = {"compression": "zstd", "use_content_defined_chunking": True, "write_page_index": True}
        with pq.ParquetWriter(folder / path, table.schema, **options) as writer:
            for start, rows in shard:
                writer.write_table(table.slice(start, rows), row_group_size=rows)
        yield path, _described(folder / path, sum(rows for _, rows in shard))


def _groups(generations: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Start and rows of each row group: the rows of each version of the line begin a new one."""
    start = 0
    for rows in generations:
        for first in range(0, rows, most):
            yield start + first, min(most, rows - first)
        start += rows


def _shards(groups: Iterable[tuple[int, int]], most: int) -> list[list[tuple[int, int]]]:
    """Part row groups among files of at most so many rows, from the first on."""
    shards: list[list[tuple[int, int]]] = []
    within = most
    for start, rows in groups:
        if within + rows > most:
            shards.append([])
            within = 0
        shards[-1].append((start, rows))
        within += rows
    return shards


def rows_in_group(size: int, rows: int) -> int:
    """Choose the rows of a row group: a power of two, so that a version with a few rows more has the same groups.

    Args:
        size: bytes of the table in memory.
        rows: its rows.
    """
    most = max(1, _GROUP_BYTES * rows // max(size, 1))
    return min(1 << (most.bit_length() - 1), _MOST_ROWS)


def _plain(frame: pl.DataFrame) -> pa.Table:
    """A table in Arrow's usual types: `datasets` shows large lists and large strings as types of their own."""
    table = frame.rechunk().to_arrow()
    return table.cast(pa.schema([pa.field(column.name, _usual(column.type)) for column in table.schema]))


def _usual(kind: Any) -> Any:
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_usual(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(inner.name, _usual(inner.type)) for inner in kind])
    return kind


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _write(path: Path, text: str) -> File:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return _described(path, 0)


def _described(path: Path, rows: int) -> File:
    sha256, size = file_digest(path)
    return File(sha256=sha256, bytes=size, rows=rows)


def read_back(folder: Path) -> tuple[Manifest, dict[str, pl.DataFrame]]:
    """Rebuild a version's tables from a folder that `lay_out` wrote, or from a copy of it.

    The files are not hashed here: compare `store.rows_digest` of the tables with the manifest's content digest.

    Raises:
        InputError: the folder holds no published version, or one that can't be read.
    """
    try:
        manifest = Manifest.model_validate(json.loads((folder / MANIFEST).read_text("utf-8")))
        listed = json.loads((folder / FILES).read_text("utf-8"))
        parts: dict[str, list[pl.DataFrame]] = {}
        for name in sorted(name for name in listed if name.startswith("data/")):
            place = name.removeprefix("data/").rpartition("/")[0]
            parts.setdefault(place, []).append(read_table(_below(folder, name)))
        return manifest, tables_of(parts)
    except (OSError, ValueError, TypeError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{folder} holds no published version that can be read: {error}",
            hint="fetch it again; a version is published by cotloom publish",
        ) from error


def _below(folder: Path, name: str) -> Path:
    """A file of the folder; its list comes from strangers and must not lead out of it."""
    if ".." in Path(name).parts:
        message = f"{name} leads out of the folder"
        raise ValueError(message)
    return folder / name
