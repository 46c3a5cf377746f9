"""Choose paths in a table of samples: select the rows, choose problem by problem, write the choices back."""

from collections.abc import Iterator

import polars as pl

from ...schemas.frames import add_findings
from ...schemas.reasons import Fate, Stage
from ...schemas.recipe import Select
from ...schemas.sample import Hint, Sample
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


def choose_rows(samples: pl.DataFrame, policy: Select) -> pl.DataFrame:
    """Choose among correct paths, problem by problem.

    Args:
        samples: the table from `select_kept`, all samples of a problem together; with the columns signature and
            operations of the method, where it was read already.
        policy: which paths are duplicates, and how many to keep.

    Returns:
        Columns sample_id, signature, cluster, reason, detail.
    """
    rows: list[tuple[str | None, ...]] = []
    for paths in _group_paths(samples):
        rows += [
            (sample_id, choice.signature, choice.cluster, choice.reason, choice.detail)
            for sample_id, choice in sorted(choose_paths(paths, policy).items())
        ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _group_paths(samples: pl.DataFrame) -> Iterator[list[ReasoningPath]]:
    """Yield the paths of each problem."""
    grouped = samples.group_by("problem_id", maintain_order=True).agg("sample_id", "text", "hint")
    for _, ids, texts, hints in grouped.iter_rows():
        yield [
            ReasoningPath(sample_id=sample_id, text=text, hinted=hint == Hint.HINTED)
            for sample_id, text, hint in zip(ids, texts, hints, strict=True)
        ]


def add_choices(samples: pl.DataFrame, choices: pl.DataFrame) -> pl.DataFrame:
    """Write choices into the samples: signature and cluster, and stage, fate and reason where dropped.

    Raises:
        RuntimeError: a sample of `select_kept` has no choice, or a choice has no such sample.
    """
    handed = select_kept(samples)["sample_id"]
    return add_findings(samples, choices, Sample, key="sample_id", stage=Stage.SELECT, handed=handed)


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
