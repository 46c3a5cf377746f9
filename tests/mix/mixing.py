"""Examples through a mixture and back: in one bucket, or cut into several."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from cotloom.builder.mix import MixtureRules, decide_takes, decide_weights, mix_bucket, rank_takes, rank_weighted
from cotloom.builder.store.tables import FILES, join_examples
from cotloom.schemas.example import Example
from cotloom.schemas.frames import from_frame, get_schema, to_frame


def mix(
    examples: Sequence[Example],
    rules: MixtureRules,
    buckets: int = 1,
    weights: Mapping[str, float] | None = None,
) -> list[Example]:
    """Mix examples that lie in so many buckets; those of a problem lie together."""
    texts = to_frame(examples, Example).select(FILES["examples"].names())
    weighted = pl.col("problem_id").replace_strict(weights or {}, default=1.0, return_dtype=pl.Float64)
    numbers = {name: place % buckets for place, name in enumerate(texts["problem_id"].unique(maintain_order=True))}
    place = pl.Series([numbers[name] for name in texts["problem_id"]], dtype=pl.Int64)
    texts_by_part = [texts.filter(place == number) for number in range(buckets)]
    parts = [part.with_columns(problem_weight=weighted) for part in texts_by_part]
    weights = decide_weights(join([rank_weighted(part, rules) for part in parts]), rules)
    shares = decide_takes(join([rank_takes(part, rules, weights) for part in parts]), rules, weights)
    mixtures = [mix_bucket(part, rules, shares) for part in parts]
    mixed = pl.concat([join_examples(*both) for both in zip(texts_by_part, mixtures, strict=True)])
    return list(from_frame(mixed.select(get_schema(Example).names()), Example))


def join(ranks):
    """Join the ranks of all buckets."""
    return {name: np.concatenate([part[name] for part in ranks]) for name in ranks[0]}
