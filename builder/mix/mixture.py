"""Mix examples: apply the weights of formats, then let each stage take its shares.

Shares are shares of all rows, whatever their bucket. So it takes three steps over the buckets, and only ranks leave
them: rank the rows of formats with a weight, rank the rows that each stage may take, write what was decided. A share
takes the rows of lowest rank, so that all a bucket needs to know is the highest rank that is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

import polars as pl

from ...schemas.example import MixtureRow, make_example_id
from ...schemas.frames import get_schema
from ...schemas.problem import Split
from ...schemas.reasons import Fate, Reason, Stage
from ...schemas.recipe import FormatSpec, Mixture, MixtureStage
from ..errors import InputError
from .quotas import Ranks, compute_quota, find_highest, rank_rows, select_lowest

DEFAULT_STAGE = "train"
"""The one stage of a recipe without a mixture."""


CANDIDATE_COLUMNS = (
    "example_id", "sample_id", "other_sample_ids", "problem_id", "source", "format", "split", "fate",
)  # fmt: skip
"""The columns of an example that its mixture depends on; and `problem_weight`, the weight of its problem."""

_OVER_WEIGHT = "beyond the share of rows that the format's weight allows"
_OVER_CAP = "beyond the mixture stage's cap on rows of one problem"
_UNTAKEN = "no mixture stage takes it"


@dataclass(frozen=True, kw_only=True, slots=True)
class MixtureRules:
    """What decides a mixture, besides its rows."""

    formats: Sequence[FormatSpec]
    """The formats with their weights."""
    mixture: Mixture | None
    """The stages; None for one stage that takes everything."""
    sources: Sequence[str]
    """Names of all sources."""
    seed: int
    """Key of the quotas."""

    @property
    def stages(self) -> Sequence[MixtureStage]:
        """The stages."""
        if self.mixture is None:
            return [MixtureStage(name=DEFAULT_STAGE, take=dict.fromkeys(self.sources, "all"))]
        return self.mixture.stages


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """What is taken, by ranks: of the rows that a name stands for, those up to a rank; all where it is not listed."""

    weights: Mapping[str, int] = field(default_factory=dict)
    """The highest rank of each format."""
    takes: Mapping[str, int] = field(default_factory=dict)
    """The highest rank of each source in each stage, as `name_take` names it."""


def check_mixture(mixture: Mixture | None, sources: Sequence[str]) -> None:
    """Check a mixture against the sources of a recipe.

    Raises:
        InputError: it takes from an unknown source, or an impossible share.
    """
    for stage in mixture.stages if mixture else ():
        for source, share in stage.take.items():
            if source not in sources:
                raise InputError(
                    f"mixture stage {stage.name} takes from {source}, which is no source",
                    hint=f"sources: {', '.join(sources)}",
                    keys=(f"mixture.stages.{stage.name}.take.{source}",),
                )
            compute_quota(share, 0)


def name_take(stage: str, source: str) -> str:
    """Name what a stage takes of a source. Neither name has a slash."""
    return f"{stage}/{source}"


# Step 1: weights


def rank_weighted(candidates: pl.DataFrame, rules: MixtureRules) -> dict[str, Ranks]:
    """Rank the training rows of each format that has a weight.

    Args:
        candidates: rows of a bucket, the columns `CANDIDATE_COLUMNS` and `problem_weight`.
        rules: the formats.
    """
    rows = candidates.filter(_is_training() & (pl.col("split") == Split.TRAIN))
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


# Step 2: what each stage takes


def rank_takes(candidates: pl.DataFrame, rules: MixtureRules, shares: Shares) -> dict[str, Ranks]:
    """Rank the rows of which a stage takes a share, after weights and caps; by `name_take`.

    A stage that takes all rows of a source needs no ranks.
    """
    allowed = candidates.filter(_is_training() & ~_is_over_weight(candidates, rules, shares))
    return {
        name_take(stage.name, source): rank_rows(within.filter(pl.col("source") == source), key)
        for stage in rules.stages
        if any(share != "all" for share in stage.take.values())
        for within, key in [(_cut_to_cap(allowed, stage, rules), _make_stage_key(rules, stage))]
        for source, share in stage.take.items()
        if share != "all"
    }


def decide_takes(ranks: Mapping[str, Ranks], rules: MixtureRules, weights: Shares) -> Shares:
    """Find the highest rank of each share.

    Args:
        ranks: the results of `rank_takes`, of all buckets.
        rules: the stages.
        weights: the result of `decide_weights`.
    """
    takes = {
        name: find_highest(ranks[name], compute_quota(share, len(ranks[name])))
        for stage in rules.stages
        for source, share in stage.take.items()
        for name in [name_take(stage.name, source)]
        if name in ranks
    }
    return Shares(weights=weights.weights, takes=takes)


# Step 3: the mixture


def mix_bucket(candidates: pl.DataFrame, rules: MixtureRules, shares: Shares) -> pl.DataFrame:
    """Assign the examples of a bucket to the stages of training.

    Args:
        candidates: rows of the bucket, the columns `CANDIDATE_COLUMNS` and `problem_weight`.
        rules: the formats and stages.
        shares: what is taken.

    Returns:
        Rows of `MixtureRow`. An example that several stages take has a row for each; one that no stage takes is
        dropped, as `over_cap` where it was over the cap of a stage, else as `not_taken`.
    """
    is_over = _is_over_weight(candidates, rules, shares)
    over_weight = candidates.filter(_is_training() & is_over)
    allowed = candidates.filter(_is_training() & ~is_over)
    taken, over_cap = zip(*(_take_stage(allowed, stage, rules, shares) for stage in rules.stages), strict=True)
    left = allowed.join(pl.concat(taken), on="example_id", how="anti")
    is_capped = pl.col("example_id").is_in(pl.concat(over_cap)["example_id"].implode())
    rows = [
        *(_list_taken(part, stage.name) for part, stage in zip(taken, rules.stages, strict=True)),
        _list_dropped(over_weight, Reason.NOT_TAKEN, _OVER_WEIGHT),
        _list_dropped(left.filter(is_capped), Reason.OVER_CAP, _OVER_CAP),
        _list_dropped(left.filter(~is_capped), Reason.NOT_TAKEN, _UNTAKEN),
    ]
    return pl.concat(rows)


def mix_examples(candidates: pl.DataFrame, rules: MixtureRules) -> pl.DataFrame:
    """Mix examples that are in one bucket; see `mix_bucket`."""
    weights = decide_weights(rank_weighted(candidates, rules), rules)
    shares = decide_takes(rank_takes(candidates, rules, weights), rules, weights)
    return mix_bucket(candidates, rules, shares)


def _is_training() -> pl.Expr:
    return (pl.col("fate") == Fate.KEPT) & (pl.col("split") != Split.TEST)


def _make_weight_key(rules: MixtureRules, name: str) -> str:
    return f"weight:{rules.seed}:{name}"


def _make_stage_key(rules: MixtureRules, stage: MixtureStage) -> str:
    return f"mix:{rules.seed}:{stage.name}"


def _is_over_weight(candidates: pl.DataFrame, rules: MixtureRules, shares: Shares) -> pl.Series:
    """Whether each row is beyond the weight of its format."""
    over = pl.Series("over", [False] * candidates.height, dtype=pl.Boolean)
    for name, highest in shares.weights.items():
        rows = candidates["format"] == name
        ranks = pl.Series(rank_rows(candidates.filter(rows), _make_weight_key(rules, name)), dtype=pl.UInt64)
        over = over.scatter(rows.arg_true(), [rank > highest for rank in ranks])
    return over & (candidates["split"] == Split.TRAIN)


def _cut_to_cap(allowed: pl.DataFrame, stage: MixtureStage, rules: MixtureRules) -> pl.DataFrame:
    """Select the rows that a stage may take: of its sources, and of each problem as many as its cap allows."""
    available = allowed.filter(pl.col("source").is_in(list(stage.take)))
    if stage.cap is None:
        return available
    return select_lowest(available, stage.cap, _make_stage_key(rules, stage), "problem_id")


def _take_stage(
    allowed: pl.DataFrame, stage: MixtureStage, rules: MixtureRules, shares: Shares
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take the rows of one stage. Returns them, and those that are over its cap.

    The cap comes first: a share is a share of what the cap leaves.
    """
    within = _cut_to_cap(allowed, stage, rules)
    over_cap = allowed.filter(pl.col("source").is_in(list(stage.take))).join(within, on="example_id", how="anti")
    parts = [within.clear()]
    for source in stage.take:
        rows = within.filter(pl.col("source") == source)
        highest = shares.takes.get(name_take(stage.name, source))
        if highest is not None:
            rows = rows.filter(pl.Series(rank_rows(rows, _make_stage_key(rules, stage)) <= highest, dtype=pl.Boolean))
        parts.append(rows)
    return pl.concat(parts), over_cap


def _list_taken(rows: pl.DataFrame, stage: str) -> pl.DataFrame:
    parts = rows.select("format", "sample_id", "other_sample_ids").iter_rows()
    ids = [make_example_id(name, sample, tuple(others), stage) for name, sample, others in parts]
    return _make_rows(rows, pl.Series(ids, dtype=pl.String), mixture_stage=stage)


def _list_dropped(rows: pl.DataFrame, reason: Reason, detail: str) -> pl.DataFrame:
    fields = {"stage": Stage.MIX, "fate": Fate.DROPPED, "reason": reason, "detail": detail}
    return _make_rows(rows, rows["example_id"], **fields)


def _make_rows(rows: pl.DataFrame, ids: pl.Series, **fields: str) -> pl.DataFrame:
    values: dict[str, Any] = {"weight": pl.lit(1.0), "fate": pl.lit(str(Fate.KEPT))}
    values |= {name: pl.lit(str(value)) for name, value in fields.items()}
    columns = {name: values.get(name, pl.lit(None, dtype=kind)) for name, kind in get_schema(MixtureRow).items()}
    return rows.select(**{**columns, "text_id": pl.col("example_id"), "example_id": ids})
