"""What two versions hold, side by side: counts, means and shares."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from ...schemas.reasons import Fate, Unit
from ...schemas.sample import Hint
from .rows import Tables

_IS_KEPT = pl.col("fate") == Fate.KEPT


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """A number of both versions."""

    name: str
    """What it is: `training rows`, `hinted samples`, `rows of svamp`."""
    before: float | None
    """In the older version; null where it is unknown."""
    after: float | None
    """In the newer one."""
    is_share: bool = False
    """Whether it is a share, from 0 to 1."""


def measure_tables(tables: Tables) -> dict[str, float]:
    """Measure what drift is made of in one bucket: numbers by name; those of buckets add up.

    Args:
        tables: the rows of the bucket.
    """
    problems, samples, examples = (tables[name].filter(_IS_KEPT) for name in ("problems", "samples", "examples"))
    trained = examples.filter(pl.col("mixture_stage").is_not_null())
    tokens = trained["prompt_tokens"] + trained["loss_tokens"]
    paths = samples.group_by("problem_id").agg(pl.col("cluster").n_unique())
    sums: dict[str, float] = {
        f"{Unit.PROBLEM}s": problems.height,
        "rated": problems["pass_rate"].len() - problems["pass_rate"].null_count(),
        "kept samples": samples.height,
        "hinted": samples.filter(pl.col("hint") == Hint.HINTED).height,
        "problems with a path": paths.height,
        "kept paths": int(paths["cluster"].sum()),
        "training rows": trained.height,
        "characters": int(trained["characters"].sum()),
        "counted": tokens.len() - tokens.null_count(),
        "tokens": int(tokens.sum()),
        "pass rate": float(problems["pass_rate"].sum()),
    }  # fmt: skip
    for name, values in (
        ("problems in {}", problems["split"]),
        ("training rows of {}", trained["source"]),
        ("training rows as {}", trained["format"]),
        ("kept samples by {}", samples["teacher"]),
    ):
        sums.update({name.format(value): rows for value, rows in values.drop_nulls().value_counts().iter_rows()})
    return sums


_PLAIN = ("problems", "kept samples", "kept paths", "training rows")
_PREFIXES = ("problems in ", "training rows of ", "training rows as ", "kept samples by ")
_RATIOS: Mapping[str, tuple[str, str, bool]] = {
    "kept paths of a problem": ("kept paths", "problems with a path", False),
    "hinted samples": ("hinted", "kept samples", True),
    "pass rate of problems": ("pass rate", "rated", True),
    "characters of a training row": ("characters", "training rows", False),
    "tokens of a training row": ("tokens", "counted", False),
}
"""Means and shares: what is divided by what, and whether it is a share."""


def describe_drift(before: Mapping[str, float], after: Mapping[str, float]) -> Iterator[Drift]:
    """Describe what both versions hold; what neither has is left out.

    Args:
        before: sums of the older version, of all buckets.
        after: those of the newer one.
    """
    for name in _PLAIN:
        yield Drift(name=name, before=before.get(name, 0), after=after.get(name, 0))
    for name, (part, whole, is_share) in _RATIOS.items():
        both = [counts[part] / counts[whole] if counts.get(whole) else None for counts in (before, after)]
        if any(value is not None for value in both):
            yield Drift(name=name, before=both[0], after=both[1], is_share=is_share)
    for prefix in _PREFIXES:
        for name in sorted(name for name in {*before, *after} if name.startswith(prefix)):
            yield Drift(name=name, before=before.get(name, 0), after=after.get(name, 0))
