"""The outline of a version: what concerns rows of several buckets, in some twenty bytes a row.

Demonstrations come from any bucket, and a cluster may stretch over several. So one pass over a few columns writes, for
each sample, hashes of its id and of its problem's cluster, and flags, into files that the workers map into memory.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...schemas.ids import rank
from ...schemas.problem import Split
from ...schemas.reasons import Fate, Stage, Verdict
from ..errors import InputError
from ..parquet import read_parquet
from ..store import Version
from ..store.tables import FILES, name_file

KEPT = pl.col("fate") == Fate.KEPT

REJUDGED = 200
"""At most so many samples are judged again, those of lowest keyed hash: the same ones in every audit."""

KEPT_FLAG, TRAIN_FLAG, SIMULATED_FLAG = 1, 2, 4
"""Flags of a sample: it was kept, its problem was kept and is in the training split, it was simulated."""

_PROBLEM_COLUMNS = ("problem_id", "group", "cluster", "split", "fate", "duplicate_of")
_SAMPLE_COLUMNS = ("sample_id", "problem_id", "verdict", "stage", "fate", "simulated")
_ARRAYS = ("samples", "groups", "flags")

Array = Any
"""A numpy array."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleIndex:
    """All samples of a version, in the order of the hashes of their ids."""

    samples: Array
    """Hashes of their ids."""
    groups: Array
    """Hash of the cluster of each one's problem; 0 where the problem was not kept."""
    flags: Array
    """What is known of each."""

    def find(self, ids: pl.Series) -> tuple[Array, Array]:
        """Find samples by their ids. Returns hashes of groups, and flags: 0 where there is no such sample."""
        hashes = hash_texts(ids)
        if not len(self.samples):
            return np.zeros(len(hashes), dtype=np.uint64), np.zeros(len(hashes), dtype=np.uint8)
        places = np.minimum(np.searchsorted(self.samples, hashes), len(self.samples) - 1)
        found = self.samples[places] == hashes
        return np.where(found, self.groups[places], np.uint64(0)), np.where(found, self.flags[places], np.uint8(0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """What concerns rows of several buckets."""

    folder: Path
    """The folder with the index of the samples."""
    repeated: int
    """Samples of an id that another has too."""
    rejudged: Mapping[int, Sequence[str]]
    """Ids of the samples to judge again, by bucket."""
    mixed_clusters: tuple[str, ...]
    """Groups of problems that are in both splits, sorted."""
    lost_repeats: tuple[str, ...] = ()
    """Problems dropped as duplicates of one that is not there, or that is a duplicate itself, sorted."""


def hash_texts(texts: pl.Series) -> Array:
    """Hash texts into 64 bits, the same in every process of this installation."""
    return texts.hash(seed=0).to_numpy()


def outline_version(version: Version, folder: Path) -> Outline | None:
    """Read what concerns several buckets, and write the index of the samples into a folder.

    Returns:
        The outline; None where a table can't be read.
    """
    parts: list[tuple[Array, Array, Array]] = []
    sides: list[pl.DataFrame] = []
    repeats: list[pl.DataFrame] = []
    leaders: list[Array] = []
    lowest: list[tuple[int, str, int]] = []
    try:
        for bucket, (problems, samples) in enumerate(_read_columns(version)):
            parts.append(_index_samples(problems, samples))
            sides.append(_list_sides(problems))
            repeats.append(problems.select("problem_id", "duplicate_of").drop_nulls("duplicate_of"))
            leaders.append(hash_texts(problems.filter(pl.col("duplicate_of").is_null())["problem_id"]))
            lowest = heapq.nsmallest(REJUDGED, [*lowest, *_rank_samples(samples, bucket)])
    except InputError:
        return None
    samples_index = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    order = np.argsort(samples_index[0], kind="stable")
    for name, column in zip(_ARRAYS, samples_index, strict=True):
        np.save(folder / f"{name}.npy", column[order])
    hashes = samples_index[0][order]
    return Outline(
        folder=folder,
        repeated=int((hashes[1:] == hashes[:-1]).sum()),
        rejudged=_sort_by_bucket(lowest),
        mixed_clusters=tuple(_find_mixed_clusters(version, pl.concat(sides))),
        lost_repeats=tuple(_find_lost_repeats(pl.concat(repeats), np.concatenate(leaders))),
    )


@lru_cache(maxsize=1)
def load_index(folder: Path) -> SampleIndex:
    """Map the index of the samples into memory."""
    return SampleIndex(**{name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS})


def _read_columns(version: Version) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    for bucket in range(1 << version.manifest.bucket_bits):
        yield (
            _read_some(version, "problems", bucket, _PROBLEM_COLUMNS),
            _read_some(version, "samples", bucket, _SAMPLE_COLUMNS),
        )


def _read_some(version: Version, name: str, bucket: int, columns: Sequence[str]) -> pl.DataFrame:
    path = version.path / name_file(name, bucket, version.manifest.bucket_bits)
    frame = read_parquet(path, columns).select(columns)
    if dict(frame.schema) != {column: FILES[name][column] for column in columns}:
        raise InputError(f"{path}: its columns are not those of its records")
    return frame


def _index_samples(problems: pl.DataFrame, samples: pl.DataFrame) -> tuple[Array, Array, Array]:
    kept = problems.filter(KEPT & pl.col("problem_id").is_not_null()).unique("problem_id", keep="first")
    group = pl.coalesce("cluster", "group", "problem_id").hash(seed=0)
    known = kept.select("problem_id", group=group, train=pl.col("split").eq_missing(pl.lit(str(Split.TRAIN))))
    rows = samples.join(known, on="problem_id", how="left", maintain_order="left").select(
        group=pl.col("group").fill_null(0),
        flags=(
            KEPT_FLAG * KEPT.fill_null(value=False).cast(pl.UInt8)
            + TRAIN_FLAG * pl.col("train").fill_null(value=False).cast(pl.UInt8)
            + SIMULATED_FLAG * pl.col("simulated").fill_null(value=False).cast(pl.UInt8)
        ).cast(pl.UInt8),
    )
    return hash_texts(samples["sample_id"]), rows["group"].to_numpy(), rows["flags"].to_numpy()


def _list_sides(problems: pl.DataFrame) -> pl.DataFrame:
    kept = problems.filter(KEPT).drop_nulls(["cluster", "split"])
    return kept.select(group=pl.col("cluster").hash(seed=0), test=pl.col("split") == Split.TEST).unique()


def _rank_samples(samples: pl.DataFrame, bucket: int) -> list[tuple[int, str, int]]:
    """Rank the samples that were judged; failed checks are left out, because their result may differ each time."""
    unjudged = [str(Verdict.PROVIDED), str(Verdict.CHECK_FAILED)]
    judged = pl.col("verdict").is_not_null() & ~pl.col("verdict").is_in(unjudged)
    ids = samples.filter(judged & pl.col("stage").ne_missing(pl.lit(str(Stage.TEACHER))))["sample_id"].drop_nulls()
    return heapq.nsmallest(REJUDGED, ((rank("audit", sample), sample, bucket) for sample in ids.to_list()))


def _sort_by_bucket(lowest: Sequence[tuple[int, str, int]]) -> dict[int, list[str]]:
    by_bucket: dict[int, list[str]] = {}
    for _, sample, bucket in lowest:
        by_bucket.setdefault(bucket, []).append(sample)
    return by_bucket


def _find_lost_repeats(repeats: pl.DataFrame, leaders: Array) -> list[str]:
    """Find the duplicates of problems that are not among those that are none."""
    is_there = np.isin(hash_texts(repeats["duplicate_of"]), leaders)
    return repeats.filter(~pl.Series(is_there, dtype=pl.Boolean))["problem_id"].unique().sort().to_list()


def _find_mixed_clusters(version: Version, sides: pl.DataFrame) -> list[str]:
    """Find the clusters in both splits, and read their names where there are any."""
    splits = sides.unique().group_by("group").len()
    mixed = splits.filter(pl.col("len") > 1)["group"]
    names: set[str] = set()
    if mixed.len():
        for problems, _ in _read_columns(version):
            kept = problems.filter(KEPT).drop_nulls(["cluster", "split"])
            names.update(kept.filter(pl.col("cluster").hash(seed=0).is_in(mixed.implode()))["cluster"])
    return sorted(names)
