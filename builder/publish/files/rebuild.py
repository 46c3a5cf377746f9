"""Rebuild the tables of a published version bucket by bucket, from a folder that `write_layout` wrote or a copy of it.

The rows come in the order of the published files. They are written as pieces first, row group by row group, and each
bucket takes its rows out of all pieces; so memory holds a row group or a bucket, whatever the size of the version.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ....schemas.manifest import File, Manifest
from ...errors import InputError, Stopped
from ...parquet import iterate_row_groups, measure_memory
from ...plain_json import parse_object
from ...store.atomic import MAKE_ROOM
from ...store.pieces import CELL_BITS, add_cell, read_bucket, write_piece
from ...store.tables import FILES, digest_content, digest_frame, name_file, sort_rows, split_examples, write_table
from .configs import RAW, join_logprobs, name_raw, restore_rows
from .read import FILE_LIST, MANIFEST


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedRows:
    """The rows of a published version, in pieces."""

    source: Path
    """The folder of the published version."""
    manifest: Manifest
    """Its manifest."""
    pieces: Mapping[str, Sequence[Path]]
    """Pieces of what it holds: `problems`, `samples`, `logprobs` and `examples`."""

    def iterate_buckets(self) -> Iterator[dict[str, pl.DataFrame]]:
        """Rebuild the rows of each file of the version, bucket by bucket.

        Raises:
            InputError: the rows can't be read.
        """
        for bucket in range(1 << self.manifest.bucket_bits):
            with _refuse_unreadable(self.source):
                files = self._rebuild_bucket(bucket)
            yield files

    def _rebuild_bucket(self, bucket: int) -> dict[str, pl.DataFrame]:
        rows = {name: self._read(name, bucket) for name in RAW}
        texts, mixture = split_examples(rows["examples"])
        files = {
            "problems": rows["problems"],
            "samples": join_logprobs(rows["samples"], rows["logprobs"]),
            "examples": texts,
            "mixture": mixture,
        }
        return {name: sort_rows(name, files[name]) for name in FILES}

    def _read(self, name: str, bucket: int) -> pl.DataFrame:
        if not self.pieces[name]:
            return pl.DataFrame(schema=RAW[name])
        return read_bucket(self.pieces[name], bucket, self.manifest.bucket_bits).drop("cell")

    def compute_digest(self) -> str:
        """Compute the content digest of the rows.

        Raises:
            InputError: the rows can't be read.
        """
        digests: dict[str, list[str]] = {name: [] for name in FILES}
        for files in self.iterate_buckets():
            for name, frame in files.items():
                digests[name].append(digest_frame(name, frame))
        return digest_content(digests)

    def write_files(self, folder: Path) -> dict[str, File]:
        """Write the files of the version into a folder. Returns their digests by name.

        Raises:
            InputError: the rows can't be read.
            OSError: the disk is full.
        """
        bits = self.manifest.bucket_bits
        return {
            name_file(name, bucket, bits): write_table(name, frame, folder / name_file(name, bucket, bits))
            for bucket, files in enumerate(self.iterate_buckets())
            for name, frame in files.items()
        }


def read_rows(folder: Path, work: Path) -> PublishedRows:
    """Read the manifest and the rows of a published version.

    This does not hash the files: compare the digest of the rows with the manifest's content digest.

    Args:
        folder: its folder.
        work: an empty folder for the pieces, as long as the rows are needed.

    Raises:
        InputError: the folder has no published version, or it cannot be read.
        Stopped: its rows need more room than this disk, or a bucket more memory than this machine has.
    """
    with _refuse_unreadable(folder):
        manifest = Manifest.model_validate(parse_object((folder / MANIFEST).read_bytes()))
        names = sorted(path for path in parse_object((folder / FILE_LIST).read_bytes()) if path.startswith("data/"))
        paths = [_join_path(folder, name) for name in names]
        _check_room(paths, work)
        pieces: dict[str, list[Path]] = {name: [] for name in RAW}
        sizes = np.zeros(1 << manifest.bucket_bits)
        for name, path in zip(names, paths, strict=True):
            config = name.removeprefix("data/").rpartition("/")[0]
            for frame in iterate_row_groups(path):
                rows = _add_cells(restore_rows(config, frame), manifest.bucket_bits)
                piece = work / f"{sum(map(len, pieces.values())):05}.arrow"
                write_piece(rows, piece)
                pieces[name_raw(config)].append(piece)
                sizes += _measure_buckets(rows, manifest.bucket_bits)
        _check_memory(int(sizes.max()))
    return PublishedRows(source=folder, manifest=manifest, pieces=pieces)


@contextmanager
def _refuse_unreadable(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError, InputError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{folder} has no published version that can be read: {error}",
            hint="download it again; `cotloom publish` writes published versions",
        ) from error


def _add_cells(rows: pl.DataFrame, bits: int) -> pl.DataFrame:
    """Add the column by which a bucket finds its rows; ids of any shape are in the only one."""
    return add_cell(rows) if bits else rows.with_columns(cell=pl.lit(0, dtype=pl.UInt16))


def _measure_buckets(rows: pl.DataFrame, bits: int) -> Any:
    """Estimate the bytes of some rows in each bucket."""
    buckets = rows["cell"].to_numpy().astype(np.int64) >> (CELL_BITS - bits)
    return np.bincount(buckets, minlength=1 << bits) * (rows.estimated_size() / max(rows.height, 1))


def _check_room(paths: Sequence[Path], work: Path) -> None:
    """Check that the rows fit onto the disk before they are read: a small file can stand for more than any disk holds.

    Raises:
        InputError: a file has larger rows than any that Cotloom writes, or is damaged.
        Stopped: all of them together need more room than there is.
    """
    needed, free = sum(map(measure_memory, paths)), shutil.disk_usage(work).free
    if needed > free:
        raise Stopped(
            f"the rows need {needed:,} bytes, and {work} has room for {free:,}",
            hint=f"{MAKE_ROOM}, or name a folder on another disk in TMPDIR",
        )


def _check_memory(needed: int) -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        raise Stopped(
            f"a bucket of the tables needs {needed:,} bytes of memory, and this machine has {memory:,}",
            hint="run the same command on a machine with more memory",
        )


def _join_path(folder: Path, name: str) -> Path:
    """Join a path of the list of files, which is untrusted, to the folder.

    Raises:
        ValueError: the path leads out of the folder.
    """
    if ".." in Path(name).parts:
        message = f"{name} leads out of the folder"
        raise ValueError(message)
    return folder / name
