"""What is asked of a teacher and what comes back: the seam that every backend keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cotloom.schemas.example import Message
from cotloom.schemas.ids import content_id
from cotloom.schemas.sample import Hint, TokenLogprob, Usage

LEAST_LOGPROB = -9999.0
"""Stands for a probability of zero, whose logarithm is not finite; chat servers write it so too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One question put to one teacher. Answers to it are numbered from 0 (the sample index)."""

    problem_id: str
    """The problem it is about."""
    messages: tuple[Message, ...]
    """The rendered chat."""
    model: str
    """The teacher."""
    endpoint: str
    """A name for where it is served. Not an address, so that a server may move."""
    sampling: Mapping[str, Any]
    """Sampling parameters as sent, without n and seed."""
    hint: Hint = Hint.NONE
    """Whether the messages show the gold answer."""

    @property
    def digest(self) -> str:
        """The ledger key: everything that can change the answer, and nothing else."""
        return content_id(
            "r",
            {
                "messages": [(message.role, message.content) for message in self.messages],
                "model": self.model,
                "endpoint": self.endpoint,
                "sampling": dict(self.sampling),
            },
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer of a teacher, as it came back."""

    text: str | None
    """The answer, untouched."""
    reasoning: str | None = None
    """The reasoning channel, where the server keeps it apart."""
    finish_reason: str | None = None
    """Why the teacher stopped, in the server's word."""
    usage: Usage = field(default_factory=Usage)
    """Tokens, as the server counted them."""
    cost_usd: float | None = None
    """Price in US dollars; null where unknown."""
    token_logprobs: tuple[TokenLogprob, ...] | None = None
    """Token log probabilities, where they came."""
    labels: str | None = None
    """What a recording says about it, as canonical JSON."""
    simulated: bool = False
    """True where no model wrote it."""
