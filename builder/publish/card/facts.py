"""The facts on the card of a version: its manifest, its validation, and counts over its tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from ....schemas.manifest import Manifest
from ....schemas.reasons import Fate, Verdict
from ....schemas.sample import Hint
from ....schemas.validation import Validation
from ...store import Version
from ...store.funnel import IDS, TABLES

_MAX_EXAMPLE_CHARACTERS = 1_500
"""The example on the card has at most this many characters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableChange:
    """The difference of a table from the parent version, by row ids."""

    table: str
    """`problems`, `samples` or `examples`."""
    before: int
    """Kept rows of the parent."""
    after: int
    """Kept rows of this version."""
    added: int
    """Kept rows of this version that the parent did not keep or did not have."""
    removed: int
    """Kept rows of the parent that this version does not keep or does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CardFacts:
    """The facts that the card shows."""

    manifest: Manifest
    """The manifest of the version."""
    validation: Validation | None
    """The validation of this content; None if there is none."""
    parent: str | None
    """`name@version` of the parent version; None if the store does not have it."""
    changes: tuple[TableChange, ...]
    """The difference of each table from the parent."""
    path_counts: Mapping[int, int]
    """Number of problems by their number of distinct correct paths."""
    teachers: tuple[str, ...]
    """Names of the teachers."""
    kept_sampled: int
    """Kept samples of a teacher."""
    kept_hinted: int
    """Those of them whose teacher saw the answer."""
    kept_provided: int
    """Kept responses that a source provided; their answers were not checked."""
    unchecked_steps: tuple[int, int]
    """Equations in kept samples: those that could not be checked, and all."""
    answer_types: tuple[str, ...]
    """Types of the gold answers that samples were compared with."""
    sources: Mapping[str, tuple[int, int]]
    """Rows and kept rows of each source."""
    row_counts: tuple[tuple[str, str, str, int], ...]
    """Format, training stage (or `held out`), source, and number of kept examples."""
    example: tuple[tuple[str, str], ...]
    """Role and text of the messages of one short example; empty if there is none."""

    @property
    def problems_with_samples(self) -> int:
        """Number of kept problems that have samples of a teacher."""
        return sum(self.path_counts.values())

    @property
    def mean_paths(self) -> float:
        """Mean number of distinct correct paths per problem."""
        paths = sum(count * problems for count, problems in self.path_counts.items())
        return paths / self.problems_with_samples


def collect_facts(
    manifest: Manifest, tables: Mapping[str, pl.DataFrame], parent: Version | None, validation: Validation | None
) -> CardFacts:
    """Collect the facts for the card of a version.

    Args:
        manifest: the manifest of the version.
        tables: its tables `problems`, `samples` and `examples`.
        parent: the parent version, if the store has it.
        validation: the validation of this content, if there is one.
    """
    problems, samples, examples = tables["problems"], tables["samples"], tables["examples"]
    kept = samples.filter(pl.col("fate") == Fate.KEPT)
    provided = kept.filter(pl.col("verdict") == Verdict.PROVIDED).height
    return CardFacts(
        manifest=manifest,
        validation=validation,
        parent=parent.ref if parent else None,
        changes=tuple(_count_changes(tables, parent)) if parent else (),
        path_counts=_count_paths(problems, samples),
        teachers=tuple(_select_sampled(samples)["teacher"].unique().sort()),
        kept_sampled=kept.height - provided,
        kept_hinted=kept.filter(pl.col("hint") == Hint.HINTED).height,
        kept_provided=provided,
        unchecked_steps=_count_unchecked_steps(kept),
        answer_types=_list_answer_types(problems, samples),
        sources=_count_sources(problems),
        row_counts=tuple(_count_rows(examples)),
        example=_choose_example(examples),
    )


def _select_sampled(samples: pl.DataFrame) -> pl.DataFrame:
    """Select the samples of a teacher; a source provided the others."""
    provided = pl.col("verdict").eq_missing(pl.lit(str(Verdict.PROVIDED)))
    return samples.filter(pl.col("problem_id").is_not_null() & ~provided)


def _count_changes(tables: Mapping[str, pl.DataFrame], parent: Version) -> Iterator[TableChange]:
    for name in TABLES.values():
        old, new = (_select_kept_ids(frame, name) for frame in (parent.read_table(name), tables[name]))
        yield TableChange(
            table=name,
            before=old.len(),
            after=new.len(),
            added=new.filter(~new.is_in(old.implode())).len(),
            removed=old.filter(~old.is_in(new.implode())).len(),
        )


def _select_kept_ids(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame.filter(pl.col("fate") == Fate.KEPT)[IDS[name]].unique()


def _count_paths(problems: pl.DataFrame, samples: pl.DataFrame) -> dict[int, int]:
    """Count kept problems of both splits by their number of distinct paths. Provided responses have no paths."""
    sampled = _select_sampled(samples).select("problem_id").unique()
    kept = problems.filter((pl.col("fate") == Fate.KEPT) & pl.col("split").is_not_null()).select("problem_id")
    leaders = samples.filter(pl.col("cluster") == pl.col("sample_id")).group_by("problem_id").len("paths")
    counted = kept.join(sampled, on="problem_id", how="semi").join(leaders, on="problem_id", how="left")
    return dict(counted.group_by(pl.col("paths").fill_null(0)).len().sort("paths").iter_rows())


def _count_unchecked_steps(kept: pl.DataFrame) -> tuple[int, int]:
    outcomes = kept["steps"].drop_nulls().explode(empty_as_null=False).struct.field("outcome")
    return int((outcomes == "unchecked").sum()), outcomes.len()


def _list_answer_types(problems: pl.DataFrame, samples: pl.DataFrame) -> tuple[str, ...]:
    judged = samples.filter(pl.col("verdict").is_not_null() & (pl.col("verdict") != Verdict.PROVIDED))
    kept = problems.filter(pl.col("fate") == Fate.KEPT).join(judged, on="problem_id", how="semi")
    return tuple(kept["answer_type"].unique().sort())


def _count_sources(problems: pl.DataFrame) -> dict[str, tuple[int, int]]:
    kept = (pl.col("fate") == Fate.KEPT).sum()
    rows = problems.group_by("source").agg(pl.len().alias("rows"), kept.alias("kept")).sort("source")
    return {source: (count, kept_count) for source, count, kept_count in rows.iter_rows()}


def _count_rows(examples: pl.DataFrame) -> Iterator[tuple[str, str, str, int]]:
    kept = examples.filter(pl.col("fate") == Fate.KEPT)
    stage = pl.col("mixture_stage").fill_null("held out")
    counts = kept.group_by("format", stage, "source").len().sort("mixture_stage", "format", "source")
    yield from counts.select("format", "mixture_stage", "source", "len").iter_rows()


def _choose_example(examples: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    """Choose the longest of the short training examples, since it shows reasoning."""
    trained = (pl.col("fate") == Fate.KEPT) & pl.col("mixture_stage").is_not_null()
    short = examples.filter(trained & (pl.col("characters") <= _MAX_EXAMPLE_CHARACTERS))
    if short.is_empty():
        return ()
    row = short.sort(["characters", "example_id"], descending=[True, False]).row(0, named=True)
    return tuple((message["role"], message["content"]) for message in row["messages"])
