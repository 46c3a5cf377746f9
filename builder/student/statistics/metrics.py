"""Measures that are averaged over problems, and the matrix of their values: students by problems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ....schemas.outcome import Average, SetKind
from ....schemas.reasons import Verdict
from ....schemas.validation import CORRECT, EvalSetting
from ...errors import InputError
from .bootstrap import Matrix


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """A measure that is averaged over problems."""

    name: str
    """Name of the measure."""
    value: pl.Expr
    """Its value for a row of `Outcome`; a null excludes the problem."""
    is_share: bool = True
    """Whether values are 0 or 1, so that the mean is a share of the problems."""
    less_is_better: bool = False
    """Whether a lower mean is better."""


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(name=CORRECT, value=pl.col("correct")),
        Measure(name="gold_logprob", value=pl.col("gold_logprob"), is_share=False),
        Measure(name="reasoned", value=pl.col("reasoned")),
        Measure(name="unreadable", value=pl.col("verdict") == Verdict.NO_ANSWER, less_is_better=True),
        Measure(name="truncated", value=pl.col("verdict") == Verdict.TRUNCATED, less_is_better=True),
        Measure(
            name="right_but_wrong_step", value=pl.col("correct") & (pl.col("wrong_steps") > 0), less_is_better=True
        ),
        Measure(name="tokens", value=pl.col("tokens"), is_share=False, less_is_better=True),
    )
}
"""The measures, by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeMatrix:
    """The values of a measure for some conditions, on the same problems."""

    values: Mapping[str, Matrix]
    """The values of each condition, weighted so that tasks or sets count alike where the setting says so: their mean
    over problems is the mean of the setting. Shape (seeds, problems) each."""
    groups: NDArray[np.int64]
    """The group of each problem. Shape (problems,)."""
    kind: SetKind
    """What the set measures."""
    excluded: int
    """Number of problems without a value."""


def get_measure(measure: str | Measure) -> Measure:
    """Find a measure by its name.

    Raises:
        InputError: there is no such measure.
    """
    if isinstance(measure, Measure):
        return measure
    if measure not in MEASURES:
        raise InputError(f"no measure {measure!r}", hint=f"known: {', '.join(MEASURES)}")
    return MEASURES[measure]


def make_outcome_matrix(
    outcomes: pl.DataFrame, conditions: Sequence[str], setting: EvalSetting, measure: Measure
) -> OutcomeMatrix:
    """Pivot the outcomes of conditions to students by problems, on the problems where every student has a value.

    Args:
        outcomes: rows of `Outcome`.
        conditions: names of the conditions.
        setting: the evaluation setting.
        measure: what is averaged.

    Raises:
        InputError: a condition is missing, or not every student answered the same problems once.
    """
    outcomes = _select_setting(outcomes, setting)
    rows = outcomes.filter(pl.col("condition").is_in(conditions)).select(
        "condition", "seed", "problem_id", "group", "kind", "part", value=measure.value.cast(pl.Float64)
    )
    _check_conditions(outcomes, conditions, setting)
    _check_answered(rows, conditions, setting)
    without_value = rows.filter(pl.col("value").is_null())["problem_id"].unique().implode()
    rows = rows.filter(~pl.col("problem_id").is_in(without_value)).sort("seed", "problem_id")
    if rows.is_empty():
        raise InputError(
            f"{measure.name} was not measured on {_describe_setting(setting)}",
            hint="every problem lacks it for some student",
        )
    problems = rows.unique("problem_id").sort("problem_id")
    weights = problems.select(pl.len() / (pl.col("part").n_unique() * pl.len().over("part"))).to_series().to_numpy()
    return OutcomeMatrix(
        values={
            condition: weights * rows.filter(condition=condition)["value"].to_numpy().reshape(-1, problems.height)
            for condition in conditions
        },
        groups=problems["group"].rank("dense").to_numpy().astype(np.int64) - 1,
        kind=SetKind(problems[0, "kind"]),
        excluded=len(without_value[0]),
    )


_PARTS: Mapping[Average, pl.Expr] = {
    Average.PROBLEMS: pl.lit(""),
    Average.TASKS: pl.col("task").fill_null(""),
    Average.SETS: pl.col("set"),
}
"""What of a row has the same weight in each mean."""


