"""Who judges answers that no comparison settles: sections of a recipe for a grading model and for a command."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from .section import Name, Section, declare_identity
from .teacher import OpenAITeacher, SimulatedTeacher, TransformersTeacher

GraderTeacher = Annotated[OpenAITeacher | TransformersTeacher | SimulatedTeacher, Field(discriminator="backend")]
"""A teacher that can be asked."""

_UNUSED = ("prompt", "prompts", "hint", "paths", "share")
"""Keys of a teacher that say nothing about how it grades."""


class Grader(Section):
    """The model that is asked about samples: for `answer_type: model_graded`, and `verify.model_graded`."""

    teacher: GraderTeacher | None = declare_identity(None)
    """The model: `backend`, `model`, `sampling` and the other keys of a teacher, but for those that say how problems
    are solved (`prompt`, `prompts`, `hint`, `paths`, `share`). Null: the recipe's first teacher, with its sampling."""
    votes: int = declare_identity(1, ge=1, le=25)
    """How often it is asked about each sample. The majority decides. Several votes need a temperature above 0: without
    it all are the same."""
    answer_prompt: str | None = declare_identity(None)
    """A template (see Templates) of your own that asks about the answer: `{{ question }}`, `{{ choices }}`,
    `{{ answer }}`, which is the gold answer, `{{ response }}` and `{{ reasoning }}`. How to write the verdict is put
    behind it. Null: Cotloom's own words (docs/judging.md)."""
    rationale_prompt: str | None = declare_identity(None)
    """The same for the question about the rationale."""

    @model_validator(mode="after")
    def _check_teacher(self) -> Self:
        given = () if self.teacher is None else sorted(self.teacher.model_fields_set.intersection(_UNUSED))
        if given:
            message = f"a grader has no {given[0]}: its prompts are grader.answer_prompt and grader.rationale_prompt"
            raise ValueError(message)
        return self


class ExternalVerifier(Section):
    """The command that judges samples of sources with `answer_type: external`.

    A recipe names it and can't hold it: it is given with `cotloom build --external NAME=COMMAND`.
    """

    name: Name = declare_identity()
    """Its name."""
    version: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = declare_identity(None)
    """The version of what it does. Verdicts are remembered by it, so that the command may move or be written
    differently. Null: by a digest of the command's words and of the files among them."""
