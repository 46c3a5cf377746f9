"""Times of day and durations: read and compared."""

from .outcomes import Comparison, compare_spelling


def compare_times(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two times."""
    return compare_spelling(gold, answer)
