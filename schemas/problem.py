"""The problem: one question with its gold answer, from a source."""

from dataclasses import dataclass
from enum import StrEnum

from cotloom.schemas.ids import content_id
from cotloom.schemas.reasons import Fate, Reason, Stage


class AnswerType(StrEnum):
    """What kind of thing the gold answer is; it chooses how answers are read and compared."""

    NUMBER = "number"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    TEXT = "text"


class Split(StrEnum):
    """Which side of the split a problem is on."""

    TRAIN = "train"
    TEST = "test"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One row of the table `problems`."""

    problem_id: str
    """Made from question and choices. Rows that hold the same problem again have the same id and are dropped."""
    source: str
    """Name of the source in the recipe."""
    origin: str
    """Where the row stood: `file.jsonl:12`, or the number of a made problem."""
    task: str | None = None
    """What the source calls the task, if it does."""
    category: str | None = None
    """What the source calls the row's category, if it does."""
    question: str | None = None
    """The question as asked; null only where the row was malformed."""
    answer: str | None = None
    """The gold answer as text, taken out of its solution where the recipe says how."""
    answer_type: AnswerType = AnswerType.NUMBER
    """How answers to it are read and compared."""
    choices: tuple[str, ...] = ()
    """The options of a multiple-choice question, in order."""
    reference_rationale: str | None = None
    """The source's own solution, without the gold answer."""
    responses: tuple[str, ...] = ()
    """Finished responses, for sources that bring them."""
    group: str | None = None
    """Problems of one template share it: a split never parts a group."""
    split: Split | None = None
    """The side of the split, from the keyed hash of the group; null where the row was dropped before."""
    license: str | None = None
    """The licence of the source."""
    metadata: str = "{}"
    """Everything else the source brings, as canonical JSON."""
    stage: Stage | None = None
    """The stage that dropped the row; null where it was kept."""
    fate: Fate = Fate.KEPT
    """Kept or dropped."""
    reason: Reason | None = None
    """Why it was dropped; null where it was kept."""
    detail: str | None = None
    """More about the reason, for a person to read."""


def problem_id(question: str, choices: tuple[str, ...] = ()) -> str:
    """Name a problem by what is asked. The gold answer is left out: a corrected answer is the same problem."""
    return content_id("p", question, choices)
