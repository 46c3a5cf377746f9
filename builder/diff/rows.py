"""What differs between the rows of one bucket in two versions.

Rows are compared by id. Ids are made from content, so a row that is in one version only came or went, and a row that is
in both may have another verdict, fate or side.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import polars as pl

from ...schemas.reasons import Fate, Stage, Unit

Tables = Mapping[str, pl.DataFrame]
"""`problems`, `samples` and `examples` of one bucket, the columns `COLUMNS`."""


class RowDifference(StrEnum):
    """How a row differs, the most telling first: a row is listed once."""

    ADDED = "added"
    REMOVED = "removed"
    KEPT = "kept"
    """It was dropped."""
    DROPPED = "dropped"
    """It was kept."""
    MOVED = "moved"
    """It is in another split."""
    GOLD = "gold"
    """The problem has another gold answer."""
    REWRITTEN = "rewritten"
    """Its text is another, or its source."""
    VERDICT = "verdict"
    """Its verdict or the answer that is read is another, and its fate the same."""
    OTHER_PATH = "other_path"
    """The sample is counted to another path."""
    OTHER_REASON = "other_reason"
    """It is dropped for another reason."""


STAGE_RANK: Mapping[Stage, int] = {stage: place for place, stage in enumerate(Stage)}
"""The place of each stage in the flow."""

COLUMNS: Mapping[str, Sequence[str]] = {
    "problems": (
        "problem_id", "source", "answer", "answer_type", "split", "pass_rate", "stage", "fate", "reason",
    ),
    "samples": (
        "sample_id", "problem_id", "hint", "verdict", "predicted", "cluster", "teacher", "stage", "fate", "reason",
    ),
    "examples": (
        "example_id", "problem_id", "sample_id", "source", "format", "mixture_stage", "repeat", "split", "characters",
        "loss_tokens", "prompt_tokens", "stage", "fate", "reason",
    ),
}  # fmt: skip
"""The columns that are compared, or counted."""

CHANGE_SCHEMA = pl.Schema({
    "unit": pl.String, "row_id": pl.String, "problem_id": pl.String, "difference": pl.String, "was": pl.String,
    "now": pl.String, "stage": pl.Int64,
})  # fmt: skip
"""A difference: the row (its id in the newer version that has it), what it was and is, and the stage that decided."""

_IS_KEPT = pl.col("fate") == Fate.KEPT
_NOTHING = pl.lit(None, pl.String)
_FATES = (RowDifference.KEPT, RowDifference.DROPPED, RowDifference.OTHER_REASON)


def compare_bucket(before: Tables, after: Tables) -> pl.DataFrame:
    """List the differences between two versions of one bucket.

    Args:
        before: the older version's rows. Where samples or examples have the column `written`, a hash of their texts,
            equal ids may hold other texts.
        after: the newer version's.

    Returns:
        The columns `CHANGE_SCHEMA`, and `origin`: the number of the first stage at which anything of the row's problem
        differs.
    """
    parts = [
        _compare_problems(before["problems"], after["problems"]),
        _compare_samples(before["samples"], after["samples"]),
        _compare_examples(before["examples"], after["examples"]),
    ]
    changes = pl.concat([part.select(CHANGE_SCHEMA.names()).cast(CHANGE_SCHEMA) for part in parts])
    return changes.with_columns(origin=pl.col("stage").min().over(pl.coalesce("problem_id", "row_id")))


def _join(before: pl.DataFrame, after: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Join the rows of both by their keys; the columns of the newer ones end on `_new`."""
    marked = before.with_columns(is_old=pl.lit(value=True))
    other = after.with_columns(is_new=pl.lit(value=True))
    joined = marked.join(other, on=keys, how="full", suffix="_new", coalesce=True, nulls_equal=True)
    return joined.with_columns(pl.col("is_old").fill_null(value=False), pl.col("is_new").fill_null(value=False))


def _differs(column: str) -> pl.Expr:
    return pl.col(column).ne_missing(pl.col(f"{column}_new"))


def _rank_stage(column: str, default: Stage) -> pl.Expr:
    """The number of a stage; that of another one where no stage dropped the row."""
    ranks = {str(stage): rank for stage, rank in STAGE_RANK.items()}
    return pl.col(column).replace_strict(ranks, default=STAGE_RANK[default], return_dtype=pl.Int64)


