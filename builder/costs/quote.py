"""What the rest of a build will take, from what some of its problems took: a range that holds the truth mostly.

The problems that were looked at are a sample by chance of all of them, each taken through all its rounds and hints. So
what they took says what others will take, whatever the rounds depend on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

import numpy as np

FEWEST = 5
"""Fewer problems tell nothing of a spread."""
LEVEL = 0.95
"""The share of ranges that hold the truth."""
_DRAWS = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """A quantity that is not known yet."""

    low: float
    """It is hardly less."""
    expected: float
    """The best guess."""
    high: float
    """It is hardly more."""

    def add(self, known: float) -> "Range":
        """Add what is known."""
        return Range(low=self.low + known, expected=self.expected + known, high=self.high + known)


def predict_sum(values: Sequence[float], remaining: int) -> Range:
    """Predict what some problems take in all, from what others took.

    A prediction interval for a sum of draws (Student's t): the mean of `values` is uncertain, and so is each new draw.

    Args:
        values: what each problem that was looked at took; `FEWEST` at least.
        remaining: how many others there are.

    >>> found = predict_sum([1.0, 2.0, 3.0, 2.0, 2.0], 10)
    >>> round(found.low, 1), found.expected, round(found.high, 1)
    (10.0, 20.0, 30.7)
    """
    mean, spread = fmean(values), stdev(values)
    half = find_t(len(values) - 1) * spread * math.sqrt(remaining + remaining**2 / len(values))
    least = min(values) * remaining
    return Range(low=max(mean * remaining - half, least, 0.0), expected=mean * remaining, high=mean * remaining + half)


def find_t(freedom: int, level: float = LEVEL) -> float:
    """Find the quantile of Student's t that bounds a share of its middle, for 4 degrees of freedom or more.

    The expansion about the normal quantile (Abramowitz and Stegun 1964, 26.7.5).

    >>> [round(find_t(freedom), 2) for freedom in (4, 10, 30, 1000)]
    [2.77, 2.23, 2.04, 1.96]
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def compare_ratio(costs: Sequence[float], gains: Sequence[float]) -> Range | None:
    """Estimate what one gain costs, such as a distinct path, from some problems; None where there was none.

    The range is that of the ratio of sums over problems that are drawn again and again (bootstrap, Efron 1979).

    Args:
        costs: what each problem cost.
        gains: what it brought.
    """
    if len(costs) < FEWEST or not sum(gains):
        return None
    paid, brought = np.asarray(costs, dtype=float), np.asarray(gains, dtype=float)
    draws = np.random.default_rng(len(costs)).integers(0, len(costs), (_DRAWS, len(costs)))
    sums = brought[draws].sum(axis=1)
    ratios = np.divide(paid[draws].sum(axis=1), sums, out=np.full(_DRAWS, np.inf), where=sums > 0)
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="nearest")
    return Range(low=float(low), expected=float(paid.sum() / brought.sum()), high=float(high))
