"""Scores of conditions and their differences, each with an interval, and the verdict on a difference.

No verdict comes without an interval, none with fewer than three seeds, and a verdict that is not distinguishable states
the difference that would have been detected (Card et al. 2020: most set-ups are too small for the effects they test).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from ....schemas.validation import CORRECT, Difference, DifferenceVerdict, EvalSetting, Score
from .bootstrap import Estimate, Matrix, Resamples, draw_resamples, estimate_contrast
from .metrics import (
    MEASURES,
    Measure,
    OutcomeMatrix,
    compute_chance,
    get_measure,
    list_settings,
    make_outcome_matrix,
)

__all__ = [
    "MEASURES",
    "ComparisonTerms",
    "Measure",
    "compare_conditions",
    "compute_chance",
    "compute_score",
    "list_settings",
]

FEWEST_SEEDS = 3
"""The least number of students of each condition that allows a verdict."""
MARGIN = 0.05
"""A condition whose interval ends below chance plus this margin has not learnt the task."""
CEILING = 0.97
"""Where both intervals begin above this accuracy, nothing is left to gain."""
FEW_GROUPS = 20
"""With fewer groups of problems than this, an interval is too narrow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparisonTerms:
    """What a verdict depends on besides the outcomes, and how intervals are computed."""

    chance: float | None = None
    """Accuracy of always guessing; null takes 0 and reports none."""
    converged: Mapping[str, bool] = field(default_factory=dict)
    """Whether the loss of each condition stopped falling; missing conditions are not checked."""
    equal_steps: bool = False
    """Whether equal steps are the stated budget: then conditions that still learn are compared as well."""
    fixed: frozenset[str] = frozenset({"untrained"})
    """Conditions with a single student, the same for every seed."""
    resamples: int = 4000
    """Number of resamples of the problems."""
    seed: int = 0
    """Seed of the resamples."""


def compute_score(
    outcomes: pl.DataFrame,
    condition: str,
    setting: EvalSetting,
    *,
    measure: str | Measure = CORRECT,
    terms: ComparisonTerms | None = None,
) -> Score:
    """Compute the score of a condition in an evaluation setting.

    Args:
        outcomes: rows of `Outcome`.
        condition: name of the condition.
        setting: the evaluation setting.
        measure: what to average: a name in `MEASURES`, or a custom measure.
        terms: the chance accuracy, and how the interval is computed.

    Raises:
        InputError: the condition or the measure is unknown, or answers are missing.
    """
    terms, measure = terms or ComparisonTerms(), get_measure(measure)
    matrix = make_outcome_matrix(outcomes, (condition,), setting, measure)
    resamples, few_seeds = _resample(matrix, terms), _describe_few_seeds(matrix, terms)
    options = {"seed_variance": few_seeds is None, "is_share": measure.is_share}
    estimate = estimate_contrast({1: matrix.values[condition]}, resamples, **options)
    return Score(
        condition=condition,
        setting=setting,
        kind=matrix.kind,
        measure=measure.name,
        mean=estimate.mean,
        low=estimate.low,
        high=estimate.high,
        by_seed=_compute_seed_means(matrix, condition),
        problems=len(matrix.groups),
        groups=resamples.n_groups,
        chance=terms.chance if measure.name == CORRECT else None,
        notes=_list_notes(few_seeds, matrix, resamples),
    )


def compare_conditions(
    outcomes: pl.DataFrame,
    condition: str,
    against: str,
    setting: EvalSetting,
    *,
    measure: str | Measure = CORRECT,
    terms: ComparisonTerms | None = None,
) -> Difference:
    """Compare two conditions in an evaluation setting.

    Args:
        outcomes: rows of `Outcome`.
        condition: name of the condition.
        against: name of the condition that it is compared with.
        setting: the evaluation setting.
        measure: what to average: a name in `MEASURES`, or a custom measure.
        terms: the chance accuracy, convergence, and how the interval is computed.

    Raises:
        InputError: a condition or the measure is unknown, or the conditions did not answer the same problems.
    """
    terms, measure = terms or ComparisonTerms(), get_measure(measure)
    matrix = make_outcome_matrix(outcomes, (condition, against), setting, measure)
    resamples, few_seeds = _resample(matrix, terms), _describe_few_seeds(matrix, terms)
    options = {"seed_variance": few_seeds is None, "is_share": measure.is_share}
    contrasts = _make_contrasts(matrix.values[condition], matrix.values[against])
    difference, *means = (estimate_contrast(contrast, resamples, **options) for contrast in contrasts)
    unconverged = [name for name in (condition, against) if terms.converged.get(name) is False]
    verdict, why = _decide_verdict(difference, means, measure, unconverged, terms, few_seeds)
    return Difference(
        condition=condition,
        against=against,
        setting=setting,
        kind=matrix.kind,
        measure=measure.name,
        difference=difference.mean,
        low=difference.low,
        high=difference.high,
        error=difference.standard_error,
        by_seed=_compute_seed_differences(matrix, condition, against),
        problems=len(matrix.groups),
        groups=resamples.n_groups,
        verdict=verdict,
        smallest_effect=None if few_seeds else _find_smallest_effect(difference, measure),
        notes=_list_notes(why, matrix, resamples),
    )


