"""The earlier versions of a version, and the row order that keeps their rows in place.

Rows are sorted by (version that introduced them, id), and each version starts a new row group. So the bytes of earlier
rows do not change, and the Hub, which deduplicates chunks by content, receives only the new rows.
"""

from collections.abc import Sequence

import polars as pl

from ...store import DEV, Version, find_version, list_version_numbers, locate_version
from ...store.funnel import IDS

INTRODUCED = "_introduced"
"""The column with the index of the version that introduced a row; it is not published."""


def find_parent(version: Version) -> Version | None:
    """Find the parent of a version: the one in its manifest, else the preceding version; None if it is not there."""
    name, number, folder = version.manifest.name, version.manifest.version, version.path.resolve()
    store = folder.parent.parent.parent
    if folder != locate_version(store, name, number):
        return None  # a copy outside of a store
    numbers = list_version_numbers(store, name)
    parent = version.manifest.parent
    if parent is None:
        fixed = [other for other in numbers if other != DEV]
        parent = fixed[fixed.index(number) - 1] if number in fixed[1:] else None
    return find_version(store, f"{name}@{parent}") if parent in numbers and parent != number else None


def list_ancestors(version: Version) -> list[Version]:
    """List the ancestors of a version that the store has, oldest first."""
    line = [version]
    while (parent := find_parent(line[-1])) is not None and parent.path not in {member.path for member in line}:
        line.append(parent)
    return line[:0:-1]


def sort_by_introduction(frame: pl.DataFrame, name: str, ancestors: Sequence[Version]) -> pl.DataFrame:
    """Sort the rows of a table by (version that introduced them, id).

    Args:
        frame: the table, sorted by id. Rows with the same id keep their order.
        name: its name: `problems`, `samples` or `examples`.
        ancestors: the earlier versions, oldest first.

    Returns:
        The rows, with the column `INTRODUCED`: the index of the version that introduced each row, from 0.
    """
    key = IDS[name]
    ids = [
        _read_ids(version, name).with_columns(pl.lit(index).alias(INTRODUCED))
        for index, version in enumerate(ancestors)
    ]
    empty = pl.DataFrame(schema={key: pl.String, INTRODUCED: pl.Int32})
    first = pl.concat([empty, *ids]).unique(key, keep="first", maintain_order=True)
    rows = frame.join(first, on=key, how="left", maintain_order="left")
    return rows.with_columns(pl.col(INTRODUCED).fill_null(len(ancestors))).sort(INTRODUCED, key, maintain_order=True)


def _read_ids(version: Version, name: str) -> pl.DataFrame:
    return version.read_table(name, columns=[IDS[name]])
