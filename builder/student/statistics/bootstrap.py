"""Bootstrap intervals over problems and seeds, for few seeds too.

Problems are resampled in whole groups and for all conditions together (paired bootstrap: Efron & Tibshirani 1993,
chapters 8 and 13). Seeds are not resampled: three seeds drawn with replacement underestimate the variance between
students. The variance that seeds add is estimated for each condition and drawn from Student's t with Welch's degrees of
freedom (Welch 1947). Only the part beyond the noise within problems is added, since the mean over seeds, which is
resampled, contains that noise already.

In simulations under the null hypothesis (200 problems, 3 seeds, standard deviation between seeds of 0 to 6 points,
equal or unequal between conditions) 3 to 7 % of the intervals missed zero; with resampled seeds, up to 13 % did.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

LEVEL = (0.025, 0.975)
"""Quantiles at the ends of the 95 % interval."""
POWER = 0.8416
"""Normal quantile of 80 % power: standard errors beyond the half width of the interval."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A mean or a difference of means, with its interval."""

    mean: float
    """The point estimate."""
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end of the 95 % interval."""
    standard_error: float
    """Standard error, over problems and seeds."""

    @property
    def detectable_effect(self) -> float:
        """The smallest true difference that is detected with 80 % power (Card et al. 2020, section 2)."""
        return (self.high - self.low) / 2 + POWER * self.standard_error


@dataclass(frozen=True, kw_only=True, slots=True)
class Resamples:
    """Resamples of groups of problems, drawn once for all estimates on the same problems."""

    groups: NDArray[np.int64]
    """The group of each problem, from 0. Shape (problems,)."""
    weights: Matrix
    """How often each resample contains each group. Shape (resamples, groups)."""
    seed: int
    """Seed of the random numbers."""

    @property
    def n_groups(self) -> int:
        """The number of groups."""
        return int(self.weights.shape[1])

    def sum_by_group(self, values: Matrix) -> Matrix:
        """Sum values by group: (..., problems) to (..., groups)."""
        return np.stack([np.bincount(self.groups, row, self.n_groups) for row in np.atleast_2d(values)])


def draw_resamples(groups: NDArray[np.int64], count: int, seed: int) -> Resamples:
    """Draw resamples of groups, with replacement.

    Args:
        groups: the group of each problem, numbered from 0. Shape (problems,).
        count: the number of resamples.
        seed: seed of the random numbers.
    """
    n_groups = int(groups.max()) + 1
    weights = np.random.default_rng(seed).multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=count)
    return Resamples(groups=groups, weights=weights.astype(np.float64), seed=seed)


def estimate_contrast(
    contrast: Mapping[int, Matrix], resamples: Resamples, *, seed_variance: bool, is_share: bool
) -> Estimate:
    """Estimate a mean, or the difference of two means, with its interval.

    Args:
        contrast: values by sign: {1: values} for a mean, {1: values, -1: others} for a difference. Each has shape
            (seeds, problems), with the problems in the same order.
        resamples: resamples of the groups of problems.
        seed_variance: whether seeds add to the variance; false where there are too few seeds to estimate it.
        is_share: whether the values are 0 or 1, so that the interval has a minimum width and ends at 0 or 1.
    """
    differences = sum(
        (sign * values.mean(axis=0) for sign, values in contrast.items()), np.zeros(resamples.groups.shape)
    )
    mean = float(differences.mean())
    means = _resample_mean(differences, resamples)
    variance, freedom = _estimate_seed_variance(contrast, resamples) if seed_variance else (0.0, 1.0)
    tails = np.random.default_rng(resamples.seed + 1).standard_t(freedom, size=len(means))
    low, high = np.quantile(means + np.sqrt(variance) * tails, LEVEL)
    half_width = _compute_least_half_width(contrast, resamples) if is_share else 0.0
    low, high = min(float(low), mean - half_width), max(float(high), mean + half_width)
    if is_share:
        low, high = max(low, -1.0 if len(contrast) > 1 else 0.0), min(high, 1.0)
    return Estimate(mean=mean, low=low, high=high, standard_error=float(np.sqrt(means.var() + variance)))


def _resample_mean(values: Matrix, resamples: Resamples) -> Matrix:
    """The mean of each resample, as a ratio: resamples differ in their number of problems. Shape (resamples,)."""
    values = resamples.weights @ resamples.sum_by_group(np.stack([values, np.ones_like(values)])).T
    return np.asarray(values[:, 0] / values[:, 1], np.float64)


def _estimate_seed_variance(contrast: Mapping[int, Matrix], resamples: Resamples) -> tuple[float, float]:
    """The variance that seeds add to the mean, and its degrees of freedom."""
    repeated = [values for values in contrast.values() if len(values) > 1]
    raw = [float(values.mean(axis=1).var(ddof=1)) / len(values) for values in repeated]
    noise = sum(_estimate_noise(values, resamples) for values in repeated)
    squares = sum(variance**2 / (len(values) - 1) for variance, values in zip(raw, repeated, strict=True))
    return max(sum(raw) - noise, 0.0), sum(raw) ** 2 / squares if squares else 1.0


def _estimate_noise(values: Matrix, resamples: Resamples) -> float:
    """The variance of the mean over seeds that noise within problems explains (two-way analysis of variance)."""
    if resamples.n_groups == 1:
        return 0.0
    residuals = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    freedom = (len(values) - 1) * (resamples.n_groups - 1)
    variance = float((resamples.sum_by_group(residuals) ** 2).sum()) / freedom
    return float(variance * resamples.n_groups / (values.shape[1] ** 2 * len(values)))


def _compute_least_half_width(contrast: Mapping[int, Matrix], resamples: Resamples) -> float:
    """Half the narrowest interval that the number of groups allows; resampling misses it where values hardly vary.

    For a mean: no group differs (Hanley & Lippman-Hand 1983, two-sided). For a difference: a two-sided sign test calls
    nothing on fewer than six groups that differ.
    """
    return float(1 - LEVEL[0] ** (1 / resamples.n_groups)) if len(contrast) == 1 else 5.5 / resamples.n_groups
