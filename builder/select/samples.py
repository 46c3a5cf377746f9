"""Choose paths in a table of samples: select the rows, drop by length, choose problem by problem, write it back."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from ...schemas.frames import add_findings
from ...schemas.reasons import Fate, Stage
from ...schemas.recipe import Select
from ...schemas.sample import Hint, Sample
from .choice import Choice, ReasoningPath, drop_duplicates, parse_path, pick_paths
from .lengths import COLUMNS, find_outside
from .signature import Method

_SCHEMA = {
    "sample_id": pl.String,
    "signature": pl.String,
    "cluster": pl.String,
    "reason": pl.String,
    "detail": pl.String,
}

_EMPTY = {"cluster": pl.lit(None, pl.String)}

_PATH_COLUMNS = ("sample_id", "text", "hint", "signature", "operations")


def select_kept(samples: pl.DataFrame) -> pl.DataFrame:
    """Select the samples that no stage has dropped.

    Returns:
        Columns sample_id, problem_id, text, hint, and the lengths; text is the whole rationale, reasoning and response.
    """
    has_reasoning = pl.col("reasoning").is_not_null()
    joined = pl.concat_str("reasoning", pl.col("text").fill_null(""), separator="\n\n").str.strip_chars_end()
    return samples.filter(pl.col("fate") == Fate.KEPT).select(
        "sample_id",
        "problem_id",
        pl.when(has_reasoning).then(joined).otherwise("text").alias("text"),
        "hint",
        *COLUMNS.values(),
    )


def find_duplicates(samples: pl.DataFrame, policy: Select) -> pl.DataFrame:
    """Find the duplicates among correct paths, problem by problem.

    Args:
        samples: the table from `select_kept`, all samples of a problem together; with the columns signature and
            operations of the method, where it was read already.
        policy: which paths are duplicates.

    Returns:
        Columns sample_id, signature, cluster, reason, detail.
    """
    return _list_choices(drop_duplicates(paths, policy)[0] for paths in _group_paths(samples))


def drop_outside(samples: pl.DataFrame, policy: Select) -> pl.DataFrame:
    """Drop the paths that are longer or shorter than the policy wants them: they are compared with no others.

    Args:
        samples: the table from `select_kept`, with the column signature.
        policy: the limits.

    Returns:
        Columns sample_id, signature, cluster, reason, detail.
    """
    outside = find_outside(samples, policy.lengths)
    signatures = samples.select("sample_id", "signature")
    return outside.join(signatures, on="sample_id", how="left").with_columns(**_EMPTY).select(list(_SCHEMA))


def drop_quoting(samples: pl.DataFrame, found: pl.DataFrame | None) -> pl.DataFrame:
    """Drop the paths that hold a question of an evaluation set.

    Args:
        samples: the table from `select_kept`, with the column signature.
        found: columns sample_id, reason, detail of those that do; None for none.

    Returns:
        Columns sample_id, signature, cluster, reason, detail.
    """
    if found is None:
        return pl.DataFrame(schema=_SCHEMA)
    signatures = samples.select("sample_id", "signature")
    return found.join(signatures, on="sample_id", how="left").with_columns(**_EMPTY).select(list(_SCHEMA))


def pick_rows(samples: pl.DataFrame, policy: Select) -> pl.DataFrame:
    """Pick the paths to keep, problem by problem: the only step that another `keep` changes.

    Args:
        samples: as for `find_duplicates`, without the duplicates.
        policy: how many paths are kept.

    Returns:
        Columns sample_id, signature, cluster, reason, detail.
    """
    distinct = ([parse_path(path, policy) for path in paths] for paths in _group_paths(samples))
    return _list_choices(pick_paths(paths, policy.keep) for paths in distinct)


def _list_choices(choices: Iterable[Mapping[str, Choice]]) -> pl.DataFrame:
    rows = [
        (sample_id, choice.signature, choice.cluster, choice.reason, choice.detail)
        for each in choices
        for sample_id, choice in sorted(each.items())
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _group_paths(samples: pl.DataFrame) -> Iterator[list[ReasoningPath]]:
    """Yield the paths of each problem, in the order of the sample ids."""
    columns = [name for name in _PATH_COLUMNS if name in samples.columns]
    grouped = samples.sort("sample_id").group_by("problem_id", maintain_order=True).agg(columns)
    for _, *values in grouped.iter_rows():
        yield [_make_path(dict(zip(columns, row, strict=True))) for row in zip(*values, strict=True)]


def _make_path(row: Mapping[str, Any]) -> ReasoningPath:
    operations = row.get("operations")
    method = None if operations is None else Method(row["signature"], frozenset(operations))
    return ReasoningPath(sample_id=row["sample_id"], text=row["text"], hinted=row["hint"] == Hint.HINTED, method=method)


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
        Columns problem_id, correct, distinct, and once: the distinct paths that one sample took.
    """
    clustered = samples.filter(pl.col("cluster").is_not_null()).group_by("problem_id", "cluster").len()
    return clustered.group_by("problem_id").agg(
        correct=pl.col("len").sum(), distinct=pl.len(), once=(pl.col("len") == 1).sum()
    )