def _tell_first(tests: Sequence[tuple[RowDifference, pl.Expr]]) -> pl.Expr:
    """Tell the first difference that holds; null where none does."""
    found: pl.Expr = pl.lit(None, dtype=pl.String)
    for difference, holds in reversed(tests):
        found = pl.when(holds).then(pl.lit(str(difference))).otherwise(found)
    return found


def _describe_fate(suffix: str = "") -> pl.Expr:
    """`kept`, or the reason for which a row is dropped; null where the version does not have it."""
    is_there = pl.col("is_new" if suffix else "is_old")
    fate = pl.when(pl.col(f"fate{suffix}") == Fate.KEPT).then(pl.lit(str(Fate.KEPT))).otherwise(f"reason{suffix}")
    return pl.when(is_there).then(fate)


def _decide_stage(default: Stage) -> pl.Expr:
    """The stage that decided a change of fate: the one that drops the row, or dropped it; of two, the earlier one."""
    dropped = pl.min_horizontal(
        pl.when(pl.col("stage").is_not_null()).then(_rank_stage("stage", default)),
        pl.when(pl.col("stage_new").is_not_null()).then(_rank_stage("stage_new", default)),
    )
    return dropped.fill_null(STAGE_RANK[default])


def _pick(cases: Mapping[RowDifference, pl.Expr], default: pl.Expr) -> pl.Expr:
    """Pick an expression by the difference that is found."""
    picked = default
    for difference, value in cases.items():
        picked = pl.when(pl.col("difference") == str(difference)).then(value).otherwise(picked)
    return picked


def _number_stage(stage: Stage) -> pl.Expr:
    """The number of a stage."""
    return pl.lit(STAGE_RANK[stage], pl.Int64)


def _is_rewritten(rows: pl.DataFrame) -> pl.Expr:
    """Whether the texts differ; never, where they were not read."""
    return _differs("written") if "written" in rows.columns else pl.lit(value=False)


# Problems, samples, examples


