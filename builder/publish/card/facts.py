"""What the card says of a version: its manifest, its validation, and counts over its tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
from cotloom.builder.store import Version
from cotloom.builder.store.funnel import IDS, TABLES
from cotloom.schemas.manifest import Manifest
from cotloom.schemas.reasons import Fate, Verdict
from cotloom.schemas.sample import Hint
from cotloom.schemas.validation import Validation

_SHORT = 1_500
"""A row is shown as an example where it has no more characters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """How a table differs from the parent's, by the ids of its rows."""

    table: str
    """`problems`, `samples` or `examples`."""
    before: int
    """Rows kept in the parent."""
    after: int
    """Rows kept now."""
    came: int
    """Rows kept now that were not kept in the parent, or not there."""
    went: int
    """Rows kept in the parent that are not kept now, or not there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the card says."""

    manifest: Manifest
    """What the version says of itself."""
    validation: Validation | None
    """What a student learnt from it; None where that was not tried."""
    parent: str | None
    """`name@version` of the version before, where the store has it."""
    changes: tuple[Change, ...]
    """What changed since then."""
    paths: Mapping[int, int]
    """How many problems have how many distinct right paths."""
    teachers: tuple[str, ...]
    """Who was asked."""
    kept_sampled: int
    """Kept samples that a teacher was asked for."""
    kept_hinted: int
    """Those of them whose teacher was shown the answer."""
    kept_given: int
    """Kept samples that a source brought along; nothing checked their answers."""
    unchecked_steps: tuple[int, int]
    """Equations in kept samples: those that exact arithmetic could not read, and all."""
    answer_types: tuple[str, ...]
    """Types of the gold answers that answers were held against."""
    sources: Mapping[str, tuple[int, int]]
    """Rows and kept rows of each source."""
    rows: tuple[tuple[str, str, str, int], ...]
    """Format, stage of the mixture (or `held out`), source, and kept rows."""
    shown: tuple[tuple[str, str], ...]
    """Role and text of the messages of one short row; empty where there is none."""


def facts_of(
    manifest: Manifest, tables: Mapping[str, pl.DataFrame], parent: Version | None, validation: Validation | None
) -> Facts:
    """Count what the card says.

    Args:
        manifest: what the version says of itself.
        tables: its tables.
        parent: the version before, where it is there.
        validation: what a student learnt from it.
    """
    problems, samples, examples = tables["problems"], tables["samples"], tables["examples"]
    kept = samples.filter(pl.col("fate") == Fate.KEPT)
    given = kept.filter(pl.col("verdict") == Verdict.PROVIDED).height
    return Facts(
        manifest=manifest,
        validation=validation,
        parent=parent.ref if parent else None,
        changes=tuple(_changes(tables, parent)) if parent else (),
        paths=_paths(problems, samples),
        teachers=tuple(_asked(samples)["teacher"].unique().sort()),
        kept_sampled=kept.height - given,
        kept_hinted=kept.filter(pl.col("hint") == Hint.HINTED).height,
        kept_given=given,
        unchecked_steps=_unchecked(kept),
        answer_types=_types(problems, samples),
        sources=_sources(problems),
        rows=tuple(_rows(examples)),
        shown=_shown(examples),
    )


def _asked(samples: pl.DataFrame) -> pl.DataFrame:
    """The samples that a teacher was asked for; the others came finished with a source."""
    given = pl.col("verdict").eq_missing(pl.lit(str(Verdict.PROVIDED)))
    return samples.filter(pl.col("problem_id").is_not_null() & ~given)


def _changes(tables: Mapping[str, pl.DataFrame], parent: Version) -> Iterator[Change]:
    for name in TABLES.values():
        old, new = (_kept_ids(frame, name) for frame in (parent.table(name), tables[name]))
        yield Change(
            table=name,
            before=old.len(),
            after=new.len(),
            came=new.filter(~new.is_in(old.implode())).len(),
            went=old.filter(~old.is_in(new.implode())).len(),
        )


def _kept_ids(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame.filter(pl.col("fate") == Fate.KEPT)[IDS[name]].unique()


def _paths(problems: pl.DataFrame, samples: pl.DataFrame) -> dict[int, int]:
    """How many problems on either side have how many distinct right paths. Given responses have none to tell apart."""
    asked = _asked(samples).select("problem_id").unique()
    sided = problems.filter((pl.col("fate") == Fate.KEPT) & pl.col("split").is_not_null()).select("problem_id")
    leaders = samples.filter(pl.col("cluster") == pl.col("sample_id")).group_by("problem_id").len("paths")
    counted = sided.join(asked, on="problem_id", how="semi").join(leaders, on="problem_id", how="left")
    return dict(counted.group_by(pl.col("paths").fill_null(0)).len().sort("paths").iter_rows())


def _unchecked(kept: pl.DataFrame) -> tuple[int, int]:
    outcomes = kept["steps"].drop_nulls().explode(empty_as_null=False).struct.field("outcome")
    return int((outcomes == "unchecked").sum()), outcomes.len()


def _types(problems: pl.DataFrame, samples: pl.DataFrame) -> tuple[str, ...]:
    judged = samples.filter(pl.col("verdict").is_not_null() & (pl.col("verdict") != Verdict.PROVIDED))
    asked = problems.filter(pl.col("fate") == Fate.KEPT).join(judged, on="problem_id", how="semi")
    return tuple(asked["answer_type"].unique().sort())


def _sources(problems: pl.DataFrame) -> dict[str, tuple[int, int]]:
    kept = (pl.col("fate") == Fate.KEPT).sum()
    rows = problems.group_by("source").agg(pl.len().alias("rows"), kept.alias("kept")).sort("source")
    return {source: (count, left) for source, count, left in rows.iter_rows()}


def _rows(examples: pl.DataFrame) -> Iterator[tuple[str, str, str, int]]:
    kept = examples.filter(pl.col("fate") == Fate.KEPT)
    stage = pl.col("mixture_stage").fill_null("held out")
    counts = kept.group_by("format", stage, "source").len().sort("mixture_stage", "format", "source")
    yield from counts.select("format", "mixture_stage", "source", "len").iter_rows()


def _shown(examples: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    """The longest of the short rows to train on: one that shows reasoning."""
    trained = (pl.col("fate") == Fate.KEPT) & pl.col("mixture_stage").is_not_null()
    short = examples.filter(trained & (pl.col("characters") <= _SHORT))
    if short.is_empty():
        return ()
    row = short.sort(["characters", "example_id"], descending=[True, False]).row(0, named=True)
    return tuple((message["role"], message["content"]) for message in row["messages"])
