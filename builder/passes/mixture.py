"""What the mixture decides about the examples of one bucket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.ids import digest
from ...schemas.manifest import File
from ...schemas.reasons import Fate
from ...schemas.sample import Hint
from .. import mix
from ..mix import MixtureRules, Shares
from ..parquet import read_parquet
from ..store.checked import digest_table
from ..store.funnel import check_table_fates, count_fates
from ..store.results.stages import StageResult, read_or_make
from ..store.tables import join_examples, sort_rows, write_table
from .examples import EXAMPLES
from .paths import SAMPLES

PROBLEMS = "problems.parquet"
"""The file of a result: rows of `Problem`."""

MIXTURE = "mixture.parquet"
"""The file of a result: rows of `MixtureRow`."""

_COUNTED = ("example_id", "source", "format", "stage", "fate", "reason", "detail")


@dataclass(frozen=True, kw_only=True, slots=True)
class MixtureInput:
    """What the mixture of a bucket is made of: results of earlier stages."""

    problems: StageResult
    """Its problems."""
    samples: StageResult
    """Its samples."""
    examples: StageResult
    """Its examples."""


def read_facts(bucket: MixtureInput) -> tuple[pl.DataFrame, pl.Series]:
    """Read what a mixture depends on besides examples.

    Returns:
        The kept problems with a weight other than 1, a task or a category: problem_id, problem_weight, task, category;
        and the ids of kept samples that are hinted.
    """
    rows = read_parquet(bucket.problems.folder / PROBLEMS, ("problem_id", "weight", "task", "category", "fate"))
    is_special = (pl.col("weight") != 1.0) | pl.col("task").is_not_null() | pl.col("category").is_not_null()
    facts = rows.filter((pl.col("fate") == Fate.KEPT) & is_special)
    samples = read_parquet(bucket.samples.folder / SAMPLES, ("sample_id", "hint", "fate"))
    hinted = samples.filter((pl.col("fate") == Fate.KEPT) & (pl.col("hint") == Hint.HINTED))["sample_id"].sort()
    return facts.select("problem_id", "task", "category", problem_weight="weight").sort("problem_id"), hinted


def read_candidates(bucket: MixtureInput) -> pl.DataFrame:
    """Read the examples of a bucket with everything that their mixture depends on."""
    facts, hinted = read_facts(bucket)
    return _join_facts(read_parquet(bucket.examples.folder / EXAMPLES, mix.CANDIDATE_COLUMNS), facts, hinted)


def _join_facts(examples: pl.DataFrame, facts: pl.DataFrame, hinted: pl.Series) -> pl.DataFrame:
    joined = examples.join(facts, on="problem_id", how="left", maintain_order="left")
    return joined.with_columns(
        pl.col("problem_weight").fill_null(1.0),
        is_hinted=pl.col("sample_id").is_in(hinted.implode()).fill_null(value=False),
    )


def make_mixture(stages: Path, rules: MixtureRules, shares: Shares, bucket: MixtureInput) -> StageResult:
    """Decide the mixture of a bucket, or read what was decided before.

    Args:
        stages: the folder of all results.
        rules: the formats and stages.
        shares: what is taken.
        bucket: the bucket.

    Returns:
        The file `MIXTURE`; counts of examples by name.
    """
    facts, hinted = read_facts(bucket)
    decided_by = {
        "code": mix.CODE_VERSION,
        "formats": [(spec.name, spec.weight) for spec in rules.formats],
        "stages": [stage.model_dump(mode="json") for stage in rules.stages],
        "seed": rules.seed,
        "shares": digest(shares.to_plain()),
        "examples": bucket.examples.key,
        "problems": digest_table(facts.to_arrow()),
        "hinted": digest_table(hinted.to_frame().to_arrow()),
    }
    write = partial(_write_mixture, rules, shares, bucket.examples, partial(_join_facts, facts=facts, hinted=hinted))
    return read_or_make(stages / "mixture", decided_by, write)


def _write_mixture(
    rules: MixtureRules,
    shares: Shares,
    examples: StageResult,
    join: Callable[[pl.DataFrame], pl.DataFrame],
    folder: Path,
) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    candidates = join(read_parquet(examples.folder / EXAMPLES, mix.CANDIDATE_COLUMNS))
    rows = sort_rows("mixture", mix.mix_bucket(candidates, rules, shares))
    mixed = join_examples(read_parquet(examples.folder / EXAMPLES, _COUNTED), rows)
    check_table_fates("examples", mixed)
    counted = candidates.select("example_id", "source", "is_hinted", "prompt_tokens", "loss_tokens")
    taken = rows.drop_nulls("mixture_stage").select("text_id", "mixture_stage", "repeat")
    mixed_counts = mix.count_mixed(taken.join(counted, left_on="text_id", right_on="example_id"))
    counts = {**count_examples(mixed), **mixed_counts}
    return {MIXTURE: write_table("mixture", rows, folder / MIXTURE)}, {"counts": counts}


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
