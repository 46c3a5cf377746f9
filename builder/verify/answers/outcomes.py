"""What comparing two answers comes to."""

from dataclasses import dataclass
from enum import StrEnum


class ComparisonOutcome(StrEnum):
    """The result of comparing two answers."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNDECIDED = "undecided"
    HEDGED = "hedged"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The result of comparing two answers, and why."""

    outcome: ComparisonOutcome
    """Equal, different, undecided (not understood), hedged (several answers, the gold one among them) or failed (the
    check itself raised an error)."""
    detail: str | None = None
    """An explanation, where one is needed."""


def decide_equality(is_equal: bool) -> Comparison:
    """Make the comparison of two answers that were both understood."""
    return Comparison(outcome=ComparisonOutcome.EQUAL if is_equal else ComparisonOutcome.DIFFERENT)


def leave_undecided(detail: str) -> Comparison:
    """Make the comparison of answers of which one was not understood."""
    return Comparison(outcome=ComparisonOutcome.UNDECIDED, detail=detail)


def call_hedged(answer: str) -> Comparison:
    """Make the comparison of an answer that is several answers."""
    return Comparison(outcome=ComparisonOutcome.HEDGED, detail=f"several answers, which are none: {answer[:80]}")


def compare_spelling(gold: str, answer: str) -> Comparison:
    """Compare answers that are not understood: the same characters, blanks aside, are equal, and others undecided."""
    if gold.split() and gold.split() == answer.split():
        return Comparison(outcome=ComparisonOutcome.EQUAL)
    return leave_undecided(f"not understood: {answer[:80]}")
