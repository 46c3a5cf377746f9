"""Write the folder that is uploaded to the Hub.

README.md                   the dataset card
data/CONFIG/*.parquet       the rows, for `load_dataset`
figures/*.svg               the figures of the card
cotloom/manifest.json       the manifest
cotloom/recipe.json         the recipe, with its defaults
cotloom/validation.json     the validation of this content, if there is one
cotloom/files.json          digest, size and rows of every other file
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from ....schemas.manifest import File
from ...errors import InputError
from ...progress import track
from ...store import Version
from ...store.atomic import stop_if_unwritable
from ...store.funnel import TABLES
from ..card.card import render_card
from ..card.facts import CardFacts, FactCollector
from ..card.figures import draw_figures
from ..card.metadata import CardOptions, DatasetConfig
from .configs import DEFAULT, SPLITS, find_constants, order_folders, split_configs
from .lineage import list_ancestors, read_introductions
from .parquet import describe_file, to_arrow, write_split
from .read import FILE_LIST, MANIFEST, VALIDATION, read_validation
from .spool import Spool, SpooledSplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The folder of a published version."""

    folder: Path
    """The folder."""
    files: Mapping[str, File]
    """Every file but `cotloom/files.json`, by path below the folder. `rows` is 0 for files that are no tables."""
    configs: Mapping[str, str] = field(default_factory=dict)
    """For each config of `load_dataset`, the pattern of its files below the folder."""
    file_list: bytes = b""
    """The content of `cotloom/files.json`."""


def write_layout(version: Version, folder: Path, options: CardOptions | None = None) -> Layout:
    """Write all files of a published version.

    Args:
        version: the version.
        folder: the target folder; created if missing. It must be empty.
        options: values on the card that the publisher sets; they replace those of the recipe.

    Raises:
        InputError: the folder is not empty.
        Stopped: the disk is full, or the folder cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} already exists", hint="give an empty or a new folder")
    with stop_if_unwritable(folder):
        return _write_files(version, folder, (options or CardOptions()).add_defaults(version.manifest))


def _write_files(version: Version, folder: Path, options: CardOptions) -> Layout:
    ancestors = list_ancestors(version)
    collector = FactCollector(version.manifest)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".rows.", dir=folder) as waiting:
        splits = _collect_rows(version, ancestors, Path(waiting), collector)
        written = (item for split in track(splits, "writing files", every=1) for item in write_split(split, folder))
        files = dict(written)
    configs = list(build_configs(splits, files))
    facts = collector.finish(ancestors[-1] if ancestors else None, read_validation(version))
    for path, text in _render_texts(facts, configs, options).items():
        files[path] = _write_text(folder / path, text)
    file_list = _dump_json({path: files[path].model_dump() for path in sorted(files)})
    _write_text(folder / FILE_LIST, file_list)
    patterns = {config.name: config.pattern for config in configs}
    return Layout(folder=folder, files=files, configs=patterns, file_list=file_list.encode())


def _collect_rows(
    version: Version, ancestors: Sequence[Version], folder: Path, collector: FactCollector
) -> list[SpooledSplit]:
    """Split the rows of all buckets into configs, bucket by bucket, and collect the facts on the card."""
    introductions, constants = read_introductions(ancestors), find_constants(version)
    with Spool(folder) as spool:
        for bucket in track(range(1 << version.manifest.bucket_bits), "reading rows", every=1):
            tables = {name: pl.concat(version.iterate_table(name, buckets=[bucket])) for name in TABLES.values()}
            collector.add(tables)
            for part in split_configs(version, tables, introductions, constants):
                spool.add(part.folder, part.split, part.generation, to_arrow(part.frame))
    return spool.list_splits(order_folders(spool.list_folders()), SPLITS)


def _render_texts(facts: CardFacts, configs: Sequence[DatasetConfig], options: CardOptions) -> dict[str, str]:
    """Render the files that are no tables, by path."""
    manifest, validation = facts.manifest, facts.validation
    figures = draw_figures(
        manifest.funnel, facts.path_counts, validation, manifest.tokens, manifest.diversity, manifest.lengths
    )
    recipe = {"name": manifest.name, "version": manifest.version, "parent": manifest.parent, **manifest.recipe}
    return {
        "README.md": render_card(facts, configs, figures, options),
        MANIFEST: _dump_json(manifest.model_dump(mode="json")),
        "cotloom/recipe.json": _dump_json(recipe),
        **({VALIDATION: _dump_json(validation.model_dump(mode="json"))} if validation else {}),
        **{figure.path: figure.svg for figure in figures},
    }


def build_configs(splits: Sequence[SpooledSplit], files: Mapping[str, File]) -> Iterator[DatasetConfig]:
    """Build the configs for `load_dataset`: all formats together, each format alone, then the other tables."""
    folders = list(dict.fromkeys(split.folder for split in splits))
    formats = [folder for folder in folders if folder.startswith(f"{DEFAULT}/")]
    if formats:
        yield _build_config(DEFAULT, f"{DEFAULT}/*", [split for split in splits if split.folder in formats], files)
    for folder in folders:
        own = [split for split in splits if split.folder == folder]
        yield _build_config(folder.rpartition("/")[2], folder, own, files)


def _build_config(name: str, folder: str, splits: Sequence[SpooledSplit], files: Mapping[str, File]) -> DatasetConfig:
    paths = [path for split in splits for path in files if path.startswith(f"data/{split.folder}/{split.split}-")]
    sizes = {split.split: (0, 0) for split in splits}
    for split in splits:
        rows, size = sizes[split.split]
        sizes[split.split] = (rows + split.rows, size + split.bytes)
    return DatasetConfig(
        name=name,
        pattern=f"data/{folder}/*.parquet",
        data_files={split: f"data/{folder}/{split}-*.parquet" for split in sizes},
        splits=sizes,
        download_bytes=sum(files[path].bytes for path in paths),
        schema=splits[0].schema,
    )


def _dump_json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _write_text(path: Path, text: str) -> File:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return describe_file(path, 0)
