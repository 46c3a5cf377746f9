"""The error rate of rows that were read, and how far two readers agree."""

import math
from collections.abc import Callable, Sequence

LEVEL = 0.95
"""The level of an interval."""

_STEPS = 60
"""Halvings of an interval: far below what anybody prints."""


def estimate_rate(errors: int, read: int) -> tuple[float, float]:
    """Estimate the share of errors from a random sample: the exact 95 % interval (Clopper and Pearson 1934).

    It holds the true share in at least 95 of 100 samples, whatever the share is; rows drawn without replacement from a
    small version make it wider than it must be.

    Args:
        errors: errors found.
        read: rows read.

    >>> [round(end, 4) for end in estimate_rate(2, 100)]
    [0.0024, 0.0704]
    """
    tail = (1 - LEVEL) / 2
    low = 0.0 if errors == 0 else _solve(lambda share: 1 - _sum_binomial(errors - 1, read, share) < tail)
    high = 1.0 if errors == read else _solve(lambda share: _sum_binomial(errors, read, share) > tail)
    return low, high


def _sum_binomial(most: int, n: int, share: float) -> float:
    """The probability of at most so many of n, each with a share strictly between 0 and 1."""
    logs = (math.log(share), math.log1p(-share))
    ways = math.lgamma(n + 1)
    return math.fsum(
        math.exp(ways - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * logs[0] + (n - k) * logs[1])
        for k in range(most + 1)
    )


def _solve(is_below: Callable[[float], bool]) -> float:
    """Find the share up to which something holds."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return (low + high) / 2


def count_needed(width: float, share: float = 0.05) -> int:
    """Count the rows to read for an interval about so wide to each side (normal approximation).

    Args:
        width: half the interval, such as 0.02.
        share: the share of errors that is expected.

    >>> count_needed(0.02), count_needed(0.05)
    (457, 73)
    """
    return math.ceil(1.96**2 * share * (1 - share) / width**2)


def compute_kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Compute the agreement of two readers beyond chance (Cohen 1960); None where both always say the same one thing.

    >>> compute_kappa([(True, True)] * 8 + [(False, False)] * 2)
    1.0
    """
    if not pairs:
        return None
    n = len(pairs)
    same = sum(one == two for one, two in pairs) / n
    first, second = sum(one for one, _ in pairs) / n, sum(two for _, two in pairs) / n
    chance = first * second + (1 - first) * (1 - second)
    return None if chance == 1 else (same - chance) / (1 - chance)
