"""What an audit of a dataset finds, and how bad it is."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is; the worst first."""

    ERROR = "error"
    """The data says what is not so: it must not be trained or measured on as it is."""
    WARNING = "warning"
    """Look at it: it may be meant so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CitedRow:
    """A row of a file."""

    file: str
    """The file."""
    row: int
    """Its line, or the number of its item, from 1."""
    quote: str
    """What was found there, or the beginning of its question. It may hold anything: it is escaped where it is shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetFinding:
    """A finding about a dataset."""

    check: str
    """The check that found it."""
    severity: Severity
    """How bad it is."""
    message: str
    """What is wrong, as a sentence."""
    count: int
    """How many rows, responses or questions it concerns."""
    total: int
    """How many of them were looked at."""
    unit: str
    """What is counted: rows, responses, questions or splits."""
    places: tuple[CitedRow, ...]
    """The first such rows, in the order of files and rows."""
    next_step: str
    """What to do about it."""

    @property
    def share(self) -> float:
        """The share of what was looked at, from 0 to 1."""
        return self.count / self.total if self.total else 0.0