def _compare_problems(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Compare problems: of several rows with one id, the kept one."""
    old, new = (
        rows.sort("problem_id", ~_IS_KEPT, maintain_order=True).unique("problem_id", keep="first", maintain_order=True)
        for rows in (before, after)
    )
    both = _join(old, new, ["problem_id"])
    fates = pl.col("fate") != pl.col("fate_new")
    found = both.with_columns(
        difference=_tell_first([
            (RowDifference.ADDED, ~pl.col("is_old")),
            (RowDifference.REMOVED, ~pl.col("is_new")),
            (RowDifference.KEPT, fates & (pl.col("fate_new") == Fate.KEPT)),
            (RowDifference.DROPPED, fates),
            (RowDifference.MOVED, _differs("split")),
            (RowDifference.GOLD, _differs("answer") | _differs("answer_type")),
            (RowDifference.REWRITTEN, _differs("source")),
            (RowDifference.OTHER_REASON, _differs("reason")),
        ])
    ).drop_nulls("difference")  # fmt: skip
    return found.with_columns(
        unit=pl.lit(str(Unit.PROBLEM)),
        row_id="problem_id",
        was=_pick({RowDifference.MOVED: pl.col("split"), RowDifference.GOLD: _NOTHING,
                   RowDifference.REWRITTEN: pl.col("source")}, _describe_fate()),
        now=_pick({RowDifference.MOVED: pl.col("split_new"), RowDifference.GOLD: _NOTHING,
                   RowDifference.REWRITTEN: pl.col("source_new")}, _describe_fate("_new")),
        stage=_pick(
            dict.fromkeys(_FATES, _decide_stage(Stage.SOURCES)), _number_stage(Stage.SOURCES)
        ),
    )  # fmt: skip


def _compare_samples(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Compare samples; what differs in texts is found by their hashes."""
    both = _join(before, after, ["sample_id"])
    fates = pl.col("fate") != pl.col("fate_new")
    found = both.with_columns(
        problem_id=pl.coalesce("problem_id_new", "problem_id"),
        difference=_tell_first([
            (RowDifference.ADDED, ~pl.col("is_old")),
            (RowDifference.REMOVED, ~pl.col("is_new")),
            (RowDifference.KEPT, fates & (pl.col("fate_new") == Fate.KEPT)),
            (RowDifference.DROPPED, fates),
            (RowDifference.REWRITTEN, _is_rewritten(before)),
            (RowDifference.VERDICT, _differs("verdict") | _differs("predicted")),
            (RowDifference.OTHER_REASON, _differs("reason")),
            (RowDifference.OTHER_PATH, _differs("cluster")),
        ]),
    ).drop_nulls("difference")  # fmt: skip
    by_fate = pl.when(_differs("verdict")).then(_number_stage(Stage.VERIFY)).otherwise(_decide_stage(Stage.VERIFY))
    return found.with_columns(
        unit=pl.lit(str(Unit.SAMPLE)),
        row_id="sample_id",
        was=_pick({RowDifference.VERDICT: pl.col("verdict"), RowDifference.OTHER_PATH: _NOTHING},
                  _describe_fate()),
        now=_pick({RowDifference.VERDICT: pl.col("verdict_new"), RowDifference.OTHER_PATH: _NOTHING},
                  _describe_fate("_new")),
        stage=_pick(
            {
                RowDifference.ADDED: _number_stage(Stage.TEACHER),
                RowDifference.REMOVED: _number_stage(Stage.TEACHER),
                RowDifference.REWRITTEN: _number_stage(Stage.TEACHER),
                RowDifference.VERDICT: _number_stage(Stage.VERIFY),
                RowDifference.OTHER_PATH: _number_stage(Stage.SELECT),
            },
            pl.when(_is_rewritten(before)).then(_number_stage(Stage.TEACHER)).otherwise(by_fate),
        ),
    )  # fmt: skip


def _compare_examples(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Compare the rows that are trained on: by sample, format, stage of the mixture and repetition.

    One that shows other demonstrations is rewritten. What is dropped says why by the reason that its sample has in this
    format.
    """
    keys = ["problem_id", "sample_id", "format", "mixture_stage", "repeat"]
    old, new = (rows.filter(_IS_KEPT) for rows in (before, after))
    both = _join(old, new, keys)
    is_written = _differs("characters") | _is_rewritten(before)
    found = both.with_columns(
        difference=_tell_first([
            (RowDifference.ADDED, ~pl.col("is_old")),
            (RowDifference.REMOVED, ~pl.col("is_new")),
            (RowDifference.MOVED, _differs("split")),
            (RowDifference.REWRITTEN, _differs("example_id") | is_written),
        ])
    ).drop_nulls("difference")  # fmt: skip
    reasons = [_list_reasons(rows, name) for rows, name in ((before, "dropped"), (after, "dropped_new"))]
    for rows in reasons:
        found = found.join(rows, on=["problem_id", "sample_id", "format"], how="left", nulls_equal=True)
    there = pl.when(pl.col("mixture_stage").is_null()).then(pl.lit("kept")).otherwise(pl.lit("trained on"))
    return found.with_columns(decided=pl.coalesce("dropped_stage", "dropped_new_stage")).with_columns(
        unit=pl.lit(str(Unit.EXAMPLE)),
        row_id=pl.coalesce("example_id_new", "example_id"),
        was=pl.when(pl.col("is_old")).then(there).otherwise("dropped"),
        now=pl.when(pl.col("is_new")).then(there).otherwise("dropped_new"),
        stage=_pick(
            {
                RowDifference.MOVED: _number_stage(Stage.SOURCES),
                RowDifference.REWRITTEN: _number_stage(Stage.FORMAT),
            },
            _rank_stage("decided", Stage.FORMAT),
        ),
    )  # fmt: skip


def _list_reasons(examples: pl.DataFrame, name: str) -> pl.DataFrame:
    """List why rows of a sample in a format are dropped, and where."""
    dropped = examples.filter(~_IS_KEPT).unique(
        ["problem_id", "sample_id", "format"], keep="first", maintain_order=True
    )
    return dropped.select(
        "problem_id", "sample_id", "format", pl.col("reason").alias(name), pl.col("stage").alias(f"{name}_stage")
    )
