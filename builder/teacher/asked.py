"""The problems that teachers are asked. They stay on disk, and are read piece by piece, so that memory stays flat."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from ...schemas.frames import get_schema
from ...schemas.problem import Problem
from ...schemas.reasons import Fate
from ..store.pieces import iterate_pieces

_COLUMNS = tuple(get_schema(Problem))
_OUTLINE = ("problem_id", "source", "task", "category", "answer_type")
_ORDER = ("source_index", "position")


@dataclass(frozen=True)
class AskedProblems:
    """The kept problems of the sources that are sampled."""

    pieces: tuple[Path, ...]
    """Pieces of rows of `Problem` with `source_index` and `position`: other sources and dropped ones too."""
    sources: tuple[str, ...]
    """The names of the sources that are sampled."""
    only: frozenset[str] | None = None
    """The ids of the problems that are asked; None asks all."""

    @cached_property
    def outline(self) -> pl.DataFrame:
        """What decides teacher and prompt: columns problem_id, source, task, category and answer_type."""
        return pl.concat([part.select(_OUTLINE) for part in self._iterate((*_OUTLINE, "fate"))])

    def iterate(self) -> Iterator[pl.DataFrame]:
        """Read rows of `Problem`, one piece after another."""
        yield from self._iterate(_COLUMNS)

    def read(self) -> pl.DataFrame:
        """Read rows of `Problem` in the order of the sources: all in memory."""
        parts = self._iterate((*_COLUMNS, *_ORDER))
        return pl.concat(parts).sort(_ORDER).select(_COLUMNS)

    def _iterate(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        is_asked = (pl.col("fate") == Fate.KEPT) & pl.col("source").is_in(self.sources)
        if self.only is not None:
            is_asked &= pl.col("problem_id").is_in(self.only)
        for part in iterate_pieces(self.pieces, columns):
            yield part.filter(is_asked)
