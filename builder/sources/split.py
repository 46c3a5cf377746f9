"""Apply the recipe's limit, and put each problem into its cluster and split."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from ...schemas.ids import rank
from ...schemas.problem import Problem
from ...schemas.reasons import Fate, Reason, Stage

IS_KEPT = pl.col("fate") == Fate.KEPT
"""Whether a row is kept."""

ORDER = ("source_index", "position")
"""The columns that give the order of the rows."""


def drop_problem(problem: Problem, reason: Reason, detail: str) -> Problem:
    """Return the problem as dropped in the stage `sources`."""
    return replace(problem, stage=Stage.SOURCES, fate=Fate.DROPPED, reason=reason, detail=detail)


def drop_rows(rows: pl.DataFrame, reason: Reason, details: Mapping[int, str]) -> pl.DataFrame:
    """Drop rows in the stage `sources`, as `drop_problem` does.

    Args:
        rows: rows of `Problem`.
        reason: why.
        details: the detail of each row to drop, by its place in the table.
    """
    if not details:
        return rows
    texts = pl.Series("text", [details.get(place) for place in range(rows.height)], pl.String)
    dropped = texts.is_not_null()
    values = {"stage": Stage.SOURCES, "fate": Fate.DROPPED, "reason": reason}
    changed = [pl.when(dropped).then(pl.lit(str(value))).otherwise(name).alias(name) for name, value in values.items()]
    return rows.with_columns(*changed, detail=pl.coalesce(texts, "detail"))


def rank_rows(rows: pl.DataFrame, roles: Mapping[str, str], seed: int) -> pl.Series:
    """Rank the kept rows for the recipe's limit; null for the others and for evaluation sets, which have no limit."""
    ids = _select_kept(rows, roles, pl.col("problem_id"))
    return pl.Series("limit_rank", [None if item is None else rank(f"limit:{seed}", item) for item in ids], pl.UInt64)


def apply_limit(rows: pl.DataFrame, limit: int, highest: Mapping[str, int], roles: Mapping[str, str]) -> pl.DataFrame:
    """Keep the problems of lowest rank in each role and drop the others.

    Args:
        rows: rows of `Problem`, with `limit_rank`.
        limit: the number of problems for each role.
        highest: the highest rank that stays, by role; a role that is not named stays as a whole.
        roles: the role of each source.
    """
    over = pl.lit(value=False)
    for role, most in highest.items():
        names = [name for name, of_role in roles.items() if of_role == role]
        over = over | (pl.col("source").is_in(names) & (pl.col("limit_rank") > pl.lit(most, pl.UInt64)))
    is_over = rows.with_columns(over=over.fill_null(value=False))["over"]
    detail = f"beyond the recipe's limit of {limit} problems"
    return drop_rows(rows, Reason.OVER_CAP, dict.fromkeys(is_over.arg_true().to_list(), detail))


def mark_over_cap(
    sides: pl.DataFrame, rows: pl.DataFrame, cap: int | None, roles: Mapping[str, str], seed: int
) -> pl.DataFrame:
    """Mark the problems beyond the cap of their cluster: of each role as many as it allows stay, the lowest by hash.

    Args:
        sides: problem_id, cluster, split and crosses of all problems, as `clusters` found them.
        rows: problem_id and source of the same problems.
        cap: how many problems of a cluster stay, for each role; None for all.
        roles: the role of each source.
        seed: the recipe's.

    Returns:
        The rows with the column over: how many problems of the role the cluster has; null within the cap.
    """
    if cap is None:
        return sides.with_columns(over=pl.lit(None, pl.Int64))
    role = pl.col("source").replace_strict(dict(roles), return_dtype=pl.String)
    known = sides.join(rows.select("problem_id", role=role), on="problem_id", maintain_order="left")
    large = known.filter(pl.col("crosses").is_null()).with_columns(size=pl.len().over("cluster", "role").cast(pl.Int64))
    large = large.filter(pl.col("size") > cap)
    hashes = [rank(f"cluster_cap:{seed}", problem_id) for problem_id in large["problem_id"]]
    ranked = large.with_columns(pl.Series("hash", hashes, pl.UInt64)).sort("hash", "problem_id")
    place = pl.int_range(pl.len()).over("cluster", "role")
    over = ranked.filter(place >= cap).select("problem_id", over="size")
    return sides.join(over, on="problem_id", how="left", maintain_order="left")


def apply_sides(rows: pl.DataFrame, sides: pl.DataFrame, roles: Mapping[str, str], cap: int | None) -> pl.DataFrame:
    """Put the kept problems to train on into their clusters and splits; drop those that would join two splits (law 6).

    Those beyond the cap of their cluster are dropped too, and keep their side.

    Args:
        rows: rows of `Problem`.
        sides: problem_id, cluster, split and crosses, as `clusters` found them; and over, of `mark_over_cap`.
        roles: the role of each source.
        cap: the cap.
    """
    is_put = IS_KEPT & is_training(roles)
    found = rows.select("problem_id", "origin", is_put=is_put).join(
        sides, on="problem_id", how="left", maintain_order="left"
    )
    columns = [pl.when(is_put).then(found[name]).alias(name) for name in ("cluster", "split")]
    crossing = found.select("origin", crosses=pl.when("is_put").then("crosses")).with_row_index().drop_nulls("crosses")
    details = {place: f"{origin}: {why}" for place, origin, why in crossing.iter_rows()}
    rows = drop_rows(rows.with_columns(columns), Reason.CROSSES_SPLIT, details)
    capped = found.select("cluster", "origin", over=pl.when("is_put").then("over")).with_row_index().drop_nulls("over")
    return drop_rows(rows, Reason.OVER_CAP, {
        place: f"{origin}: cluster {cluster} has {size:,} such problems; cluster_cap is {cap:,}"
        for place, cluster, origin, size in capped.iter_rows()
    })  # fmt: skip


def _select_kept(rows: pl.DataFrame, roles: Mapping[str, str], value: pl.Expr) -> pl.Series:
    """Select a value of the kept rows to train on; null for the others."""
    return rows.select(pl.when(IS_KEPT & is_training(roles)).then(value)).to_series()


def is_training(roles: Mapping[str, str]) -> pl.Expr:
    """Whether a row is of a source to train on, by the role of each source."""
    return ~pl.col("source").is_in(list_evaluations(roles))


def list_evaluations(roles: Mapping[str, str]) -> Sequence[str]:
    """List the sources that are evaluation sets."""
    return [name for name, role in roles.items() if role == "evaluate"]
