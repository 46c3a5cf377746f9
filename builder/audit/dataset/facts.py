"""The facts of a whole dataset as frames, and how its checks ask them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from ....schemas.problem import AnswerType
from ...text.minhash import Shingles, find_near_pairs
from .card import DatasetCard
from .columns import DatasetColumns
from .files import DatasetFile
from .pieces import SCHEMAS

MAX_NEAR = 200_000
"""Of more distinct questions, near duplicates are searched among so many: those of the lowest hash."""

NEAR = 0.8
"""The least similarity of near duplicates: shingles in common of all (Jaccard)."""

_LAZY = {"rows": ("quote",), "questions": ("shingles",)}
"""Large columns, which stay on disk."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that checks know of a dataset."""

    folder: Path
    """Where the pieces are."""
    files: Sequence[DatasetFile]
    """Its files; rows name them by number."""
    columns: DatasetColumns
    """Which columns hold what."""
    card: DatasetCard | None
    """Its card; None without one."""
    sets: Sequence[str]
    """The names of the evaluation sets that it was held against."""

    def read(self, kind: str) -> pl.DataFrame:
        """Read the pieces of a kind in the order of files and rows, without their texts."""
        paths = sorted(self.folder.glob(f"*.{kind}.arrow"))
        kept = [name for name in SCHEMAS[kind] if name not in _LAZY.get(kind, ())]
        return pl.concat([pl.read_ipc(path, columns=kept) for path in paths])

    @cached_property
    def all_rows(self) -> pl.DataFrame:
        """All rows, those that can't be read too."""
        return self.read("rows")

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The rows that have a question; `again` says that the same content stands before."""
        rows = self.all_rows.filter(pl.col("fault").is_null())
        return rows.with_columns(again=~pl.col("content").is_first_distinct())

    @cached_property
    def responses(self) -> pl.DataFrame:
        """The responses of rows that say nothing again."""
        again = self.rows.filter("again").select("file", "row")
        return self.read("responses").join(again, on=["file", "row"], how="anti", maintain_order="left")

    @cached_property
    def overlaps(self) -> pl.DataFrame:
        """The overlaps of each distinct question."""
        return self.read("overlaps").unique(["form", "against"], keep="first", maintain_order=True)

    @cached_property
    def questions(self) -> pl.DataFrame:
        """The distinct questions, each with the row where it first stands."""
        return self.read("questions").unique("form", keep="first", maintain_order=True)

    @cached_property
    def near(self) -> pl.DataFrame:
        """The distinct questions that are nearly the same as one before them: file, row, other_file, other_row."""
        chosen = self.questions
        if chosen.height > MAX_NEAR:
            limit = chosen["form"].sort()[MAX_NEAR]
            chosen = chosen.filter(pl.col("form") < limit)
        read = self._read_shingles(chosen.select("file", "row"))
        starts = np.concatenate([[0], np.cumsum(read["shingles"].list.len().to_numpy())]).astype(np.int64)
        hashes = read["shingles"].explode(empty_as_null=False).to_numpy().astype(np.uint32)
        pairs = find_near_pairs(Shingles(hashes, starts), np.arange(read.height), NEAR)
        left, right = read[pairs.left], read[pairs.right]
        found = pl.DataFrame({
            "file": right["file"], "row": right["row"], "other_file": left["file"], "other_row": left["row"],
        })  # fmt: skip
        return found.unique(["file", "row"], keep="first", maintain_order=True).sort("file", "row")

    def _read_shingles(self, places: pl.DataFrame) -> pl.DataFrame:
        """Read the shingles of questions at some places, in their order."""
        paths = sorted(self.folder.glob("*.questions.arrow"))
        parts = [pl.read_ipc(path).join(places, on=["file", "row"], how="semi") for path in paths]
        return pl.concat(parts).sort("file", "row")

    def read_quotes(self, places: pl.DataFrame) -> pl.DataFrame:
        """Read the beginnings of the questions at some places: file, row, quote."""
        paths = sorted(self.folder.glob("*.rows.arrow"))
        own = ["file", "row", "quote"]
        parts = [pl.read_ipc(path, columns=own).join(places, on=["file", "row"], how="semi") for path in paths]
        return pl.concat(parts).unique(["file", "row"], keep="first", maintain_order=True)

    @property
    def answer_type(self) -> AnswerType:
        """How its gold answers are compared."""
        return self.columns.answer_type

    @property
    def has_golds(self) -> bool:
        """Whether any row has a gold answer."""
        return self.rows["gold"].null_count() < self.rows.height

    @property
    def has_labels(self) -> bool:
        """Whether any row says whether its response is correct."""
        return self.responses["label"].null_count() < self.responses.height


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a check found."""

    count: int
    """How many."""
    total: int
    """Of how many."""
    unit: str
    """What is counted."""
    places: pl.DataFrame
    """Rows of `file`, `row` and `detail`, which is null where the question itself is quoted."""
    more: str = ""
    """What the sentence says beside it."""


Find = Callable[[Facts], Found | None]
"""Finds what a check looks for; None where it has nothing to look at."""


def select_places(frame: pl.DataFrame, detail: pl.Expr | None = None) -> pl.DataFrame:
    """Select the places of rows or responses, each row once."""
    text = pl.lit(None, pl.String) if detail is None else detail.cast(pl.String)
    return frame.unique(["file", "row"], keep="first", maintain_order=True).select("file", "row", detail=text)


def match_rows(where: pl.Expr, detail: pl.Expr | None = None) -> Find:
    """Make a check that finds the rows with a question for which a condition holds."""

    def find(facts: Facts) -> Found:
        found = facts.rows.filter(where)
        return Found(
            count=found.height, total=facts.rows.height, unit="rows", places=select_places(found.head(50), detail)
        )

    return find


def match_responses(where: pl.Expr, detail: pl.Expr | None = None, among: pl.Expr | None = None) -> Find:
    """Make a check that finds the responses for which a condition holds, among those that can have it."""

    def find(facts: Facts) -> Found:
        looked_at = facts.responses if among is None else facts.responses.filter(among)
        found = looked_at.filter(where)
        return Found(
            count=found.height, total=looked_at.height, unit="responses", places=select_places(found.head(50), detail)
        )

    return find


def describe_counts(counts: Mapping[str, int], most: int = 5) -> str:
    """Describe counts by what is counted, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} {count:,}" for name, count in ordered[:most])
    return shown + (f" and {len(ordered) - most:,} more" if len(ordered) > most else "")
