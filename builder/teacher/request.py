"""The request to a teacher, the response as it came, and the answers in it: what every backend sends and returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ...schemas.example import Message
from ...schemas.ids import make_content_id
from ...schemas.sample import Hint, TokenLogprob, Usage

LEAST_LOGPROB = -9999.0
"""Stands for the log probability of zero, which is not finite. Chat servers use the same value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A prompt for one teacher. Its answers are numbered from 0 (the sample index)."""

    problem_id: str
    """The problem that the prompt is made from."""
    messages: tuple[Message, ...]
    """The rendered chat."""
    model: str
    """The teacher."""
    endpoint: str
    """A name for the server that stays the same when its address changes."""
    sampling: Mapping[str, Any]
    """Sampling parameters as sent, without n and seed."""
    hint: Hint = Hint.NONE
    """Whether the messages show the gold answer."""

    @property
    def digest(self) -> str:
        """The ledger key: everything that can change the answer, and nothing else."""
        return make_content_id(
            "r",
            {
                "messages": [(message.role, message.content) for message in self.messages],
                "model": self.model,
                "endpoint": self.endpoint,
                "sampling": dict(self.sampling),
            },
        )


class ResponseKind(StrEnum):
    """How the bytes of a response are read."""

    ANSWERS = "answers"
    """Answers of a backend in this process, as JSON."""
    CHAT = "chat"
    """A chat completion, as the server sent it."""
    REFUSAL = "refusal"
    """An error of the server that would come again, as the server sent it."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response as it came. It is recorded before it is read."""

    kind: ResponseKind
    """How it is read."""
    body: bytes
    """Its bytes."""


@dataclass(frozen=True, slots=True)
class ReceivedResponse:
    """A response, and the sample indexes that it answers."""

    request: Request
    """What was requested."""
    response: Response
    """What came."""
    choices: Mapping[int, int] = field(default_factory=dict)
    """For each sample index that it answers, the number of the choice; empty where nothing can be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer of a teacher, as it was read from a response."""

    text: str | None
    """The text of the answer, unchanged."""
    reasoning: str | None = None
    """The reasoning channel, where the server separates it."""
    finish_reason: str | None = None
    """Why generation stopped, as the server names it."""
    usage: Usage = field(default_factory=Usage)
    """Tokens, as the server counted them."""
    served_model: str | None = None
    """The model that answered, as the server names it; null where no server did."""
    fingerprint: str | None = None
    """The server's name for how it was set up."""
    response_id: str | None = None
    """The server's id of the response."""
    cost_usd: float | None = None
    """Price in US dollars; null where unknown."""
    token_logprobs: tuple[TokenLogprob, ...] | None = None
    """Token log probabilities, where the server returned them."""
    labels: str | None = None
    """Labels of a recorded answer, as canonical JSON."""
    simulated: bool = False
    """True where no model wrote it."""
    refusal: str | None = None
    """Why there is no answer, where asking again would give the same: a content filter, a prompt that is too long."""
