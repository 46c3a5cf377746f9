"""The request to a teacher, the response as it came, and the answers in it: what every backend sends and returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

import orjson

from ...schemas.example import Message
from ...schemas.ids import format_canonical, make_plain_id
from ...schemas.sample import Hint, TokenLogprob, Usage
from ..costs import Delivery, Payment

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

    digest: str = field(init=False, repr=False, compare=False)
    """The ledger key: everything that can change the answer, and nothing else. It is made once, with the request."""

    def __post_init__(self) -> None:
        """Make the digest: what `make_content_id` makes of endpoint, messages, model and sampling."""
        endpoint, model, sampling = format_setting(self)
        messages = _format_messages(self.messages)
        content = f'[{{"endpoint":{endpoint},"messages":{messages},"model":{model},"sampling":{sampling}}}]'
        object.__setattr__(self, "digest", make_plain_id("r", content))


def format_setting(request: Request) -> tuple[str, str, str]:
    """Format what requests have in common besides messages, as canonical JSON: endpoint, model, sampling."""
    return format_canonical(request.endpoint), format_canonical(request.model), _format_sampling(request.sampling)


def _format_messages(messages: Sequence[Message]) -> str:
    """Format messages as canonical JSON, in a fifth of the time of `format_canonical`."""
    pairs = [(message.role, message.content) for message in messages]
    try:
        return orjson.dumps(pairs).decode()
    except TypeError:  # its error names the text
        return format_canonical(pairs)


def _format_sampling(sampling: Mapping[str, Any]) -> str:
    """Format sampling parameters as canonical JSON; those that were formatted before are looked up."""
    try:
        plain = orjson.dumps(dict(sampling), option=_PLAIN)
    except TypeError:
        return format_canonical(dict(sampling))
    return format_canonical(dict(sampling)) if b"null" in plain else _format_plain(plain)  # it may stand for a NaN


_PLAIN = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS


@lru_cache(maxsize=256)
def _format_plain(plain: bytes) -> str:
    return format_canonical(orjson.loads(plain))


LENGTHS = ("max_tokens", "max_completion_tokens")
"""Sampling parameters that bound an answer."""


def find_longest(sampling: Mapping[str, Any]) -> int | None:
    """Find the most tokens of one answer among sampling parameters; None where they set no bound."""
    found = [value for name in LENGTHS if isinstance(value := sampling.get(name), int) and value > 0]
    return min(found, default=None)


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
    read: Sequence["Answer | UnreadableChoice"] = ()
    """The choices as they were read; the ledger reads them out of the response itself."""
    delivery: Delivery = Delivery.LIVE
    """How it came."""
    payment: Payment | None = None
    """What was paid for it; null where nobody knows."""


@dataclass(frozen=True, slots=True)
class UnreadableChoice:
    """A choice that holds no answer that can be read."""

    reason: str
    """Why."""


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
    token_logprobs: tuple[TokenLogprob, ...] | None = None
    """Token log probabilities, where the server returned them."""
    labels: str | None = None
    """Labels of a recorded answer, as canonical JSON."""
    simulated: bool = False
    """True where no model wrote it."""
    refusal: str | None = None
    """Why there is no answer, where asking again would give the same: a content filter, a prompt that is too long."""
