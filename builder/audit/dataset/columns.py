"""Which columns of a stranger's dataset hold what; plain values, so that they can go to other processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ....schemas.problem import AnswerType
from ....schemas.source import FileSource
from ....schemas.teacher import FileAnswers
from ...teacher.recorded_rows import AnswerColumn, select_answer_columns

LABEL, FINISH = "is_correct", "finish_reason"
"""The labels of answers that an audit looks at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseColumn:
    """A column with responses: texts, conversations or lists of these."""

    column: str
    """The column."""
    reasoning: str | None = None
    """The column with their reasoning; None where it stands in the responses."""
    label: str | None = None
    """The column that says whether they are correct."""
    finish: str | None = None
    """The column that says why each ended."""
    is_solution: bool = False
    """Whether it is the column that the gold answer is read from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inference:
    """Why a column was taken for what it is."""

    confidence: str
    """`chosen` by the user; `sure`, `likely` or a `guess`."""
    why: str
    """The reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetColumns:
    """Which columns hold what."""

    question: tuple[str, ...]
    """The columns of the question, in order."""
    answer: str | None = None
    """The column with the gold answer; None where there is none."""
    choices: str | None = None
    """The column with the options, or a template that lists several columns."""
    responses: tuple[ResponseColumn, ...] = ()
    """The columns with responses."""
    answer_type: AnswerType = AnswerType.TEXT
    """How answers are read and compared."""
    answer_pattern: str | None = None
    """What takes the gold answer out of its column."""
    why: Mapping[str, Inference] = field(default_factory=dict)
    """The reason for each of them, by the name that `--fields` has for it."""

    def make_source(self) -> FileSource:
        """Make the source that reads questions and gold answers."""
        fields = {"question": self.question, "answer": self.answer, "choices": self.choices}
        return FileSource.model_validate({
            "name": "audited", "kind": "file", "path": "audited", "fields": fields,
            "answer_type": self.answer_type, "answer_pattern": self.answer_pattern,
        })  # fmt: skip

    def list_answer_columns(self) -> list[AnswerColumn]:
        """List the columns of responses as recorded answers are read."""
        if not self.responses:
            return []
        completions = [
            {
                "column": each.column,
                "reasoning": each.reasoning,
                "teacher": "audited",
                "labels": {name: column for name, column in ((LABEL, each.label), (FINISH, each.finish)) if column},
            }
            for each in self.responses
        ]
        answers = {"path": "audited", "problem": self.question, "completions": completions}
        return select_answer_columns(FileAnswers.model_validate(answers))

    def describe(self) -> dict[str, Any]:
        """Describe the columns as plain values, each with confidence and reason."""
        responses = [each.column for each in self.responses]
        values = {
            "question": list(self.question),
            "answer": self.answer,
            "choices": self.choices,
            "response": responses,
            "reasoning": [each.reasoning for each in self.responses if each.reasoning],
            "label": [each.label for each in self.responses if each.label],
            "finish": [each.finish for each in self.responses if each.finish],
            "type": self.answer_type.value if self.answer else None,
            "pattern": self.answer_pattern,
        }
        return {
            name: {"value": value, **({"confidence": why.confidence, "why": why.why} if why else {})}
            for name, value in values.items()
            if value
            for why in [self.why.get(name)]
        }
