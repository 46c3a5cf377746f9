"""Dates: read and compared."""

from .outcomes import Comparison, compare_spelling


def compare_dates(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two dates."""
    return compare_spelling(gold, answer)
