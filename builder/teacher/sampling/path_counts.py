"""How many paths a problem has."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PathCounts:
    """How many correct paths one problem has."""

    correct: int = 0
    """Samples with a correct answer and sound reasoning."""
    distinct: int = 0
    """Distinct paths among them."""
    once: int = 0
    """Those of the distinct paths that only one sample took."""
