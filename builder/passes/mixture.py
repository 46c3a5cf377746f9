"""What the mixture decides about the examples of one bucket."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.manifest import File
from ...schemas.reasons import Fate
from .. import mix
from ..mix import MixtureRules, Shares
from ..parquet import read_parquet
from ..store.checked import digest_table
from ..store.funnel import check_table_fates, count_fates
from ..store.stages import StageResult, read_or_make
from ..store.tables import join_examples, sort_rows, write_table
from .examples import EXAMPLES

PROBLEMS = "problems.parquet"
"""The file of a result: rows of `Problem`."""

MIXTURE = "mixture.parquet"
"""The file of a result: rows of `MixtureRow`."""

_COUNTED = ("example_id", "source", "format", "stage", "fate", "reason", "detail")


def read_weights(problems: StageResult) -> pl.DataFrame:
    """Read the weights of a bucket's kept problems that are not 1: problem_id, problem_weight."""
    rows = read_parquet(problems.folder / PROBLEMS, ("problem_id", "weight", "fate"))
    weighted = rows.filter((pl.col("fate") == Fate.KEPT) & (pl.col("weight") != 1.0))
    return weighted.select("problem_id", problem_weight="weight").sort("problem_id")


def read_candidates(examples: StageResult, weights: pl.DataFrame) -> pl.DataFrame:
    """Read what the mixture of a bucket's examples depends on.

    Args:
        examples: its examples.
        weights: the result of `read_weights`.
    """
    rows = read_parquet(examples.folder / EXAMPLES, mix.CANDIDATE_COLUMNS)
    joined = rows.join(weights, on="problem_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("problem_weight").fill_null(1.0))


def make_mixture(
    stages: Path, rules: MixtureRules, shares: Shares, examples: StageResult, weights: pl.DataFrame
) -> StageResult:
    """Decide the mixture of a bucket, or read what was decided before.

    Args:
        stages: the folder of all results.
        rules: the formats and stages.
        shares: the highest ranks that are taken.
        examples: the bucket's examples.
        weights: the result of `read_weights`.

    Returns:
        The file `MIXTURE`; counts of examples by name.
    """
    decided_by = {
        "code": mix.CODE_VERSION,
        "formats": [(spec.name, spec.weight) for spec in rules.formats],
        "stages": [stage.model_dump(mode="json") for stage in rules.stages],
        "seed": rules.seed,
        "weights": {name: str(highest) for name, highest in shares.weights.items()},
        "takes": {name: str(highest) for name, highest in shares.takes.items()},
        "examples": examples.key,
        "problem_weights": digest_table(weights.to_arrow()),
    }
    candidates = partial(read_candidates, examples, weights)
    return read_or_make(stages / "mixture", decided_by, partial(_write_mixture, rules, shares, examples, candidates))


def _write_mixture(
    rules: MixtureRules, shares: Shares, examples: StageResult, read: Callable[[], pl.DataFrame], folder: Path
) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    rows = sort_rows("mixture", mix.mix_bucket(read(), rules, shares))
    mixed = join_examples(read_parquet(examples.folder / EXAMPLES, _COUNTED), rows)
    check_table_fates("examples", mixed)
    return {MIXTURE: write_table("mixture", rows, folder / MIXTURE)}, {"counts": count_examples(mixed)}


def count_examples(examples: pl.DataFrame) -> dict[str, int]:
    """Count what the manifest says about the examples of a bucket; the counts of buckets add up."""
    counts = count_fates("examples", examples)
    kept = pl.col("fate") == Fate.KEPT
    counts["kept:examples"] = examples.filter(kept).height
    for column in ("source", "format"):
        groups = examples.filter(kept).group_by(column).len()
        counts.update({f"kept:{column}:{name}": rows for name, rows in groups.iter_rows()})
    counts["training_examples"] = examples.filter(kept & pl.col("mixture_stage").is_not_null()).height
    return dict(counts)
