"""The funnel: rows in, kept and dropped for each stage, counted in the tables.

Law 1: every row carries the stage and the reason that dropped it, so that rows in = kept + dropped can be counted;
`check_fates` refuses tables in which a row has no clear fate.
"""

from collections import Counter
from collections.abc import Mapping

import polars as pl

from ...schemas.manifest import FunnelRow
from ...schemas.reasons import ORDER, Fate, Reason, Stage, Unit, Verdict

TABLES: Mapping[Unit, str] = {Unit.PROBLEM: "problems", Unit.SAMPLE: "samples", Unit.EXAMPLE: "examples"}
"""The table of each unit."""

IDS: Mapping[str, str] = {"problems": "problem_id", "samples": "sample_id", "examples": "example_id"}
"""The column that names the rows of each table."""

STAGES: Mapping[Unit, tuple[Stage, ...]] = {
    Unit.PROBLEM: (Stage.SOURCES, Stage.SELECT),
    Unit.SAMPLE: (Stage.TEACHER, Stage.VERIFY, Stage.SELECT),
    Unit.EXAMPLE: (Stage.FORMAT, Stage.MIX),
}
"""The stages that each unit goes through, in order."""


_ON_REQUEST = frozenset({(Unit.PROBLEM, Stage.SELECT)})
"""Stages that drop a unit where a recipe asks for it; the funnel has them where they did."""

CAME_THROUGH = pl.col("stage").is_null() | (pl.col("stage") == Stage.SELECT)
"""Whether a problem came through its source: it was kept, or it was dropped for the answers to it."""

TRUSTED = (Verdict.CORRECT, Verdict.PROVIDED, Verdict.UNCHECKED, Verdict.AGREED, Verdict.ACCEPTED)
"""Verdicts of samples that may be kept; `unchecked` only where the recipe asks for no check of answers, `agreed`
only where the problem has no gold answer, and `accepted` only where a person read it."""


def count_funnel(tables: Mapping[str, pl.DataFrame]) -> list[FunnelRow]:
    """Count the rows that each stage took in, kept, and dropped for each reason.

    Args:
        tables: the tables `problems`, `samples` and `examples`.
    """
    return build_funnel(sum((count_fates(name, frame) for name, frame in tables.items()), Counter()))


def count_fates(name: str, frame: pl.DataFrame) -> Counter[str]:
    """Count the rows of a table, and those that each stage dropped for each reason.

    The counts of buckets add up to those of the table.

    Returns:
        Counts by `rows:TABLE` and `dropped:TABLE:STAGE:REASON`.
    """
    counts = Counter({f"rows:{name}": frame.height})
    dropped = frame.filter(pl.col("stage").is_not_null()).group_by("stage", "reason").len()
    counts.update({f"dropped:{name}:{stage}:{reason}": rows for stage, reason, rows in dropped.iter_rows()})
    return counts


def build_funnel(counts: Mapping[str, int]) -> list[FunnelRow]:
    """Build the funnel from the counts of `count_fates` for all tables."""
    rows: list[FunnelRow] = []
    for unit, stages in STAGES.items():
        coming = counts.get(f"rows:{TABLES[unit]}", 0)
        for stage in stages:
            reasons = _list_reasons(counts, f"dropped:{TABLES[unit]}:{stage}:")
            kept = coming - sum(reasons.values())
            if not reasons and (unit, stage) in _ON_REQUEST:
                continue
            listed: list[tuple[Reason | None, int]] = list(reasons.items()) or [(None, 0)]
            rows += [
                FunnelRow(stage=stage, unit=unit, rows_in=coming, kept=kept, dropped=dropped, reason=reason)
                for reason, dropped in listed
            ]
            coming = kept
    return rows


def _list_reasons(counts: Mapping[str, int], prefix: str) -> dict[Reason, int]:
    reasons = {Reason(key.removeprefix(prefix)): rows for key, rows in counts.items() if key.startswith(prefix)}
    return dict(sorted(reasons.items(), key=lambda pair: ORDER[pair[0]]))


def build_funnel_table(rows: list[FunnelRow]) -> pl.DataFrame:
    """Build the funnel as a table with the columns stage, unit, rows_in, kept, dropped, reason."""
    schema = {
        "stage": pl.String, "unit": pl.String, "rows_in": pl.Int64, "kept": pl.Int64, "dropped": pl.Int64,
        "reason": pl.String,
    }  # fmt: skip
    return pl.DataFrame([row.model_dump(mode="json") for row in rows], schema=schema)


def check_fates(tables: Mapping[str, pl.DataFrame]) -> None:
    """Check law 1: each row has one fate, each dropped row a stage and a reason, and no id is there twice.

    A kept sample was found correct, was provided, or is marked as unchecked or agreed.

    Raises:
        RuntimeError: a row breaks the law; that is a fault of Cotloom.
    """
    for name, frame in tables.items():
        check_table_fates(name, frame)


def check_table_fates(name: str, frame: pl.DataFrame) -> None:
    """Check law 1 on one table, or on a bucket of it; see `check_fates`.

    Raises:
        RuntimeError: a row breaks the law.
    """
    unit = next(unit for unit, table in TABLES.items() if table == name)
    dropped = pl.col("fate") == Fate.DROPPED
    explained = pl.col("stage").is_in([str(stage) for stage in STAGES[unit]]) & pl.col("reason").is_not_null()
    silent = pl.col("stage").is_null() & pl.col("reason").is_null() & (pl.col("fate") == Fate.KEPT)
    broken = frame.filter(~((dropped & explained) | silent).fill_null(value=False))
    if broken.height:
        message = f"law 1 is broken: {broken.height} {name} have no clear fate, such as {broken[0, IDS[name]]}"
        raise RuntimeError(message)
    rows = frame if unit is not Unit.PROBLEM else frame.filter(~dropped)
    if rows[IDS[name]].n_unique() != rows.height:
        message = f"law 1 is broken: an id stands twice among the {name}"
        raise RuntimeError(message)
    if unit is Unit.SAMPLE:
        _check_kept_samples(frame.filter(pl.col("fate") == Fate.KEPT))


def _check_kept_samples(kept: pl.DataFrame) -> None:
    """Check that nothing was kept that nobody found right, unless it says so (law 10)."""
    if kept.height:
        unjudged = kept.filter(~pl.col("verdict").is_in([str(verdict) for verdict in TRUSTED]).fill_null(value=False))
        if unjudged.height:
            count, sample = unjudged.height, unjudged[0, "sample_id"]
            message = f"law 10 is broken: {count} kept samples have no verdict that allows it, such as {sample}"
            raise RuntimeError(message)
