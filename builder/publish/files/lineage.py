"""The versions that came before one, and which rows were there already: new rows go to the end of a file.

Rows lie in the order of (version introduced, id), and those of each version are row groups of their own: the bytes of
the old ones stay as they were, so that the Hub, which stores chunks by their content, is sent the new ones alone.
"""

from collections.abc import Sequence

import polars as pl
from cotloom.builder.store import DEV, Version, find_version, folder_of, versions_of
from cotloom.builder.store.funnel import IDS

AGE = "_age"
"""The column that says which version of the line introduced a row; it is not written."""


def parent_of(version: Version) -> Version | None:
    """The version that a version follows: the one it names, else the one before it; None where neither is there."""
    name, own, place = version.manifest.name, version.manifest.version, version.path.resolve()
    store = place.parent.parent.parent
    if place != folder_of(store, name, own):
        return None  # a folder of its own, with no store around it
    there = versions_of(store, name)
    named = version.manifest.parent
    if named is None:
        fixed = [one for one in there if one != DEV]
        named = fixed[fixed.index(own) - 1] if own in fixed[1:] else None
    return find_version(store, f"{name}@{named}") if named in there and named != own else None


def ancestors(version: Version) -> list[Version]:
    """The versions before one, as far back as the store has them, oldest first."""
    line = [version]
    while (before := parent_of(line[-1])) is not None and before.path not in {one.path for one in line}:
        line.append(before)
    return line[:0:-1]


def aged(frame: pl.DataFrame, name: str, before: Sequence[Version]) -> pl.DataFrame:
    """Put the rows of a table in the order of (version introduced, id).

    Args:
        frame: the table, sorted by id. Rows of one id keep their order.
        name: its name: `problems`, `samples` or `examples`.
        before: the versions before, oldest first.

    Returns:
        The rows with one column more: the place in the line of the version that introduced them, from 0.
    """
    key = IDS[name]
    known = [_ids(version, name).with_columns(pl.lit(age).alias(AGE)) for age, version in enumerate(before)]
    none = pl.DataFrame(schema={key: pl.String, AGE: pl.Int32})
    first = pl.concat([none, *known]).unique(key, keep="first", maintain_order=True)
    rows = frame.join(first, on=key, how="left", maintain_order="left")
    return rows.with_columns(pl.col(AGE).fill_null(len(before))).sort(AGE, key, maintain_order=True)


def _ids(version: Version, name: str) -> pl.DataFrame:
    return pl.read_parquet(version.path / f"{name}.parquet", columns=[IDS[name]], use_pyarrow=True)
