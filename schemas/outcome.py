"""The outcome: what one trained student said to one problem, and what checking found."""

from dataclasses import dataclass
from enum import StrEnum

from cotloom.schemas.reasons import Verdict


class SetKind(StrEnum):
    """What a set of evaluation problems measures."""

    TARGET = "target"
    """Held-out problems of the version: what it teaches."""
    OTHER = "other"
    """Problems of another source: whether it carries over."""
    GENERAL = "general"
    """Foreign tasks in a form of their own: what should be kept."""


class Decoding(StrEnum):
    """How an answer was drawn."""

    GREEDY = "greedy"
    MAJORITY = "majority"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One row of the table `outcomes`: a student, a problem, a way of asking."""

    arm: str
    """What the student was trained on."""
    seed: int
    """Which of the arm's students it is."""
    set: str
    """Name of the evaluation set: `held_out`, `general`, or that of a source."""
    kind: SetKind
    """What the set measures."""
    format: str
    """How the problem was put: the name of a format, or `as_is` for as it stands."""
    decoding: Decoding
    """Greedy, or the vote of several samples."""
    problem_id: str
    """The problem."""
    group: str
    """Its group (the problem itself where it has none)."""
    verdict: Verdict
    """What the house's verifier found of the answer."""
    correct: bool
    """Whether the final answer is right; `verdict` says what else it is."""
    predicted: str | None = None
    """The final answer as read."""
    text: str = ""
    """What the student said."""
    tokens: int = 0
    """Tokens that it said."""
    wrong_steps: int = 0
    """Written equations that are wrong."""
    reasoned: bool = False
    """Whether it wrote reasoning, asked for or not."""
    gold_logprob: float | None = None
    """Log-likelihood of the gold answer, in nats, put as the answer-only format of the same shots puts it; null where
    it was not measured."""
    simulated: bool = False
    """True where the student was trained on, or asked with, the words of the simulated teacher."""
