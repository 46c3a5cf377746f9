"""Examples through a mixture and back: in one bucket, or cut into several."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from cotloom.builder.mix import MixtureRules, decide_takes, decide_weights, mix_bucket, rank_takes, rank_weighted
from cotloom.builder.store.tables import FILES, join_examples
from cotloom.schemas.example import Example
from cotloom.schemas.frames import from_frame, get_schema, to_frame


def mix(examples: Sequence[Example], rules: MixtureRules, buckets: int = 1) -> list[Example]:
    """Mix examples that lie in so many buckets; those of a problem lie together."""
    texts = to_frame(examples, Example).select(FILES["examples"].names())
    numbers = {name: place % buckets for place, name in enumerate(texts["problem_id"].unique(maintain_order=True))}
    place = pl.Series([numbers[name] for name in texts["problem_id"]], dtype=pl.Int64)
    parts = [texts.filter(place == number) for number in range(buckets)]
    weights = decide_weights(join([rank_weighted(part, rules) for part in parts]), rules)
    shares = decide_takes(join([rank_takes(part, rules, weights) for part in parts]), rules, weights)
    mixed = pl.concat([join_examples(part, mix_bucket(part, rules, shares)) for part in parts])
    return list(from_frame(mixed.select(get_schema(Example).names()), Example))


def join(ranks):
    """Join the ranks of all buckets."""
    return {name: np.concatenate([part[name] for part in ranks]) for name in ranks[0]}
