"""The texts of rows that differ, of both versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ...schemas.reasons import Unit
from ..store import Version
from ..text.traces import join_parts
from .compare import Group, VersionDiff

_TABLES: Mapping[Unit, str] = {Unit.PROBLEM: "problems", Unit.SAMPLE: "samples", Unit.EXAMPLE: "examples"}
_COLUMNS: Mapping[Unit, Sequence[str]] = {
    Unit.PROBLEM: ("problem_id", "question", "answer", "split", "fate", "reason", "detail"),
    Unit.SAMPLE: ("sample_id", "problem_id", "text", "reasoning", "predicted", "verdict", "fate", "reason", "detail"),
    Unit.EXAMPLE: ("example_id", "sample_id", "format", "mixture_stage", "messages", "fate", "reason", "detail"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedRow:
    """A row that differs, as both versions have it."""

    row_id: str
    """Its id."""
    before: Mapping[str, Any] | None
    """The older version's row; null where it has none."""
    after: Mapping[str, Any] | None
    """The newer version's."""


def list_rows(diff: VersionDiff) -> dict[str, ListedRow]:
    """Read the rows that the groups of a diff name, by id.

    An example that was written otherwise has another id; only the newer one is found then.

    Raises:
        InputError: a file is missing, or differs from its manifest.
    """
    found = [_read_rows(version, diff.groups) for version in (diff.before, diff.after)]
    return {
        name: ListedRow(row_id=name, before=found[0].get(name), after=found[1].get(name))
        for name in {*found[0], *found[1]}
    }


def _read_rows(version: Version, groups: Sequence[Group]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for unit, table in _TABLES.items():
        ids = {name for group in groups if group.unit is unit for name in group.ids}
        key = f"{unit}_id"
        wanted = pl.Series(sorted(ids), dtype=pl.String)
        for bucket in range(1 << version.manifest.bucket_bits) if ids else ():
            known = next(version.iterate_table(table, [key], [bucket]))
            if known[key].is_in(wanted.implode()).any():
                part = next(version.iterate_table(table, _COLUMNS[unit], [bucket]))
                own = part.filter(pl.col(key).is_in(wanted.implode())).unique(key, keep="first", maintain_order=True)
                rows.update({row[key]: row for row in own.iter_rows(named=True)})
    return rows


def join_text(row: Mapping[str, Any] | None) -> str | None:
    """Join what a person reads of a row: the question, the rationale, or the last message."""
    if row is None:
        return None
    if "question" in row:
        return "\n= ".join(text for text in (row["question"], row["answer"]) if text is not None)
    if "text" in row:
        return join_parts(row["reasoning"], row["text"] or "")
    return "\n".join(f"{turn['role']}: {turn['content']}" for turn in row["messages"])
