"""The facts on the card of a version: its manifest, its validation, and counts over its tables."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ....schemas.manifest import Manifest
from ....schemas.reasons import Fate, Verdict
from ....schemas.sample import Hint
from ....schemas.validation import Validation
from ...store import Version
from ...store.funnel import IDS, TABLES
from ...verify.reading.mentions import RULE

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
    kept_vouched: int
    """Those that another tool got and that were taken at the user's word, for their messages or their question."""
    kept_provided: int
    """Kept responses that a source provided; their answers were not checked."""
    kept_unchecked: int
    """Kept samples of a teacher whose answer was not compared with the gold answer."""
    kept_agreed: int
    """Kept samples of a teacher whose problem has no gold answer, and that agree with others."""
    kept_found_anywhere: int
    """Kept samples that state no answer, and mention the gold answer somewhere."""
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
    def kept_compared(self) -> int:
        """Number of kept samples of a teacher that are not agreed only; 1 where nothing is kept at all."""
        return self.kept_sampled - self.kept_agreed if self.kept_sampled else 1

    @property
    def mean_paths(self) -> float:
        """Mean number of distinct correct paths per problem."""
        paths = sum(count * problems for count, problems in self.path_counts.items())
        return paths / self.problems_with_samples


class FactCollector:
    """Collects the facts for the card of a version, bucket by bucket."""

    def __init__(self, manifest: Manifest) -> None:
        """Begin with no rows.

        Args:
            manifest: the manifest of the version.
        """
        self._manifest = manifest
        self._counts: Counter[str] = Counter()
        self._paths: Counter[int] = Counter()
        self._teachers: set[str] = set()
        self._answer_types: set[str] = set()
        self._sources: dict[str, Counter[str]] = {}
        self._rows: Counter[tuple[str, str, str]] = Counter()
        self._examples: list[pl.DataFrame] = []
        self._kept: dict[str, list[Any]] = {name: [] for name in TABLES.values()}

    def add(self, tables: Mapping[str, pl.DataFrame]) -> None:
        """Add a bucket.

        Args:
            tables: its rows of `problems`, `samples` and `examples`.
        """
        problems, samples, examples = tables["problems"], tables["samples"], tables["examples"]
        kept = samples.filter(pl.col("fate") == Fate.KEPT)
        self._counts["kept"] += kept.height
        self._counts["provided"] += kept.filter(pl.col("verdict") == Verdict.PROVIDED).height
        self._counts["hinted"] += kept.filter(pl.col("hint") == Hint.HINTED).height
        self._counts["vouched"] += kept.filter(_is_vouched()).height
        self._counts["unjudged"] += kept.filter(pl.col("verdict") == Verdict.UNCHECKED).height
        self._counts["agreed"] += kept.filter(pl.col("verdict") == Verdict.AGREED).height
        self._counts["anywhere"] += kept.filter(pl.col("rule") == RULE).height
        unchecked, steps = _count_unchecked_steps(kept)
        self._counts.update({"unchecked": unchecked, "steps": steps})
        self._paths.update(_count_paths(problems, samples))
        self._teachers.update(_select_sampled(samples)["teacher"].unique())
        self._answer_types.update(_list_answer_types(problems, samples))
        for source, (rows, kept_rows) in _count_sources(problems).items():
            self._sources.setdefault(source, Counter()).update({"rows": rows, "kept": kept_rows})
        self._rows.update({(form, stage, source): rows for form, stage, source, rows in _count_rows(examples)})
        self._examples = [_choose_example([*self._examples, examples])]
        for name, frame in tables.items():
            self._kept[name].append(_hash_kept_ids(frame, name))

    def finish(self, parent: Version | None, validation: Validation | None) -> CardFacts:
        """Finish the facts.

        Args:
            parent: the parent version, if the store has it.
            validation: the validation of this content, if there is one.
        """
        counts = self._counts
        rows = sorted(self._rows.items(), key=lambda item: (item[0][1], item[0][0], item[0][2]))
        return CardFacts(
            manifest=self._manifest,
            validation=validation,
            parent=parent.ref if parent else None,
            changes=tuple(self._count_changes(parent)) if parent else (),
            path_counts=dict(sorted(self._paths.items())),
            teachers=tuple(sorted(self._teachers)),
            kept_sampled=counts["kept"] - counts["provided"],
            kept_hinted=counts["hinted"],
            kept_vouched=counts["vouched"],
            kept_provided=counts["provided"],
            kept_unchecked=counts["unjudged"],
            kept_agreed=counts["agreed"],
            kept_found_anywhere=counts["anywhere"],
            unchecked_steps=(counts["unchecked"], counts["steps"]),
            answer_types=tuple(sorted(self._answer_types)),
            sources={source: (of["rows"], of["kept"]) for source, of in sorted(self._sources.items())},
            row_counts=tuple((*names, count) for names, count in rows),
            example=_read_messages(self._examples),
        )

    def _count_changes(self, parent: Version) -> Iterator[TableChange]:
        for name, parts in self._kept.items():
            frames = parent.iterate_table(name, [IDS[name], "fate"])
            old = np.unique(np.concatenate([_hash_kept_ids(frame, name) for frame in frames]))
            new = np.unique(np.concatenate(parts))
            both = np.intersect1d(old, new, assume_unique=True)
            yield TableChange(
                table=name,
                before=len(old),
                after=len(new),
                added=len(new) - len(both),
                removed=len(old) - len(both),
            )


def _hash_kept_ids(frame: pl.DataFrame, name: str) -> Any:
    """Hash the ids of kept rows into 64 bits: eight bytes a row stay in memory."""
    return frame.filter(pl.col("fate") == Fate.KEPT)[IDS[name]].hash(seed=0).to_numpy()


def _is_vouched() -> pl.Expr:
    """Whether a sample was imported from another tool at the user's word (`teacher.imports`)."""
    was_asked = pl.col("request_digests").list.len() > 0
    return (was_asked & pl.col("labels").str.contains('"imported_from":', literal=True)).fill_null(value=False)


def _select_sampled(samples: pl.DataFrame) -> pl.DataFrame:
    """Select the samples of a teacher; a source provided the others."""
    provided = pl.col("verdict").eq_missing(pl.lit(str(Verdict.PROVIDED)))
    return samples.filter(pl.col("problem_id").is_not_null() & ~provided)


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


def _choose_example(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Choose the longest of the short training examples, since it shows reasoning: one row, or none."""
    columns = ("example_id", "mixture_stage", "fate", "characters", "messages")
    trained = (pl.col("fate") == Fate.KEPT) & pl.col("mixture_stage").is_not_null()
    is_short = trained & (pl.col("characters") <= _MAX_EXAMPLE_CHARACTERS)
    short = pl.concat([frame.select(columns).filter(is_short) for frame in frames])
    return short.sort(["characters", "example_id"], descending=[True, False]).head(1)


def _read_messages(frames: Sequence[pl.DataFrame]) -> tuple[tuple[str, str], ...]:
    """Read role and text of the messages of the chosen example."""
    rows = [row for frame in frames for row in frame["messages"]]
    return tuple((message["role"], message["content"]) for row in rows for message in row)