def _select_setting(outcomes: pl.DataFrame, setting: EvalSetting) -> pl.DataFrame:
    """Select the outcomes of a setting, with the column `part`; a problem of two sets is one of each."""
    outcomes = outcomes.filter(format=setting.format, decoding=str(setting.decoding))
    is_over_sets = setting.average is Average.SETS
    outcomes = outcomes.filter(pl.col("kind" if is_over_sets else "set") == setting.set)
    identity = pl.concat_str("set", "problem_id", separator=":") if is_over_sets else pl.col("problem_id")
    return outcomes.with_columns(part=_PARTS[setting.average], problem_id=identity)


def _check_conditions(outcomes: pl.DataFrame, conditions: Sequence[str], setting: EvalSetting) -> None:
    """Raise if a condition has no outcomes in the setting."""
    known = sorted(outcomes["condition"].unique())
    missing = [condition for condition in conditions if condition not in known]
    if missing:
        hint = f"available: {', '.join(known)}" if known else "no outcomes at all; check set, format and decoding"
        raise InputError(f"no outcomes of {', '.join(missing)} on {_describe_setting(setting)}", hint=hint)


def _check_answered(rows: pl.DataFrame, conditions: Sequence[str], setting: EvalSetting) -> None:
    """Raise if not every student answered the same problems, once each."""
    students = rows.select("condition", "seed").unique().height
    counts = rows.group_by("problem_id").agg(pl.len(), pl.struct("condition", "seed").n_unique().alias("students"))
    uneven = counts.filter((pl.col("len") != students) | (pl.col("students") != students)).sort("problem_id")
    if uneven.height:
        raise InputError(
            f"{uneven.height} problems of {_describe_setting(setting)} were not answered once by each student of "
            f"{', '.join(conditions)}, such as {uneven[0, 'problem_id']}",
            hint="evaluate all conditions and seeds on the same problems",
        )


def _describe_setting(setting: EvalSetting) -> str:
    return f"{setting.set} ({setting.format}, {setting.decoding})"


def list_settings(outcomes: pl.DataFrame) -> list[EvalSetting]:
    """List the evaluation settings of outcomes: the target set first, then by name.

    Behind a set with several tasks comes the mean over its tasks, and behind several other or general sets that were
    asked alike the mean over them.
    """
    columns = ["set", "format", "decoding"]
    alone = outcomes.group_by("kind", *columns).agg(tasks=pl.col("task").drop_nulls().n_unique())
    together = alone.filter(pl.col("kind") != SetKind.TARGET).group_by("kind", "format", "decoding").agg(sets=pl.len())
    means = {
        Average.PROBLEMS: alone,
        Average.TASKS: alone.filter(pl.col("tasks") > 1),
        Average.SETS: together.filter(pl.col("sets") > 1).with_columns(set="kind"),
    }
    rows = pl.concat(
        rows.select("kind", *columns, average=pl.lit(str(average), pl.String)) for average, rows in means.items()
    )
    position = pl.col("kind").replace_strict({str(kind): place for place, kind in enumerate(SetKind)})
    ordered = rows.sort(position, pl.col("average") == Average.SETS, *columns, "average")
    return [EvalSetting(**row) for row in ordered.drop("kind").iter_rows(named=True)]


def compute_chance(problems: pl.DataFrame) -> float:
    """Compute the accuracy of always guessing: the most frequent gold answer, or one of the choices.

    Args:
        problems: rows of `Problem` of one set.
    """
    if problems.is_empty():
        return 0.0
    options = pl.col("choices").list.len()
    guess = problems.select(pl.when(options > 0).then(1 / options).otherwise(0.0).mean()).item()
    most = problems["answer"].drop_nulls().str.strip_chars().str.to_lowercase().value_counts()["count"].max()
    return max(float(guess), float(str(most or 0)) / problems.height)


def compute_task_chance(problems: pl.DataFrame) -> float:
    """Compute the mean over tasks of the accuracy of always guessing.

    Args:
        problems: rows of `Problem` of one set.
    """
    tasks = [compute_chance(rows) for _, rows in problems.group_by(pl.col("task").fill_null(""))]
    return sum(sorted(tasks)) / len(tasks) if tasks else 0.0
