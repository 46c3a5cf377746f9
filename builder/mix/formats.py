"""The weights of formats: each is cut to its share of the training rows."""

from collections.abc import Mapping
from fractions import Fraction
from math import floor

import polars as pl

from ...schemas.problem import Split
from ..errors import InputError
from .quotas import Ranks, find_highest, rank_rows
from .rules import MixtureRules, Shares, is_training


def rank_weighted(candidates: pl.DataFrame, rules: MixtureRules) -> dict[str, Ranks]:
    """Rank the training rows of each format that has a weight.

    Args:
        candidates: rows of a bucket, the columns `CANDIDATE_COLUMNS` and `FACT_COLUMNS`.
        rules: the formats.
    """
    rows = candidates.filter(is_training() & (pl.col("split") == Split.TRAIN))
    weighted = [spec.name for spec in rules.formats if spec.weight is not None]
    return {name: rank_rows(rows.filter(pl.col("format") == name), _make_weight_key(rules, name)) for name in weighted}


def decide_weights(ranks: Mapping[str, Ranks], rules: MixtureRules) -> Shares:
    """Cut the formats to the shares of their weights, with as many rows as the scarcest format allows.

    Args:
        ranks: the results of `rank_weighted`, of all buckets.
        rules: the formats.

    Raises:
        InputError: a format has a weight and no rows.
    """
    weights = {spec.name: Fraction(spec.weight) for spec in rules.formats if spec.weight is not None}
    if not any(map(len, ranks.values())):
        return Shares()
    empty = [name for name in weights if not len(ranks[name])]
    if empty:
        raise InputError(
            f"the format {empty[0]} has a weight but no rows",
            hint="leave its weight out, or see in the funnel why its rows were dropped (try without weights first)",
            keys=("formats",),
        )
    scale = min(len(ranks[name]) / weight for name, weight in weights.items())
    return Shares(weights={name: find_highest(ranks[name], floor(scale * weight)) for name, weight in weights.items()})


def is_over_weight(candidates: pl.DataFrame, rules: MixtureRules, shares: Shares) -> pl.Series:
    """Whether each row is beyond the weight of its format."""
    over = pl.Series("over", [False] * candidates.height, dtype=pl.Boolean)
    for name, highest in shares.weights.items():
        rows = candidates["format"] == name
        ranks = rank_rows(candidates.filter(rows), _make_weight_key(rules, name))
        over = over.scatter(rows.arg_true(), (ranks > highest).tolist())
    return over & (candidates["split"] == Split.TRAIN)


def _make_weight_key(rules: MixtureRules, name: str) -> str:
    return f"weight:{rules.seed}:{name}"
