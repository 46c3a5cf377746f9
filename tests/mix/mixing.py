"""Examples through a mixture and back: in one bucket, or cut into several."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from cotloom.builder.mix import (
    CANDIDATE_COLUMNS,
    MixtureRules,
    count_mixed,
    decide_stages,
    decide_weights,
    describe_stages,
    mix_bucket,
    parse_shares,
    rank_stages,
    rank_weighted,
)
from cotloom.builder.store.tables import FILES, join_examples
from cotloom.schemas.example import Example
from cotloom.schemas.frames import from_frame, get_schema, to_frame

FACTS = {"task": pl.String, "category": pl.String, "is_hinted": pl.Boolean}


def mix(examples, rules, buckets=1, weights=None, facts=None):
    """Mix examples that lie in so many buckets; those of a problem lie together. Returns the examples."""
    return mix_and_count(examples, rules, buckets, weights, facts)[0]


def mix_and_count(
    examples: Sequence[Example],
    rules: MixtureRules,
    buckets: int = 1,
    weights: Mapping[str, float] | None = None,
    facts: Mapping[str, Mapping[str, object]] | None = None,
):
    """Mix examples that lie in so many buckets.

    Args:
        examples: the examples; those of a problem lie in one bucket.
        rules: the formats and stages.
        buckets: how many.
        weights: by problem.
        facts: task, category or is_hinted of examples, by example id.

    Returns:
        The examples, and what the manifest says of each stage and source.
    """
    texts = to_frame(examples, Example).select(FILES["examples"].names())
    weighted = pl.col("problem_id").replace_strict(weights or {}, default=1.0, return_dtype=pl.Float64)
    numbers = {name: place % buckets for place, name in enumerate(texts["problem_id"].unique(maintain_order=True))}
    place = pl.Series([numbers[name] for name in texts["problem_id"]], dtype=pl.Int64)
    texts_by_part = [texts.filter(place == number) for number in range(buckets)]
    parts = [add_facts(part, facts or {}).with_columns(problem_weight=weighted) for part in texts_by_part]
    shares = decide_weights(join([rank_weighted(part, rules) for part in parts]), rules)
    ranked = [rank_stages(part, rules, shares) for part in parts]
    shares = decide_stages([(stage, pl.concat([part[stage] for part in ranked])) for stage in ranked[0]], rules, shares)
    assert parse_shares(json.loads(json.dumps(shares.to_plain()))) == shares
    mixtures = [mix_bucket(part, rules, shares) for part in parts]
    mixed = pl.concat([join_examples(*both) for both in zip(texts_by_part, mixtures, strict=True)])
    counts = sum((count_mixed(take(*both)) for both in zip(parts, mixtures, strict=True)), Counter())
    return list(from_frame(mixed.select(get_schema(Example).names()), Example)), list(
        describe_stages(counts, rules, shares)
    )


def add_facts(texts, facts):
    """Add what is known of examples besides themselves."""
    names = texts["example_id"].to_list()
    return (
        texts.select(CANDIDATE_COLUMNS)
        .with_columns(
            pl.Series(column, [facts.get(name, {}).get(column) for name in names], dtype=kind)
            for column, kind in FACTS.items()
        )
        .with_columns(pl.col("is_hinted").fill_null(value=False))
    )


def take(candidates, mixture):
    """List the rows that stages took."""
    taken = mixture.drop_nulls("mixture_stage").select("text_id", "mixture_stage", "repeat")
    columns = ("example_id", "source", "is_hinted", "prompt_tokens", "loss_tokens")
    return taken.join(candidates.select(columns), left_on="text_id", right_on="example_id")


def join(ranks):
    """Join the ranks of all buckets."""
    return {name: np.concatenate([part[name] for part in ranks]) for name in ranks[0]}
