"""Choose paths in a table of samples: select the rows, choose by partition, write the choices back."""

from typing import Any

import polars as pl

from ...schemas.frames import add_findings
from ...schemas.reasons import Fate, Stage
from ...schemas.recipe import Select
from ...schemas.sample import Hint, Sample
from ..engine import map_rows
from .choice import ReasoningPath, choose_paths

_SCHEMA = {
    "sample_id": pl.String,
    "signature": pl.String,
    "cluster": pl.String,
    "reason": pl.String,
    "detail": pl.String,
}


def select_kept(samples: pl.DataFrame) -> pl.DataFrame:
    """Select the samples that no stage has dropped.

    Returns:
        Columns sample_id, problem_id, text, hint.
    """
    return samples.filter(pl.col("fate") == Fate.KEPT).select("sample_id", "problem_id", "text", "hint")


def choose_all(samples: pl.DataFrame, policy: Select, workers: int = 1) -> pl.DataFrame:
    """Choose among correct paths, problem by problem.

    Args:
        samples: the table from `select_kept`.
        policy: which paths are duplicates, and how many to keep.
        workers: number of processes.

    Returns:
        Columns sample_id, signature, cluster, reason, detail.
    """
    address = f"{__name__}:choose_partition"
    return map_rows(
        address, samples, policy.model_dump(), key="problem_id", workers=workers, description="selecting paths"
    )


def add_choices(samples: pl.DataFrame, choices: pl.DataFrame) -> pl.DataFrame:
    """Write choices into the samples: signature and cluster, and stage, fate and reason where dropped.

    Raises:
        RuntimeError: a sample of `select_kept` has no choice, or a choice has no such sample.
    """
    handed = select_kept(samples)["sample_id"]
    return add_findings(samples, choices, Sample, key="sample_id", stage=Stage.SELECT, handed=handed)


def choose_partition(samples: pl.DataFrame, settings: dict[str, Any]) -> pl.DataFrame:
    """Choose the paths of one partition's problems.

    Args:
        samples: rows of the table from `select_kept`; all samples of a problem together.
        settings: the keys of `Select`.
    """
    policy = Select(**settings)
    rows = []
    for group in samples.partition_by("problem_id", maintain_order=True):
        paths = [
            ReasoningPath(sample_id=row["sample_id"], text=row["text"], hinted=row["hint"] == Hint.HINTED)
            for row in group.iter_rows(named=True)
        ]
        rows += [
            (sample_id, choice.signature, choice.cluster, choice.reason, choice.detail)
            for sample_id, choice in sorted(choose_paths(paths, policy).items())
        ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def count_distinct(samples: pl.DataFrame) -> pl.DataFrame:
    """Count correct and distinct paths.

    Args:
        samples: rows of `Sample` with choices.

    Returns:
        Columns problem_id, correct, distinct.
    """
    clustered = samples.filter(pl.col("cluster").is_not_null())
    return clustered.group_by("problem_id").agg(
        correct=pl.len(), distinct=(pl.col("cluster") == pl.col("sample_id")).sum()
    )
