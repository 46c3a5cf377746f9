"""Evaluation sets that a person names: written once, and opened once in each process."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from ...schemas.source import Decontaminate
from ..sources.overlap import EvaluationSet, index_set


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedSet:
    """An evaluation set to hold a version, or a dataset, against."""

    name: str
    """What messages call it."""
    rows: pl.DataFrame
    """`COLUMNS` of its questions, see `sources.overlap`."""


def write_sets(sets: Sequence[NamedSet], folder: Path) -> None:
    """Write evaluation sets for `open_sets`, an Arrow file for each."""
    for number, each in enumerate(sets):
        each.rows.write_ipc(folder / f"{number}.arrow")


@lru_cache(maxsize=1)
def open_sets(folder: str, names: Sequence[str]) -> Sequence[EvaluationSet]:
    """Index evaluation sets by the measures of a recipe that says nothing about them, once for each process.

    Args:
        folder: where `write_sets` wrote them.
        names: their names, in order.
    """
    frames = [pl.read_ipc(Path(folder) / f"{number}.arrow") for number in range(len(names))]
    return [index_set(name, rows, Decontaminate(against=(name,))) for name, rows in zip(names, frames, strict=True)]
