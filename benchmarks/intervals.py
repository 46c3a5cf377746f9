"""Intervals of measured rates."""

from collections.abc import Callable
from math import exp, lgamma, log, log1p


def compute_interval(errors: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Compute the Clopper-Pearson interval of a rate, rounded to six digits.

    >>> compute_interval(0, 2640), compute_interval(5, 10)
    ((0.0, 0.001396), (0.187086, 0.812914))
    """
    tail = (1 - confidence) / 2
    low = _bisect(lambda rate: 1 - _sum_binomial(errors - 1, n, rate) > tail) if errors else 0.0
    high = _bisect(lambda rate: _sum_binomial(errors, n, rate) < tail) if errors < n else 1.0
    return round(low, 6), round(high, 6)


def _sum_binomial(k: int, n: int, rate: float) -> float:
    """The probability of at most k errors among n."""
    return sum(
        exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(rate) + (n - i) * log1p(-rate))
        for i in range(k + 1)
    )


def _bisect(is_above: Callable[[float], bool]) -> float:
    """Find the rate between 0 and 1 from which on a condition holds."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if is_above(middle) else (middle, high)
    return high
