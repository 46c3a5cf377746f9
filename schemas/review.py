"""Reviews: what people decided about rows that they read. A file of decisions is an input of the next build."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from .ids import digest
from .reasons import Verdict


class ReviewAction(StrEnum):
    """What a reader decided about a sample."""

    ACCEPT = "accept"
    """It is right. Where checks had dropped it, it is kept."""
    REJECT = "reject"
    """It is wrong, or not worth learning from."""
    EDIT = "edit"
    """It is replaced by an edited one, which is judged like any sample."""
    GOLD = "gold"
    """The gold answer of its problem is wrong; another one is given, and all samples are judged by that."""
    DROP = "drop"
    """Its question is no good: the problem is dropped, with all its samples."""
    UNSURE = "unsure"
    """It was read, and the reader can't tell. Nothing is done."""


class Draw(StrEnum):
    """How a row came to be read."""

    RANDOM = "random"
    """It was drawn from all kept samples, each as likely as any other."""
    DOUBTFUL = "doubtful"
    """It stood high in the queue of doubtful rows."""
    CHOSEN = "chosen"
    """It was named."""


_Text = Annotated[str, StringConstraints(min_length=1)]

NEEDS = {ReviewAction.EDIT: "text", ReviewAction.GOLD: "answer"}
"""The field that a decision must have."""


class Decision(BaseModel):
    """One line of a file of decisions."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    row: Annotated[str, StringConstraints(pattern=r"^s_[0-9a-f]{4,64}$")]
    """The sample that was read."""
    problem: Annotated[str, StringConstraints(pattern=r"^p_[0-9a-f]{4,64}$")]
    """Its problem."""
    read: str
    """Digest of the text that was read; see `digest_text`. A decision says nothing about another text."""
    action: ReviewAction = Field(strict=False)
    """What was decided."""
    reason: str | None = None
    """Why."""
    answer: _Text | None = None
    """The right gold answer, for `gold`."""
    text: _Text | None = None
    """The edited text, for `edit`."""
    reasoning: str | None = None
    """The edited reasoning, where it was told apart from the text."""
    by: _Text
    """Who decided."""
    at: str
    """When, as ISO 8601 in UTC."""
    version: str | None = None
    """The version in which it was read."""
    content: str | None = None
    """The content digest of that version."""
    draw: Draw = Field(Draw.CHOSEN, strict=False)
    """How it came to be read."""

    @model_validator(mode="after")
    def _check_needs(self) -> "Decision":
        needed = NEEDS.get(self.action)
        if needed is not None and getattr(self, needed) is None:
            message = f"action {self.action} needs the key {needed}"
            raise ValueError(message)
        return self


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewMark:
    """What a review did to a sample."""

    action: ReviewAction
    """What was decided."""
    by: str
    """Who decided: one name, or several."""
    reason: str | None = None
    """Why."""
    verdict: Verdict | None = None
    """What checking its answer had found, where the review put another verdict in its place."""
    edited: str | None = None
    """Of an edited sample: the id of the one that was read."""


def digest_text(text: str | None, reasoning: str | None) -> str:
    """Digest what a reader sees of a sample, in 16 hex digits."""
    return digest([text, reasoning])[:16]
