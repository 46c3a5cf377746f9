"""The seam behind which every teacher stands: what is wanted of it, and what it answered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from cotloom.builder.teacher.request import Answer, Request
from cotloom.schemas.manifest import Input
from cotloom.schemas.problem import Problem
from cotloom.schemas.sample import Hint, Sample


@dataclass(frozen=True, slots=True)
class Wanted:
    """One answer that a build needs."""

    problem: Problem
    """What it is about."""
    request: Request
    """What is asked."""
    sample_index: int
    """Which of the answers to this request."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer that came."""

    wanted: Wanted
    """What it answers."""
    answer: Answer
    """What came back."""


@dataclass(frozen=True, slots=True)
class Failed:
    """One answer that will not come."""

    wanted: Wanted
    """What was asked."""
    why: str
    """What the teacher said instead."""


class Backend(Protocol):
    """A teacher."""

    @property
    def inputs(self) -> list[Input]:
        """The files it reads its answers from, if it does."""

    @property
    def strays(self) -> list[Sample]:
        """Rows of them that can't be read."""

    def wanted(self, problem: Problem, hint: Hint, indexes: range) -> list[Wanted]:
        """Name the answers to ask for; empty where the teacher has nothing more to say about the problem."""

    def follow_up(self, wanted: Wanted, answer: Answer) -> Wanted | None:
        """Name the second call that an answer needs, if it needs one."""

    def ask(self, wanted: Sequence[Wanted]) -> Iterator[list[Answered | Failed]]:
        """Get answers, in any order, in groups that are recorded together. What never comes has failed for good."""
