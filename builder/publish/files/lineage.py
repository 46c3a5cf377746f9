"""The earlier versions of a version, and the row order that keeps their rows in place.

Rows are sorted by (version that introduced them, problem, id), and each version starts a new row group. So the bytes of
earlier rows do not change, whatever the number of buckets, and the Hub, which deduplicates chunks by content, receives
only the new rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ...store import DEV, Version, find_version, list_version_numbers, locate_version
from ...store.funnel import IDS, TABLES

INTRODUCED = "_introduced"
"""The column with the index of the version that introduced a row; it is not published."""

_ORDER: Mapping[str, Sequence[str]] = {
    "problems": ("problem_id", "source", "origin"),
    "samples": ("problem_id", "sample_id"),
    "examples": ("problem_id", "example_id"),
}
"""The order of the rows that one version introduced. A bucket has the problems of a range, so buckets follow it."""


def find_parent(version: Version) -> Version | None:
    """Find the parent of a version: the one in its manifest, else the preceding version; None if it is not there.

    Raises:
        InputError: the parent can't be read.
    """
    ref = name_parent(version)
    return None if ref is None else find_version(version.path.resolve().parent.parent.parent, ref)


def name_parent(version: Version) -> str | None:
    """Name the parent of a version, as `find_parent` finds it; its files are not opened."""
    name, number, folder = version.manifest.name, version.manifest.version, version.path.resolve()
    store = folder.parent.parent.parent
    if folder != locate_version(store, name, number):
        return None  # a copy outside of a store
    numbers = list_version_numbers(store, name)
    parent = version.manifest.parent
    if parent is None:
        fixed = [other for other in numbers if other != DEV]
        parent = fixed[fixed.index(number) - 1] if number in fixed[1:] else None
    return f"{name}@{parent}" if parent in numbers and parent != number else None


def list_ancestors(version: Version) -> list[Version]:
    """List the ancestors of a version that the store has, oldest first."""
    line = [version]
    while (parent := find_parent(line[-1])) is not None and parent.path not in {member.path for member in line}:
        line.append(parent)
    return line[:0:-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Introductions:
    """Which version introduced the rows of each table, in nine bytes a row."""

    ancestors: int
    """Number of earlier versions."""
    hashes: Mapping[str, Any]
    """Hashes of the ids of their rows, sorted, by table."""
    generations: Mapping[str, Any]
    """The index of the version that introduced each of them, from 0."""

    def sort(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Sort rows by (version that introduced them, problem, id).

        Args:
            name: the table: `problems`, `samples` or `examples`.
            frame: rows of it.

        Returns:
            The rows, with the column `INTRODUCED`: the index of the version that introduced each row, from 0.
        """
        known, hashes = self.hashes[name], _hash_ids(frame[IDS[name]])
        generations = np.full(len(hashes), self.ancestors, dtype=np.int32)
        if len(known):
            places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
            generations = np.where(known[places] == hashes, self.generations[name][places], generations)
        rows = frame.with_columns(pl.Series(INTRODUCED, generations, dtype=pl.Int32))
        return rows.sort(INTRODUCED, *_ORDER[name], maintain_order=True)


def read_introductions(ancestors: Sequence[Version]) -> Introductions:
    """Read which of the earlier versions, oldest first, introduced which rows."""
    hashes, generations = {}, {}
    for name in TABLES.values():
        parts = [(_read_hashes(version, name), index) for index, version in enumerate(ancestors)]
        ids = np.concatenate([np.empty(0, dtype=np.uint64), *(part for part, _ in parts)])
        index = np.concatenate([
            np.empty(0, dtype=np.uint8), *(np.full(len(part), number, dtype=np.uint8) for part, number in parts)
        ])  # fmt: skip
        hashes[name], first = np.unique(ids, return_index=True)  # the first of equal ones: the oldest version
        generations[name] = index[first]
    return Introductions(ancestors=len(ancestors), hashes=hashes, generations=generations)


def _read_hashes(version: Version, name: str) -> Any:
    return np.concatenate([_hash_ids(frame[IDS[name]]) for frame in version.iterate_table(name, [IDS[name]])])


def _hash_ids(ids: pl.Series) -> Any:
    return ids.hash(seed=0).to_numpy()
