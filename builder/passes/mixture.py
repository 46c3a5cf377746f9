"""What the mixture decides about the examples of one bucket."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.manifest import File
from ...schemas.reasons import Fate
from .. import mix
from ..mix import MixtureRules, Shares
from ..parquet import read_parquet
from ..store.funnel import check_table_fates, count_fates
from ..store.stages import StageResult, read_or_make
from ..store.tables import join_examples, sort_rows, write_table
from .examples import EXAMPLES

MIXTURE = "mixture.parquet"
"""The file of a result: rows of `MixtureRow`."""

_COUNTED = ("example_id", "source", "format", "stage", "fate", "reason", "detail")


def read_candidates(examples: StageResult) -> pl.DataFrame:
    """Read the columns of a bucket's examples that their mixture depends on."""
    return read_parquet(examples.folder / EXAMPLES, mix.CANDIDATE_COLUMNS)


def make_mixture(stages: Path, rules: MixtureRules, shares: Shares, examples: StageResult) -> StageResult:
    """Decide the mixture of a bucket, or read what was decided before.

    Args:
        stages: the folder of all results.
        rules: the formats and stages.
        shares: the highest ranks that are taken.
        examples: the bucket's examples.

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
    }
    return read_or_make(stages / "mixture", decided_by, partial(_write_mixture, rules, shares, examples))


def _write_mixture(
    rules: MixtureRules, shares: Shares, examples: StageResult, folder: Path
) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    rows = sort_rows("mixture", mix.mix_bucket(read_candidates(examples), rules, shares))
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
