"""Expressions of mathematics, in LaTeX or plain characters: read and compared."""

from .outcomes import Comparison, compare_spelling


def compare_expressions(gold: str, answer: str, _choices: tuple[str, ...] = ()) -> Comparison:
    """Compare two expressions."""
    return compare_spelling(gold, answer)
