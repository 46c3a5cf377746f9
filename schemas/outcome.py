"""The outcome: one answer of a trained student to an evaluation problem, and its verdict."""

from dataclasses import dataclass
from enum import StrEnum

from .reasons import Verdict


class SetKind(StrEnum):
    """What a set of evaluation problems measures."""

    TARGET = "target"
    """Held-out problems of the version: the task that it teaches."""
    OTHER = "other"
    """Problems of another source: transfer."""
    GENERAL = "general"
    """Other tasks in their own form: abilities that the student should retain."""


class Average(StrEnum):
    """What a mean gives the same weight."""

    PROBLEMS = "problems"
    """Every problem of a set."""
    TASKS = "tasks"
    """Every task of a set, whatever its number of problems (macro-average)."""
    SETS = "sets"
    """Every set of a kind, whatever its number of problems (macro-average)."""


class Decoding(StrEnum):
    """The decoding method."""

    GREEDY = "greedy"
    MAJORITY = "majority"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One row of the table `outcomes`: a student, a problem and an evaluation setting."""

    condition: str
    """The condition that the student was trained on."""
    seed: int
    """The seed of the student."""
    set: str
    """Name of the evaluation set: `held_out`, `general`, or that of a source."""
    task: str | None = None
    """The task of the problem within its set, where it has one."""
    kind: SetKind
    """What the set measures."""
    format: str
    """The prompt format: the name of a format, or `as_is` for the plain question."""
    decoding: Decoding
    """Greedy, or the majority vote over several samples."""
    problem_id: str
    """The problem."""
    group: str
    """Its group (the problem itself where it has none)."""
    verdict: Verdict
    """The verdict of the verifier."""
    correct: bool
    """Whether the final answer is correct."""
    predicted: str | None = None
    """The final answer as parsed."""
    text: str = ""
    """The generated text."""
    tokens: int = 0
    """Number of generated tokens."""
    wrong_steps: int = 0
    """Number of wrong equations in the text."""
    reasoned: bool = False
    """Whether the text contains reasoning, requested or not."""
    gold_logprob: float | None = None
    """Log-likelihood of the gold answer, in nats, as the answer-only format with the same shots writes it; null where
    it was not measured."""
    simulated: bool = False
    """Whether the training rows or the prompt contain text of the simulated teacher."""
