"""What is averaged over problems, and the outcomes laid out for it: students by problems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.student.statistics.bootstrap import Matrix
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.validation import CORRECT, Asked
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """Something to average over problems."""

    name: str
    """Its name."""
    value: pl.Expr
    """Its value for a row of outcomes; a null leaves the problem out."""
    share: bool = True
    """Whether it is yes or no, so that its mean is a share of the problems."""
    less_is_better: bool = False
    """Whether a lower mean is the better one."""


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(name=CORRECT, value=pl.col("correct")),
        Measure(name="gold_logprob", value=pl.col("gold_logprob"), share=False),
        Measure(name="reasoned", value=pl.col("reasoned")),
        Measure(name="unreadable", value=pl.col("verdict") == Verdict.NO_ANSWER, less_is_better=True),
        Measure(name="truncated", value=pl.col("verdict") == Verdict.TRUNCATED, less_is_better=True),
        Measure(
            name="right_but_wrong_step", value=pl.col("correct") & (pl.col("wrong_steps") > 0), less_is_better=True
        ),
        Measure(name="tokens", value=pl.col("tokens"), share=False, less_is_better=True),
    )
}
"""What can be averaged, by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The values of some arms on the same problems."""

    arms: Mapping[str, Matrix]
    """Shape (seeds, problems) each."""
    groups: NDArray[np.int64]
    """The group of each problem. Shape (problems,)."""
    kind: SetKind
    """What the set measures."""
    left_out: int
    """Problems without a value."""


def measure_of(measure: str | Measure) -> Measure:
    """Find a measure by its name.

    Raises:
        InputError: there is none.
    """
    if isinstance(measure, Measure):
        return measure
    if measure not in MEASURES:
        raise InputError(f"no measure {measure!r}", hint=f"known: {', '.join(MEASURES)}")
    return MEASURES[measure]


def lay_out(outcomes: pl.DataFrame, arms: Sequence[str], asked: Asked, measure: Measure) -> Table:
    """Lay the values of arms out, on the problems where every student has one.

    Args:
        outcomes: rows of `Outcome`.
        arms: the arms.
        asked: the way of asking.
        measure: what is averaged.

    Raises:
        InputError: an arm is not there, or the students were not asked the same problems, once each.
    """
    at = outcomes.filter(set=asked.set, format=asked.format, decoding=str(asked.decoding))
    rows = at.filter(pl.col("arm").is_in(arms)).select(
        "arm", "seed", "problem_id", "group", "kind", value=measure.value.cast(pl.Float64)
    )
    _check_answered(at, rows, arms, asked)
    missing = rows.filter(pl.col("value").is_null())["problem_id"].unique().implode()
    known = rows.filter(~pl.col("problem_id").is_in(missing)).sort("seed", "problem_id")
    if known.is_empty():
        raise InputError(
            f"{measure.name} was not measured on {_name(asked)}", hint="every problem lacks it for some student"
        )
    problems = known.unique("problem_id").sort("problem_id")
    values = {arm: known.filter(pl.col("arm") == arm)["value"].to_numpy() for arm in arms}
    return Table(
        arms={arm: flat.reshape(-1, problems.height) for arm, flat in values.items()},
        groups=problems["group"].rank("dense").to_numpy().astype(np.int64) - 1,
        kind=SetKind(problems[0, "kind"]),
        left_out=len(missing[0]),
    )


def _check_answered(at: pl.DataFrame, rows: pl.DataFrame, arms: Sequence[str], asked: Asked) -> None:
    """Refuse arms that are not there, and students that were not asked the same problems, once each."""
    there = sorted(at["arm"].unique())
    absent = [arm for arm in arms if arm not in there]
    if absent:
        hint = f"there is: {', '.join(there)}" if there else "nobody was asked this; look at set, format and decoding"
        raise InputError(f"no outcomes of {', '.join(absent)} on {_name(asked)}", hint=hint)
    students = rows.select("arm", "seed").unique().height
    counts = rows.group_by("problem_id").agg(pl.len(), pl.struct("arm", "seed").n_unique().alias("students"))
    odd = counts.filter((pl.col("len") != students) | (pl.col("students") != students)).sort("problem_id")
    if odd.height:
        raise InputError(
            f"{odd.height} problems of {_name(asked)} were not answered once by each student of {', '.join(arms)}, "
            f"such as {odd[0, 'problem_id']}",
            hint="evaluate all arms and seeds on the same problems",
        )


def _name(asked: Asked) -> str:
    return f"{asked.set} ({asked.format}, {asked.decoding})"


def asked_of(outcomes: pl.DataFrame) -> list[Asked]:
    """List the ways of asking that outcomes hold: what is taught first, then by name."""
    kinds = pl.col("kind").replace_strict({str(kind): place for place, kind in enumerate(SetKind)})
    columns = ["set", "format", "decoding"]
    rows = outcomes.select(kinds, *columns).unique().sort("kind", *columns).select(columns)
    return [Asked(**row) for row in rows.iter_rows(named=True)]


def chance_of(problems: pl.DataFrame) -> float:
    """Accuracy without having learnt anything: always the most frequent gold answer, or a guess among the choices.

    Args:
        problems: rows of `Problem` of one set.
    """
    if problems.is_empty():
        return 0.0
    options = pl.col("choices").list.len()
    guess = problems.select(pl.when(options > 0).then(1 / options).otherwise(0.0).mean()).item()
    most = problems["answer"].drop_nulls().str.strip_chars().str.to_lowercase().value_counts()["count"].max()
    return max(float(guess), float(str(most or 0)) / problems.height)
