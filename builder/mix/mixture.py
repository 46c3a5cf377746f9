"""Mix examples: apply the weights of formats, then let each stage take its shares.

Shares are shares of all rows, whatever their bucket. So it takes three steps over the buckets, and only ranks leave
them: rank the rows of formats with a weight, rank the rows that each stage may take, write what was decided. A share
takes the rows of lowest rank, so that all a bucket needs to know is the highest rank that is taken.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from ...schemas.example import MixtureRow
from ...schemas.formats import MixtureStage
from ...schemas.frames import get_schema, make_example_ids
from ...schemas.reasons import Fate, Reason, Stage
from .formats import is_over_weight
from .rules import GROUPS, HINTED, MixtureRules, Shares, StageShares, is_training
from .stages import decide_stage, is_ranked, list_stage_rows, rank_stage

_OVER_WEIGHT = "beyond the share of rows that the format's weight allows"
_UNTAKEN = "no mixture stage takes it"


def rank_stages(candidates: pl.DataFrame, rules: MixtureRules, shares: Shares) -> dict[str, pl.DataFrame]:
    """Rank the rows of each stage whose shares depend on all buckets; see `rank_stage`.

    Args:
        candidates: rows of a bucket, the columns `CANDIDATE_COLUMNS` and `FACT_COLUMNS`.
        rules: the stages.
        shares: what the formats' weights allow.
    """
    allowed = candidates.filter(is_training() & ~is_over_weight(candidates, rules, shares))
    return {stage.name: rank_stage(allowed, stage, rules) for stage in rules.stages if is_ranked(stage)}


def decide_stages(ranked: Iterable[tuple[str, pl.DataFrame]], rules: MixtureRules, weights: Shares) -> Shares:
    """Decide what the stages take.

    Args:
        ranked: by stage, one after the other: the results of `rank_stages`, of all buckets.
        rules: the stages.
        weights: the result of `decide_weights`.

    Raises:
        InputError: a stage asks for more than there is.
    """
    stages = {stage.name: stage for stage in rules.stages}
    return Shares(weights=weights.weights, stages={name: decide_stage(rows, stages[name]) for name, rows in ranked})


def mix_bucket(candidates: pl.DataFrame, rules: MixtureRules, shares: Shares) -> pl.DataFrame:
    """Assign the examples of a bucket to the stages of training.

    Args:
        candidates: rows of the bucket, the columns `CANDIDATE_COLUMNS` and `FACT_COLUMNS`.
        rules: the formats and stages.
        shares: what is taken.

    Returns:
        Rows of `MixtureRow`. An example that several stages take has a row for each, and one for each time that a stage
        takes it. One that no stage takes is dropped, as `too_long` or `over_cap` where that kept it out of a stage,
        else as `not_taken`.
    """
    is_over = is_over_weight(candidates, rules, shares)
    over_weight = candidates.filter(is_training() & is_over)
    allowed = candidates.filter(is_training() & ~is_over)
    stages = [_decide_rows(allowed, stage, rules, shares.stages.get(stage.name)) for stage in rules.stages]
    taken = pl.concat([_repeat_rows(rows, stage.name) for rows, stage in zip(stages, rules.stages, strict=True)])
    left = allowed.join(taken, on="example_id", how="anti")
    blocked = pl.concat([rows.filter(pl.col("reason").is_not_null()) for rows in stages])
    first = blocked.sort(pl.col("reason") == Reason.OVER_CAP, maintain_order=True).select("example_id", *_BLOCKED)
    dropped = left.join(first.unique("example_id", keep="first", maintain_order=True), on="example_id", how="left")
    return pl.concat([
        _list_taken(taken),
        _list_dropped(over_weight, pl.lit(str(Reason.NOT_TAKEN)), pl.lit(_OVER_WEIGHT)),
        _list_dropped(
            dropped, pl.col("reason").fill_null(str(Reason.NOT_TAKEN)), pl.col("detail").fill_null(_UNTAKEN)
        ),
    ])  # fmt: skip


_BLOCKED = ("reason", "detail")


def _decide_rows(
    allowed: pl.DataFrame, stage: MixtureStage, rules: MixtureRules, shares: StageShares | None
) -> pl.DataFrame:
    """Decide about the rows of a stage's sources: how many times each is taken, or the reason and detail."""
    shares = shares or StageShares()
    rows = list_stage_rows(allowed, stage, rules)
    for group in GROUPS:
        highest = shares.caps.get(group, {})
        bounds = pl.DataFrame(
            {group: list(highest), name_bound(group): pl.Series(list(highest.values()), dtype=pl.UInt64)}
        )
        rows = rows.join(bounds.cast({group: pl.String}), on=group, how="left", maintain_order="left")
    is_over_hinted, times = _count_times(rows, shares)
    return _name_reasons(rows.with_columns(is_over_hinted, times), stage)


