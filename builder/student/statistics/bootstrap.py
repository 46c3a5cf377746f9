"""Intervals over problems and seeds, for few seeds too.

Problems are resampled, whole groups at a time and for all arms together (paired bootstrap: Efron & Tibshirani 1993,
chapters 8 and 13). Seeds are not: three of them, drawn with replacement, understate how much students differ. What the
seeds add to the variance is estimated for each arm and drawn from Student's t with Welch's degrees of freedom (Welch
1947). Only what goes beyond the noise within problems is added, since the mean over seeds, which is resampled, holds
that noise already.

In simulations under the null (200 problems, 3 seeds, standard deviation between seeds of 0 to 6 points, arms alike or
not) 3 to 7 % of the intervals missed zero; with seeds resampled as problems are, up to 13 % did.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

LEVEL = (0.025, 0.975)
"""Ends of the 95 % interval."""
POWER = 0.8416
"""Standard errors beyond the interval's half width at which four of five differences are called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A number with its spread."""

    mean: float
    """The number."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""
    error: float
    """Standard error, over problems and seeds."""

    @property
    def callable_effect(self) -> float:
        """The true difference that would be called in four of five cases (Card et al. 2020, section 2)."""
        return (self.high - self.low) / 2 + POWER * self.error


@dataclass(frozen=True, kw_only=True, slots=True)
class Draws:
    """Resamples of groups of problems, drawn once for all that is estimated from the same problems."""

    groups: NDArray[np.int64]
    """The group of each problem, from 0. Shape (problems,)."""
    weights: Matrix
    """How often each resample holds each group. Shape (resamples, groups)."""
    seed: int
    """Key of the draws."""

    @property
    def count(self) -> int:
        """How many groups there are."""
        return int(self.weights.shape[1])

    def by_group(self, values: Matrix) -> Matrix:
        """Add values up by group: (..., problems) to (..., groups)."""
        return np.stack([np.bincount(self.groups, row, self.count) for row in np.atleast_2d(values)])


def draw(groups: NDArray[np.int64], resamples: int, seed: int) -> Draws:
    """Draw resamples of groups, with replacement.

    Args:
        groups: the group of each problem, numbered from 0. Shape (problems,).
        resamples: how many.
        seed: key of the draws.
    """
    count = int(groups.max()) + 1
    weights = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    return Draws(groups=groups, weights=weights.astype(np.float64), seed=seed)


def estimate(arms: Mapping[int, Matrix], draws: Draws, *, spread: bool, share: bool) -> Estimate:
    """Estimate a mean, or the difference of two, with its interval.

    Args:
        arms: values by sign: {1: one arm} for its mean, {1: one, -1: other} for their difference. Each of shape
            (seeds, problems), the problems in the same order.
        draws: resamples of the problems' groups.
        spread: whether seeds add to the variance; false where their number does not allow to say, or where there
            is one student only.
        share: whether the values are yes or no, so that the interval has a least width and ends at 0 or 1.
    """
    each = sum((sign * values.mean(axis=0) for sign, values in arms.items()), np.zeros(draws.groups.shape))
    mean = float(each.mean())
    drawn = _over_problems(each, draws)
    variance, freedom = _over_seeds(list(arms.values()), draws) if spread else (0.0, 1.0)
    error = float(np.sqrt(drawn.var() + variance))
    tails = np.random.default_rng(draws.seed + 1).standard_t(freedom, size=len(drawn))
    low, high = np.quantile(drawn + np.sqrt(variance) * tails, LEVEL)
    half = _least_half(draws.count, len(arms)) if share else 0.0
    low, high = min(float(low), mean - half), max(float(high), mean + half)
    if share:
        low, high = max(low, -1.0 if len(arms) > 1 else 0.0), min(high, 1.0)
    return Estimate(mean=mean, low=low, high=high, error=error)


def _over_problems(each: Matrix, draws: Draws) -> Matrix:
    """Means of the resamples. A resample with large groups has more problems, hence the ratio. Shape (resamples,)."""
    sums, sizes = draws.by_group(np.stack([each, np.ones_like(each)]))
    return np.asarray((draws.weights @ sums) / (draws.weights @ sizes), np.float64)


def _over_seeds(arms: list[Matrix], draws: Draws) -> tuple[float, float]:
    """What seeds add to the variance of the mean, and its degrees of freedom."""
    varying = [values for values in arms if len(values) > 1]
    raw = [float(values.mean(axis=1).var(ddof=1)) / len(values) for values in varying]
    noise = sum(_noise(values, draws) for values in varying)
    squares = sum(variance**2 / (len(values) - 1) for variance, values in zip(raw, varying, strict=True))
    return max(sum(raw) - noise, 0.0), sum(raw) ** 2 / squares if squares else 1.0


def _noise(values: Matrix, draws: Draws) -> float:
    """What the noise within problems alone gives the variance of the mean over seeds (two-way analysis of variance)."""
    seeds, problems = values.shape
    if draws.count == 1:
        return 0.0
    left = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    within = float((draws.by_group(left) ** 2).sum()) / ((seeds - 1) * (draws.count - 1))
    return float(within * draws.count / (problems**2 * seeds))


def _least_half(groups: int, arms: int) -> float:
    """Half the narrowest interval that so many groups allow, which resampling misses where nearly all are alike.

    For a mean: none of the groups is otherwise (Hanley & Lippman-Hand 1983, two-sided). For a difference: a two-sided
    sign test calls nothing on fewer than six groups that differ.
    """
    return float(1 - LEVEL[0] ** (1 / groups)) if arms == 1 else 5.5 / groups
