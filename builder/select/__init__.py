"""Select: of the right paths to each problem, keep those that differ, the furthest apart.

Law 5: the choice depends on the set of samples, never on the order in which they came.
"""

from typing import Any

import polars as pl
from cotloom.builder.engine import map_rows
from cotloom.builder.select.choose import Path, choose
from cotloom.builder.select.signature import Method, method_of
from cotloom.schemas.frames import with_findings
from cotloom.schemas.reasons import Fate, Stage
from cotloom.schemas.recipe import Select
from cotloom.schemas.sample import Hint, Sample

__all__ = [
    "CODE_VERSION",
    "Method",
    "Path",
    "choose",
    "choose_all",
    "count_distinct",
    "method_of",
    "with_choices",
    "work_of",
]

CODE_VERSION = 2
"""Rises when the same paths get another choice."""

_CHOSEN = {
    "sample_id": pl.String,
    "signature": pl.String,
    "cluster": pl.String,
    "reason": pl.String,
    "detail": pl.String,
}


def work_of(samples: pl.DataFrame) -> pl.DataFrame:
    """Take together what choosing needs: the samples still kept.

    Returns:
        Columns sample_id, problem_id, text, hint.
    """
    return samples.filter(pl.col("fate") == Fate.KEPT).select("sample_id", "problem_id", "text", "hint")


def choose_all(work: pl.DataFrame, policy: Select, workers: int = 1) -> pl.DataFrame:
    """Choose among right paths, problem by problem.

    Args:
        work: what `work_of` gives.
        policy: what makes paths the same, and how many to keep.
        workers: processes to use.

    Returns:
        Columns sample_id, signature, cluster, reason, detail.
    """
    address = f"{__name__}:choose_partition"
    return map_rows(address, work, policy.model_dump(), key="problem_id", workers=workers, what="selecting paths")


def with_choices(samples: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """Write choices into the samples: signature and cluster, and stage, fate and reason where dropped."""
    return with_findings(samples, chosen, Sample, key="sample_id", stage=Stage.SELECT)


def choose_partition(right: pl.DataFrame, settings: dict[str, Any]) -> pl.DataFrame:
    """Choose the paths of one partition's problems.

    Args:
        right: what `work_of` gives; all samples of a problem together.
        settings: the keys of `Select`.
    """
    policy = Select(**settings)
    rows = []
    for group in right.partition_by("problem_id", maintain_order=True):
        paths = [
            Path(sample_id=row["sample_id"], text=row["text"], hinted=row["hint"] == Hint.HINTED)
            for row in group.iter_rows(named=True)
        ]
        rows += [
            (sample, choice.signature, choice.cluster, choice.reason, choice.detail)
            for sample, choice in sorted(choose(paths, policy).items())
        ]
    return pl.DataFrame(rows, schema=_CHOSEN, orient="row")


def count_distinct(samples: pl.DataFrame) -> pl.DataFrame:
    """Count right and distinct paths.

    Args:
        samples: rows of `Sample` with choices.

    Returns:
        Columns problem_id, correct, distinct.
    """
    clustered = samples.filter(pl.col("cluster").is_not_null())
    return clustered.group_by("problem_id").agg(
        correct=pl.len(), distinct=(pl.col("cluster") == pl.col("sample_id")).sum()
    )