def _make_contrasts(values: Matrix, baseline: Matrix) -> tuple[Mapping[int, Matrix], ...]:
    """The difference of two conditions, and each alone, as signed sums."""
    return {1: values, -1: baseline}, {1: values}, {1: baseline}


def _find_smallest_effect(difference: Estimate, measure: Measure) -> float | None:
    """Return the smallest true difference that would be detected; None where no difference is large enough."""
    effect = difference.detectable_effect
    return None if effect == 0 or (measure.is_share and effect > 1) else effect


def _resample(matrix: OutcomeMatrix, terms: ComparisonTerms) -> Resamples:
    return draw_resamples(matrix.groups, terms.resamples, terms.seed)


def _describe_few_seeds(matrix: OutcomeMatrix, terms: ComparisonTerms) -> str | None:
    """Say which conditions have too few seeds to estimate the variance between students; null where none has."""
    few = [
        f"{condition} has {'one seed' if len(values) == 1 else f'{len(values)} seeds'}"
        for condition, values in matrix.values.items()
        if len(values) < FEWEST_SEEDS and condition not in terms.fixed
    ]
    if not few:
        return None
    return (
        f"{', '.join(few)}; {FEWEST_SEEDS} are needed to see how much students differ: "
        "the interval is over problems alone"
    )


def _compute_seed_means(matrix: OutcomeMatrix, condition: str) -> tuple[float, ...]:
    return tuple(map(float, matrix.values[condition].mean(axis=1)))


def _compute_seed_differences(matrix: OutcomeMatrix, condition: str, against: str) -> tuple[float, ...]:
    """Differences by seed; a single student is paired with each student of the other condition."""
    means, baselines = _compute_seed_means(matrix, condition), _compute_seed_means(matrix, against)
    count = max(len(means), len(baselines))
    means, baselines = (values * count if len(values) == 1 else values for values in (means, baselines))
    return tuple(mean - baseline for mean, baseline in zip(means, baselines, strict=False))


def _decide_verdict(
    difference: Estimate,
    means: Sequence[Estimate],
    measure: Measure,
    unconverged: Sequence[str],
    terms: ComparisonTerms,
    few_seeds: str | None,
) -> tuple[DifferenceVerdict, str | None]:
    """Decide the verdict on a difference, with a reason where the interval alone is not the reason. First rule wins."""
    if few_seeds:
        return DifferenceVerdict.TOO_FEW_SEEDS, few_seeds
    is_accuracy, bound = measure.name == CORRECT, (terms.chance or 0.0) + MARGIN
    if is_accuracy and all(estimate.high < bound for estimate in means):
        return (
            DifferenceVerdict.FLOOR,
            f"no student is surely above {bound:.1%}: chance and {100 * MARGIN:.0f} points",
        )
    if unconverged and not terms.equal_steps:
        return DifferenceVerdict.FLOOR, f"the loss of {' and '.join(unconverged)} had not stopped falling"
    why = f"compared after equal steps, though {' and '.join(unconverged)} still learnt" if unconverged else None
    if difference.low > 0 or difference.high < 0:
        is_worse = (difference.low > 0) == measure.less_is_better
        return (DifferenceVerdict.WORSE if is_worse else DifferenceVerdict.BETTER), why
    if is_accuracy and all(estimate.low > CEILING for estimate in means):
        why = f"both are above {CEILING:.0%}: nothing is left to gain"
    return DifferenceVerdict.NOT_DISTINGUISHABLE, why


def _list_notes(why: str | None, matrix: OutcomeMatrix, resamples: Resamples) -> tuple[str, ...]:
    """List the reason of a verdict, and caveats about the problems."""
    notes = [why] if why else []
    if resamples.n_groups < FEW_GROUPS:
        notes.append(f"only {resamples.n_groups} groups of problems: the interval is too narrow")
    if matrix.excluded:
        notes.append(f"{matrix.excluded} problems without a value are left out")
    return tuple(notes)
