"""What others than a comparison found about a sample: the votes of a grading model, the finding of a command."""

from dataclasses import dataclass
from enum import StrEnum


class GradeQuestion(StrEnum):
    """What a grader is asked about a sample, in the order in which it is asked."""

    ANSWER = "answer"
    """Whether the answer says what the gold answer says."""
    RATIONALE = "rationale"
    """Whether the reasoning is sound and leads to the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grade:
    """What a grading model wrote about a sample, once: one vote, where it can be read."""

    question: GradeQuestion
    """What it was asked."""
    grader: str
    """The model that was asked."""
    simulated: bool = False
    """True where no model wrote it: the simulated teacher did."""
    prompt: str
    """The prompt: `cotloom-1`, Cotloom's own, or the digest of the recipe's."""
    request: str
    """The ledger key of its request."""
    index: int = 0
    """Its number among the votes, from 0."""
    finish_reason: str | None = None
    """Why it stopped, as reported by the server."""
    text: str | None = None
    """What it wrote, without its reasoning; null where it gave no answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Votes:
    """The votes of a grading model on one question."""

    correct: int = 0
    """Votes for the sample."""
    wrong: int = 0
    """Votes against it."""
    unread: int = 0
    """Answers of the grader that state no verdict in its words; they are no votes."""
    agreement: float | None = None
    """The share of the votes that the majority has; null where there are none."""


class ExternalVerdict(StrEnum):
    """What a command of the user's may say of a sample."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNVERIFIABLE = "unverifiable"
    CHECK_FAILED = "check_failed"
    """It said nothing that can be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExternalFinding:
    """What a command of the user's found about a sample."""

    verifier: str
    """Its name in the recipe."""
    command: str
    """The version that the recipe declares, or a digest of the command."""
    verdict: ExternalVerdict
    """What it said."""
    detail: str | None = None
    """More about it, in its words, or why there is no verdict."""
