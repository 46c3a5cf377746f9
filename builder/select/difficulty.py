"""How hard a problem is for its teachers: the share of unhinted answers that are correct, and limits on it."""

import polars as pl

from ...schemas.problem import Split
from ...schemas.reasons import Fate, Reason, Stage, Verdict
from ...schemas.recipe import PassRate
from ...schemas.sample import Hint
from ..store.funnel import CAME_THROUGH

RATED_COLUMNS = ("problem_id", "hint", "verdict", "consensus")
"""The columns of a sample that a pass rate depends on."""

IS_TRIED = (
    pl.col("consensus").is_null()
    & (pl.col("hint") != Hint.HINTED)
    & pl.col("verdict").is_in([
        str(verdict) for verdict in (Verdict.CORRECT, Verdict.WRONG, Verdict.NO_ANSWER, Verdict.TRUNCATED)
    ])
)  # fmt: skip
"""Whether a sample counts: an unhinted answer that was held against a gold answer, or that came to none."""


def count_tries(samples: pl.DataFrame) -> pl.DataFrame:
    """Count the answers of each problem that its pass rate is made from.

    Args:
        samples: `RATED_COLUMNS` of judged samples.

    Returns:
        Columns problem_id, tries, correct. A problem without such answers is left out.
    """
    tried = samples.filter(IS_TRIED).group_by("problem_id")
    return tried.agg(tries=pl.len().cast(pl.Int64), correct=(pl.col("verdict") == Verdict.CORRECT).sum().cast(pl.Int64))


def apply_pass_rates(problems: pl.DataFrame, samples: pl.DataFrame, limits: PassRate) -> pl.DataFrame:
    """Rate problems by their samples, and drop those to train on that are outside the limits.

    Args:
        problems: rows of `Problem`, as the sources made them.
        samples: `RATED_COLUMNS` of all their samples.
        limits: the limits. A problem with too few answers is within them, and so is one of the test split.

    Returns:
        The rows with `pass_rate`, null where no answer counts; and stage, fate, reason and detail of those dropped.
    """
    rated = problems.join(count_tries(samples), on="problem_id", how="left", maintain_order="left")
    rate = pl.when(CAME_THROUGH).then(pl.col("correct") / pl.col("tries"))
    is_known = (pl.col("fate") == Fate.KEPT) & (pl.col("split") == Split.TRAIN) & (pl.col("tries") >= limits.answers)
    reason = (
        pl.when(is_known & (pl.col("pass_rate") > (1.0 if limits.most is None else limits.most)))
        .then(pl.lit(str(Reason.TOO_EASY)))
        .when(is_known & (pl.col("pass_rate") < (0.0 if limits.least is None else limits.least)))
        .then(pl.lit(str(Reason.TOO_HARD)))
    )
    counted = pl.format("{} of {} unhinted answers are correct; select.pass_rate", "correct", "tries")
    bounds = {Reason.TOO_EASY: f" has most: {limits.most}", Reason.TOO_HARD: f" has least: {limits.least}"}
    bound = pl.col("new").replace_strict({str(name): text for name, text in bounds.items()}, default=None)
    rated = rated.with_columns(pass_rate=rate).with_columns(new=reason)
    is_dropped = pl.col("new").is_not_null()
    return rated.with_columns(
        stage=pl.when(is_dropped).then(pl.lit(str(Stage.SELECT))).otherwise("stage"),
        fate=pl.when(is_dropped).then(pl.lit(str(Fate.DROPPED))).otherwise("fate"),
        reason=pl.coalesce("new", "reason"),
        detail=pl.coalesce(pl.when(is_dropped).then(pl.concat_str(counted, bound)), "detail"),
    ).select(problems.columns)


def follow_problems(samples: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """Drop the kept samples of problems that were dropped for their pass rate, for the same reason.

    Args:
        samples: rows of `Sample`, judged and chosen.
        problems: the result of `apply_pass_rates`.
    """
    dropped = problems.filter(pl.col("stage") == Stage.SELECT).select("problem_id", why="reason", how="detail")
    if not dropped.height:
        return samples
    found = samples.join(dropped, on="problem_id", how="left", maintain_order="left")
    follows = pl.col("why").is_not_null() & (pl.col("fate") == Fate.KEPT)
    return found.with_columns(
        stage=pl.when(follows).then(pl.lit(str(Stage.SELECT))).otherwise("stage"),
        fate=pl.when(follows).then(pl.lit(str(Fate.DROPPED))).otherwise("fate"),
        reason=pl.when(follows).then("why").otherwise("reason"),
        detail=pl.when(follows).then("how").otherwise("detail"),
    ).select(samples.columns)
