"""What is known of where the answers came from: hints, and the models that servers say have answered.

The counts of buckets are plain numbers by name, and add up.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from ...schemas.manifest import HintCount, ServedModel
from ...schemas.reasons import Fate, Verdict
from ...schemas.sample import Hint
from ..store.funnel import CAME_THROUGH
from .difficulty import IS_TRIED

_MOST_MODELS = 100
"""The manifest names so many served models."""

_IS_HINTED = pl.col("hint") == Hint.HINTED
_IS_KEPT = pl.col("fate") == Fate.KEPT
_IS_CORRECT = pl.col("verdict") == Verdict.CORRECT

_HINTS: Mapping[str, pl.Expr] = {
    "kept": _IS_KEPT,
    "kept_hinted": _IS_KEPT & _IS_HINTED,
    "correct": _IS_CORRECT,
    "correct_hinted": _IS_CORRECT & _IS_HINTED,
    "unhinted": IS_TRIED,
    "unhinted_correct": IS_TRIED & _IS_CORRECT,
}
"""What is counted of each source."""


def count_origins(problems: pl.DataFrame, samples: pl.DataFrame) -> Counter[str]:
    """Count the samples of a bucket by hint, and by the model that answered.

    Args:
        problems: rows of `Problem`.
        samples: rows of `Sample`, judged and chosen.
    """
    counts: Counter[str] = Counter()
    is_sampled = pl.col("verdict").ne_missing(pl.lit(str(Verdict.PROVIDED)))
    sources = problems.filter(CAME_THROUGH).select("problem_id", "source").unique("problem_id", keep="first")
    sampled = (
        samples.filter(is_sampled)
        .select("problem_id", "hint", "fate", "verdict", "consensus")
        .join(sources, on="problem_id")
    )
    tallies = sampled.group_by("source").agg(**{name: tally.sum() for name, tally in _HINTS.items()})
    for source, *numbers in tallies.iter_rows():
        counts.update({f"hint:{name}:{source}": rows for name, rows in zip(_HINTS, numbers, strict=True)})
    served = samples.drop_nulls("served_model").group_by("teacher", "served_model", "fingerprint").len()
    counts.update({f"served:{json.dumps(names)}": rows for *names, rows in served.iter_rows()})
    return counts


def describe_hints(counts: Mapping[str, int]) -> Iterator[HintCount]:
    """Describe what hints did for each source."""
    prefix = "hint:kept:"
    for source in sorted(name.removeprefix(prefix) for name in counts if name.startswith(prefix)):
        own = {name: counts.get(f"hint:{name}:{source}", 0) for name in _HINTS}
        yield HintCount(
            source=source,
            **own,
            hinted_share=own["kept_hinted"] / own["kept"] if own["kept"] else None,
            unhinted_pass_rate=own["unhinted_correct"] / own["unhinted"] if own["unhinted"] else None,
        )


def describe_served(counts: Mapping[str, int]) -> list[ServedModel]:
    """Describe the models that answered, the most frequent first."""
    samples: Counter[tuple[str, str]] = Counter()
    fingerprints: Counter[tuple[str, str]] = Counter()
    for name, rows in counts.items():
        kind, _, names = name.partition(":")
        if kind == "served" and rows:
            teacher, model, fingerprint = json.loads(names)
            samples[teacher, model] += rows
            fingerprints[teacher, model] += fingerprint is not None
    found = sorted(samples, key=lambda pair: (-samples[pair], pair))[:_MOST_MODELS]
    return [
        ServedModel(teacher=pair[0], model=pair[1], samples=samples[pair], fingerprints=fingerprints[pair])
        for pair in found
    ]
