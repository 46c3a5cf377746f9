"""Lists, whose order counts, and sets, whose order does not: read and compared."""

from .outcomes import Comparison, compare_spelling


def compare_lists(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two lists."""
    return compare_spelling(gold, answer)


def compare_sets(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two sets."""
    return compare_spelling(gold, answer)
