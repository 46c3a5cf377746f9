"""What comparing two expressions comes to."""

from dataclasses import dataclass
from enum import StrEnum


class Likeness(StrEnum):
    """Whether two answers are the same."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"
    """Nothing decides it."""
    BROKEN = "broken"
    """What should have decided it was killed."""


@dataclass(frozen=True, slots=True)
class Likening:
    """Whether two answers are the same, and why."""

    likeness: Likeness
    """Whether they are."""
    detail: str = ""
    """An explanation, where one is needed."""


SAME, OTHER = Likening(Likeness.SAME), Likening(Likeness.OTHER)


def decide(is_same: bool) -> Likening:
    """Make the finding of two answers that were understood."""
    return SAME if is_same else OTHER


def leave_unknown(detail: str) -> Likening:
    """Make the finding of answers that nothing decides."""
    return Likening(Likeness.UNKNOWN, detail)


def join_findings(findings: list[Likening]) -> Likening:
    """Join what was found of parts: the same where all are, another where one is."""
    for likeness in (Likeness.OTHER, Likeness.BROKEN, Likeness.UNKNOWN):
        for finding in findings:
            if finding.likeness is likeness:
                return finding
    return SAME