def name_bound(group: str) -> str:
    """Name the column with the highest rank within the cap of a row's group."""
    return f"highest_{group}"


def _count_times(rows: pl.DataFrame, shares: StageShares) -> tuple[pl.Series, pl.Series]:
    """Count how many times each row is taken, if nothing keeps it out; and find hinted rows over their share."""
    ranks, is_hinted, source = (rows[name].to_numpy() for name in ("rank", "is_hinted", "source"))
    over, times = np.zeros(rows.height, dtype=bool), np.ones(rows.height, dtype=np.int64)
    for name, highest in shares.caps.get(HINTED, {}).items():
        over |= (source == name) & is_hinted & (ranks > highest)
    for name, take in shares.takes.items():
        is_taken = np.where(is_hinted, ranks <= take.highest_hinted, ranks <= take.highest)
        times = np.where(source == name, take.copies + is_taken, times)
    return pl.Series("is_over_hinted", over), pl.Series("times", times, dtype=pl.Int64)


def _name_reasons(rows: pl.DataFrame, stage: MixtureStage) -> pl.DataFrame:
    """Name what keeps rows out of a stage, the first of its rules in their order."""
    cap, tokens = stage.cap, pl.col("prompt_tokens") + pl.col("loss_tokens")
    over = f"over the cap of {{}} rows of the {{}} {{}} in the mixture stage {stage.name}"
    checks = {
        "problem": (pl.col("is_over_problem"), cap.problem, "problem_id"),
        **{group: (pl.col("rank") > pl.col(name_bound(group)), getattr(cap, group), group) for group in GROUPS},
    }
    details = [
        pl.when(is_over).then(pl.format(over, pl.lit(most), pl.lit(name), column))
        for name, (is_over, most, column) in checks.items()
        if most is not None
    ]
    hinted = f"over the share of hinted rows, {stage.hinted}, in the mixture stage {stage.name}"
    long = pl.format(f"{{}} tokens, over the {stage.max_tokens} of the mixture stage {stage.name}", tokens)
    is_long = pl.col("is_long")
    detail = pl.coalesce(pl.when(is_long).then(long), *details, pl.when("is_over_hinted").then(pl.lit(hinted)))
    named = rows.with_columns(detail=detail)
    reason = pl.when("is_long").then(pl.lit(str(Reason.TOO_LONG))).otherwise(pl.lit(str(Reason.OVER_CAP)))
    return named.with_columns(
        reason=pl.when(pl.col("detail").is_not_null()).then(reason),
        times=pl.when(pl.col("detail").is_null()).then("times").otherwise(0),
    )


def _repeat_rows(rows: pl.DataFrame, stage: str) -> pl.DataFrame:
    """List the rows that a stage takes, each as many times as it does."""
    taken = rows.filter(pl.col("times") > 0).with_columns(
        repeat=pl.int_ranges(0, "times", dtype=pl.Int64), mixture_stage=pl.lit(stage)
    )
    return taken.explode("repeat")


def _list_taken(rows: pl.DataFrame) -> pl.DataFrame:
    ids = make_example_ids(rows)
    named = {name: pl.col(name) for name in ("mixture_stage", "repeat")}
    return _make_rows(rows, ids, **named)


def _list_dropped(rows: pl.DataFrame, reason: pl.Expr, detail: pl.Expr) -> pl.DataFrame:
    fields = {"stage": pl.lit(str(Stage.MIX)), "fate": pl.lit(str(Fate.DROPPED)), "reason": reason, "detail": detail}
    return _make_rows(rows, rows["example_id"], **fields)


def _make_rows(rows: pl.DataFrame, ids: pl.Series, **fields: pl.Expr) -> pl.DataFrame:
    values: dict[str, Any] = {"weight": pl.lit(1.0), "fate": pl.lit(str(Fate.KEPT)), "repeat": pl.lit(0, pl.Int64)}
    values |= fields
    columns = {name: values.get(name, pl.lit(None, dtype=kind)) for name, kind in get_schema(MixtureRow).items()}
    return rows.select(**{**columns, "text_id": pl.col("example_id"), "example_id": ids})
