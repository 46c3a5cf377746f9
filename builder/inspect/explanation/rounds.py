"""The rounds of sampling of a problem, and what each of them brought."""

from typing import Any

import polars as pl

from ....schemas.reasons import Fate, Verdict

_RIGHT = [Verdict.CORRECT, Verdict.AGREED, Verdict.ACCEPTED, Verdict.PROVIDED]


def count_rounds(samples: pl.DataFrame) -> list[dict[str, Any]]:
    """Count what each round of sampling brought.

    Args:
        samples: the samples of one problem, with the columns of `samples`.

    Returns:
        In their order, for each round of each teacher: `round`, `teacher`, `hint`, `samples`, `right` (with a right
        answer), `new_paths` (distinct sound paths that no earlier round had), and `kept`.
    """
    first = pl.col("round") == pl.col("round").min().over("cluster")
    is_new = pl.col("cluster").is_not_null() & first
    return (
        samples.with_columns(new_path=pl.when(is_new).then("cluster"))
        .group_by("round", "teacher", "hint")
        .agg(
            samples=pl.len(),
            right=pl.col("verdict").is_in(_RIGHT).sum(),
            new_paths=pl.col("new_path").drop_nulls().n_unique(),
            kept=(pl.col("fate") == Fate.KEPT).sum(),
        )
        .sort("round", "teacher", "hint")
        .to_dicts()
    )
