"""Compare what students learnt: accuracies, and the difference of two arms, each with an interval, and a verdict.

No verdict comes without an interval, none with fewer than three seeds, and one that is not distinguishable says how
large a difference would have been called (Card et al. 2020: most set-ups are too small for the effects they look for).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from cotloom.builder.student.statistics.bootstrap import Draws, Estimate, draw, estimate
from cotloom.builder.student.statistics.metrics import (
    MEASURES,
    Measure,
    Table,
    asked_of,
    chance_of,
    lay_out,
    measure_of,
)
from cotloom.schemas.validation import CORRECT, Asked, Difference, Finding, Standing

__all__ = ["MEASURES", "Measure", "Terms", "asked_of", "chance_of", "compare", "standing"]

FEWEST_SEEDS = 3
"""A verdict needs so many students of each arm."""
MARGIN = 0.05
"""An arm whose interval ends below chance and so much has not learnt the task."""
CEILING = 0.97
"""Where both intervals begin above this, there is nothing left to gain."""
FEW_GROUPS = 20
"""Fewer groups of problems than this make an interval too narrow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a verdict must know besides the outcomes, and how intervals are drawn."""

    chance: float | None = None
    """Accuracy without having learnt anything; null takes 0 and says nothing of it."""
    converged: Mapping[str, bool] = field(default_factory=dict)
    """Whether the loss of each arm had stopped falling; arms that are not here are not asked."""
    equal_steps: bool = False
    """Whether equal steps are the stated budget: then arms that still learn are compared all the same."""
    fixed: frozenset[str] = frozenset({"untrained"})
    """Arms that are one student, whatever the seed."""
    resamples: int = 4000
    """Resamples of the problems."""
    seed: int = 0
    """Key of the resamples."""


def standing(
    outcomes: pl.DataFrame, arm: str, asked: Asked, *, measure: str | Measure = CORRECT, terms: Terms | None = None
) -> Standing:
    """Say how an arm does at one way of asking.

    Args:
        outcomes: rows of `Outcome`.
        arm: the arm.
        asked: the way of asking.
        measure: what to average: a name in `MEASURES`, or a measure of one's own.
        terms: chance, and how the interval is drawn.

    Raises:
        InputError: there is no such arm or measure, or answers are missing.
    """
    terms, measure = terms or Terms(), measure_of(measure)
    table = lay_out(outcomes, (arm,), asked, measure)
    draws, few = draw(table.groups, terms.resamples, terms.seed), _few_seeds(table, terms)
    found = _estimate(table, draws, measure, {1: arm}, spread=few is None)
    return Standing(
        arm=arm,
        asked=asked,
        kind=table.kind,
        measure=measure.name,
        mean=found.mean,
        low=found.low,
        high=found.high,
        by_seed=_means(table, arm),
        problems=len(table.groups),
        groups=draws.count,
        chance=terms.chance if measure.name == CORRECT else None,
        notes=_told(few, *_about(table, draws)),
    )


def compare(
    outcomes: pl.DataFrame,
    arm: str,
    against: str,
    asked: Asked,
    *,
    measure: str | Measure = CORRECT,
    terms: Terms | None = None,
) -> Difference:
    """Compare two arms at one way of asking.

    Args:
        outcomes: rows of `Outcome`.
        arm: the arm.
        against: the arm that it is held against.
        asked: the way of asking.
        measure: what to average: a name in `MEASURES`, or a measure of one's own.
        terms: chance, convergence, and how the interval is drawn.

    Raises:
        InputError: there is no such arm or measure, or the arms did not answer the same problems.
    """
    terms, measure = terms or Terms(), measure_of(measure)
    table = lay_out(outcomes, (arm, against), asked, measure)
    draws, few = draw(table.groups, terms.resamples, terms.seed), _few_seeds(table, terms)
    found = _estimate(table, draws, measure, {1: arm, -1: against}, spread=few is None)
    each = [_estimate(table, draws, measure, {1: name}, spread=few is None) for name in (arm, against)]
    still = [name for name in (arm, against) if terms.converged.get(name) is False]
    verdict, why = (Finding.TOO_FEW_SEEDS, few) if few else _verdict(found, each, measure, still, terms)
    reach = found.callable_effect
    return Difference(
        arm=arm,
        against=against,
        asked=asked,
        kind=table.kind,
        measure=measure.name,
        difference=found.mean,
        low=found.low,
        high=found.high,
        error=found.error,
        by_seed=_by_seed(table, arm, against),
        problems=len(table.groups),
        groups=draws.count,
        verdict=verdict,
        smallest_effect=None if few or reach == 0 or (measure.share and reach > 1) else reach,
        notes=_told(why, *_about(table, draws)),
    )


def _estimate(table: Table, draws: Draws, measure: Measure, signed: Mapping[int, str], *, spread: bool) -> Estimate:
    arms = {sign: table.arms[arm] for sign, arm in signed.items()}
    return estimate(arms, draws, spread=spread, share=measure.share)


def _few_seeds(table: Table, terms: Terms) -> str | None:
    """Say which arms have too few seeds to know how much students differ; null where none has."""
    few = [
        f"{arm} has {'one seed' if len(values) == 1 else f'{len(values)} seeds'}"
        for arm, values in table.arms.items()
        if len(values) < FEWEST_SEEDS and arm not in terms.fixed
    ]
    told = f"{', '.join(few)}; {FEWEST_SEEDS} are needed to see how much students differ"
    return f"{told}: the interval is over problems alone" if few else None


def _means(table: Table, arm: str) -> tuple[float, ...]:
    return tuple(map(float, table.arms[arm].mean(axis=1)))


def _by_seed(table: Table, arm: str, against: str) -> tuple[float, ...]:
    """Differences by seed; a single student is held against each of the other arm's."""
    one, other = _means(table, arm), _means(table, against)
    most = max(len(one), len(other))
    pairs = zip(one * most if len(one) == 1 else one, other * most if len(other) == 1 else other, strict=False)
    return tuple(mine - theirs for mine, theirs in pairs)


def _verdict(
    found: Estimate, each: Sequence[Estimate], measure: Measure, unconverged: Sequence[str], terms: Terms
) -> tuple[Finding, str | None]:
    """Call a difference, and say why where the interval alone does not. The first that holds wins."""
    accuracy, bound = measure.name == CORRECT, (terms.chance or 0.0) + MARGIN
    if accuracy and all(one.high < bound for one in each):
        return Finding.FLOOR, f"no student is surely above {bound:.1%}: chance and {100 * MARGIN:.0f} points"
    if unconverged and not terms.equal_steps:
        return Finding.FLOOR, f"the loss of {' and '.join(unconverged)} had not stopped falling"
    note = "compared after equal steps, though {} still learnt".format(" and ".join(unconverged))
    why = note if unconverged else None
    if found.low > 0 or found.high < 0:
        return (Finding.WORSE if (found.low > 0) == measure.less_is_better else Finding.BETTER), why
    if accuracy and all(one.low > CEILING for one in each):
        why = f"both are above {CEILING:.0%}: nothing is left to gain"
    return Finding.NOT_DISTINGUISHABLE, why


def _about(table: Table, draws: Draws) -> list[str | None]:
    """What to bear in mind about the problems."""
    few = f"only {draws.count} groups of problems: the interval is too narrow" if draws.count < FEW_GROUPS else None
    return [few, f"{table.left_out} problems without a value are left out" if table.left_out else None]


def _told(*notes: str | None) -> tuple[str, ...]:
    return tuple(note for note in notes if note)
