"""Ratios, `2:3`: read and compared."""

from .outcomes import Comparison, compare_spelling


def compare_ratios(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two ratios."""
    return compare_spelling(gold, answer)
