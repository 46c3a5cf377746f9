"""What each stage takes: caps over all buckets, hinted shares, and shares between sources, from ranks alone.

A stage's rows leave their bucket as ranks with the names of their groups. What is decided is a highest rank for each
group, so a bucket can tell by itself which of its rows are taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...schemas.formats import MixtureStage, MixtureUnit
from ..errors import InputError
from .quotas import Ranks, compute_quota, rank_rows, weigh_sizes
from .rules import GROUPS, HINTED, MixtureRules, StageShares, Take

Integers = NDArray[np.int64]

_SIZES: Mapping[MixtureUnit, pl.Expr] = {
    MixtureUnit.ROWS: pl.lit(1, pl.Int64),
    MixtureUnit.TOKENS: pl.col("prompt_tokens") + pl.col("loss_tokens"),
    MixtureUnit.LOSS: pl.col("loss_tokens"),
}
"""How much of a stage a row is."""


def is_ranked(stage: MixtureStage) -> bool:
    """Whether what a stage takes depends on rows of all buckets."""
    is_capped = any(getattr(stage.cap, group) is not None for group in GROUPS)
    is_cut = any(share != "all" for share in stage.take.values())
    return is_capped or is_cut or stage.hinted is not None or stage.is_shared


def list_stage_rows(allowed: pl.DataFrame, stage: MixtureStage, rules: MixtureRules) -> pl.DataFrame:
    """List the rows that a stage may take, with what keeps others out.

    Args:
        allowed: training rows of a bucket within the weights of formats, `CANDIDATE_COLUMNS` and `FACT_COLUMNS`.
        stage: the stage.
        rules: the seed.

    Returns:
        The rows of its sources; `rank`; `size`, in the unit of `by`; `task` and `category`, named where a row has none;
        `is_long`; `is_over_problem`, over the cap of its problem.
    """
    own = allowed.filter(pl.col("source").is_in(list(stage.take)))
    tokens = pl.col("prompt_tokens") + pl.col("loss_tokens")
    ranked = own.with_columns(
        pl.Series("rank", rank_rows(own, f"mix:{rules.seed}:{stage.name}"), dtype=pl.UInt64),
        _SIZES[stage.by].cast(pl.Int64).alias("size"),
        (tokens > stage.max_tokens if stage.max_tokens else pl.lit(value=False)).alias("is_long"),
        *(pl.coalesce(group, pl.format("{} without a {}", "source", pl.lit(group))).alias(group)
          for group in ("task", "category")),
    )  # fmt: skip
    place = pl.col("rank").rank("ordinal").over("problem_id", "is_long")
    most = stage.cap.problem
    is_over = ~pl.col("is_long") & (place > most) if most else pl.lit(value=False)
    return ranked.with_columns(is_over_problem=is_over)


def rank_stage(allowed: pl.DataFrame, stage: MixtureStage, rules: MixtureRules) -> pl.DataFrame:
    """Rank the rows that a stage may take, within `max_tokens` and the cap of their problem.

    Returns:
        Columns rank, size, is_hinted, source; task and category, where a cap names them.
    """
    groups = [group for group in GROUPS if group == "source" or getattr(stage.cap, group) is not None]
    rows = list_stage_rows(allowed, stage, rules).filter(~pl.col("is_long") & ~pl.col("is_over_problem"))
    return rows.select("rank", "size", "is_hinted", *groups)


def decide_stage(rows: pl.DataFrame, stage: MixtureStage) -> StageShares:
    """Decide what a stage takes.

    Args:
        rows: the results of `rank_stage`, of all buckets, in any order.
        stage: the stage.

    Raises:
        InputError: it asks for more rows or tokens than there are.
    """
    caps: dict[str, Mapping[str, int]] = {}
    for group in GROUPS:
        most = getattr(stage.cap, group)
        if most is not None:
            rows, caps[group] = _cut_groups(rows, group, most)
    sources = {name: _order_rows(rows.filter(pl.col("source") == name), stage.hinted) for name in stage.take}
    if stage.hinted is not None:
        caps[HINTED] = {name: own.highest_hinted for name, own in sources.items() if own.is_limited}
    counts = {name: _count_taken(stage, name, len(own.ranks)) for name, own in sources.items()}
    if not stage.is_shared:
        return StageShares(caps=caps, takes={name: own.take(counts[name]) for name, own in sources.items()})
    sizes = {name: own.measure(counts[name]) for name, own in sources.items()}
    weights = _weigh_sources(stage, sizes)
    quotas = share_total(stage, sizes, weights)
    whole = sum(weights.values())
    takes = {
        name: replace(
            own.take(min(own.fit(quotas[name]), counts[name])),
            share=float(weights[name] / whole) if whole else None,
        )
        for name, own in sources.items()
    }
    return StageShares(caps=caps, takes=takes)


def _cut_groups(rows: pl.DataFrame, group: str, most: int) -> tuple[pl.DataFrame, dict[str, int]]:
    """Cut each group to so many rows of lowest rank. Returns what is left, and the highest rank of each that is cut."""
    ranks = pl.col("rank")
    cut = rows.group_by(group).agg(count=pl.len(), highest=ranks.bottom_k(most).max()).filter(pl.col("count") > most)
    joined = rows.join(cut.select(group, "highest"), on=group, how="left")
    left = joined.filter((ranks <= pl.col("highest")).fill_null(value=True)).drop("highest")
    return left, dict(cut.select(pl.col(group).cast(pl.String), "highest").sort(group).iter_rows())


@dataclass(frozen=True, kw_only=True, slots=True)
class _SourceRows:
    """The rows of one source within all caps, in the order in which they are taken."""

    ranks: Ranks
    """Their ranks."""
    is_hinted: NDArray[np.bool_]
    """Whether each is hinted."""
    ends: Integers
    """The sizes of all rows up to each, a zero first."""
    is_limited: bool
    """Whether hinted rows were left out."""

    @property
    def highest_hinted(self) -> int:
        """The highest rank of a hinted row; -1 where there is none."""
        return max(self.ranks[self.is_hinted].tolist(), default=-1)

    def measure(self, count: int) -> int:
        """The size of so many rows; after the last one they begin anew."""
        copies, rest = divmod(count, len(self.ranks)) if len(self.ranks) else (0, 0)
        return copies * int(self.ends[-1]) + int(self.ends[rest])

    def fit(self, size: int) -> int:
        """The most rows that are not larger than a size."""
        whole = int(self.ends[-1])
        copies, rest = divmod(size, whole) if whole else (0, 0)
        return copies * len(self.ranks) + int(np.searchsorted(self.ends, rest, side="right")) - 1

    def take(self, count: int) -> Take:
        """Take so many rows."""
        copies, rest = divmod(count, len(self.ranks)) if len(self.ranks) else (0, 0)
        ranks, is_hinted = self.ranks[:rest], self.is_hinted[:rest]
        return Take(
            copies=copies,
            highest=max(ranks[~is_hinted].tolist(), default=-1),
            highest_hinted=max(ranks[is_hinted].tolist(), default=-1),
            available=len(self.ranks),
        )


def _order_rows(rows: pl.DataFrame, hinted: float | None) -> _SourceRows:
    """Put the rows of a source in the order in which they are taken.

    A hinted row stands behind as many unhinted ones as its share demands. So whatever part of the order is taken, from
    its beginning on, keeps the share.
    """
    own = rows.sort("rank")
    ranks, is_hinted = own["rank"].to_numpy(), own["is_hinted"].to_numpy()
    order = np.arange(len(ranks))
    if hinted is not None:
        order = _limit_hinted(is_hinted, Fraction(str(hinted)).limit_denominator(10**6))
    sizes = own["size"].to_numpy()[order]
    return _SourceRows(
        ranks=ranks[order],
        is_hinted=is_hinted[order],
        ends=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        is_limited=len(order) < len(ranks),
    )


def _limit_hinted(is_hinted: NDArray[np.bool_], share: Fraction) -> Integers:
    """Order rows so that from the beginning on, hinted ones are never more than a share. Returns their places."""
    others, places = np.flatnonzero(~is_hinted), np.flatnonzero(is_hinted)
    most = floor(len(others) * share / (1 - share))
    places = places[:most]
    if not len(places):
        return others
    numbers = np.arange(1, len(places) + 1, dtype=np.int64)
    needed = -(-numbers * (share.denominator - share.numerator) // share.numerator)  # unhinted rows before each
    behind = np.maximum(places, others[needed - 1])
    together = np.concatenate([others, places])
    return together[np.lexsort((together, is_hinted[together], np.concatenate([others, behind])))]


def _count_taken(stage: MixtureStage, source: str, available: int) -> int:
    """Count the rows that a stage takes of a source, repeated ones too."""
    share = stage.take[source]
    count = compute_quota(share, available)
    if isinstance(share, int) and count > available:
        raise InputError(
            f"mixture stage {stage.name} takes {count:,} rows of {source}, and {available:,} are within its caps:"
            f" {count - available:,} too few",
            hint=f"{source}: all takes what there is, {source}: 2/1 takes each row twice",
            keys=(f"mixture.stages.{stage.name}.take.{source}",),
        )
    return count


# Shares between sources


def _weigh_sources(stage: MixtureStage, sizes: Mapping[str, int]) -> dict[str, Fraction]:
    """Weigh the sources of a stage: as it says, or by their sizes."""
    if stage.weights is None:
        return weigh_sizes(sizes, stage.temperature or 1.0)
    empty = [name for name, size in sizes.items() if not size]
    if empty and any(sizes.values()):
        raise InputError(
            f"the source {empty[0]} has a weight in mixture stage {stage.name}, and no rows",
            hint="leave it out of take and weights, or see in the funnel why its rows were dropped",
            keys=(f"mixture.stages.{stage.name}.weights.{empty[0]}",),
        )
    return {name: Fraction(str(stage.weights[name])) for name in sizes}


def share_total(stage: MixtureStage, sizes: Mapping[str, int], weights: Mapping[str, Fraction]) -> dict[str, int]:
    """Share out the total of a stage, or as much as the scarcest source allows, by weights.

    Args:
        stage: the stage.
        sizes: the rows or tokens that each source has.
        weights: the weights.

    Returns:
        The rows or tokens of each source: its share, rounded up or down so that all come to the total; or rounded down,
        where no total is given.

    Raises:
        InputError: a source has too little.
    """
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(sizes, 0)
    scale = min(sizes[name] / weight for name, weight in weights.items() if weight)
    if stage.total is None:
        return {name: floor(scale * weight) for name, weight in weights.items()}
    exact = {name: stage.total * weight / whole for name, weight in weights.items()}
    _check_sizes(stage, sizes, exact, floor(scale * whole))
    quotas = {name: floor(share) for name, share in exact.items()}
    by_rest = sorted(exact, key=lambda name: (quotas[name] - exact[name], name))
    growing = [name for name in by_rest if exact[name] > quotas[name] < sizes[name]]
    for name in growing[: stage.total - sum(quotas.values())]:
        quotas[name] += 1
    return quotas


def _check_sizes(stage: MixtureStage, sizes: Mapping[str, int], shares: Mapping[str, Fraction], most: int) -> None:
    for name, share in shares.items():
        if floor(share) > sizes[name]:
            unit = "rows" if stage.by is MixtureUnit.ROWS else "tokens"
            raise InputError(
                f"mixture stage {stage.name} asks for {floor(share):,} {unit} of {name}, and there are"
                f" {sizes[name]:,}: {floor(share) - sizes[name]:,} too few",
                hint=f"total: {most} is the most that its shares allow; {name}: 2/1 in take has each row twice",
                keys=(f"mixture.stages.{stage.name}.total",),
            )
