"""The interface of every backend: which completions a problem needs, and how they are requested."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ....schemas.manifest import Input
from ....schemas.problem import Problem
from ....schemas.sample import Hint
from ....schemas.teacher import Grader
from ...costs import Reservation
from ...errors import CotloomError
from ..grading_prompts import GradingTask
from ..request import Answer, ReceivedResponse, Request
from ..responses import encode_answers

if TYPE_CHECKING:
    from .openai_errors import Server


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One completion that a build needs."""

    problem: Problem
    """The problem it solves."""
    request: Request
    """The prompt, the model and the sampling parameters."""
    sample_index: int
    """Number of this completion among those of the same request, from 0."""
    grading: GradingTask | None = None
    """The sample that it votes on, where it does."""

    @property
    def key(self) -> tuple[str, int]:
        """The ledger key: digest of the request, and sample index."""
        return self.request.digest, self.sample_index


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A request that failed, in every try. It may pass another time."""

    request: CompletionRequest
    """What was requested."""
    error: CotloomError
    """Why it failed."""


def make_received(answered: Sequence[tuple[CompletionRequest, Answer]]) -> list[ReceivedResponse]:
    """Make responses of answers from this process: one for the answers to each request."""
    groups: dict[str, list[tuple[CompletionRequest, Answer]]] = {}
    for request, answer in answered:
        groups.setdefault(request.request.digest, []).append((request, answer))
    return [
        ReceivedResponse(
            group[0][0].request,
            encode_answers([answer for _, answer in group]),
            {request.sample_index: choice for choice, (request, _) in enumerate(group)},
            [answer for _, answer in group],
        )
        for group in groups.values()
    ]


Results = list[ReceivedResponse | FailedRequest]
"""What becomes of some requests: responses, and requests that failed for good."""


class Charge(StrEnum):
    """Whether a request costs something, where nothing is recorded of it."""

    NOTHING = "nothing"
    """The server refused it."""
    UNSENT = "unsent"
    """It was not sent, or never reached the server."""
    UNKNOWN = "unknown"
    """The server may have answered, and nobody knows."""


class Books(Protocol):
    """What keeps the books while requests are sent: what they may spend, and every response."""

    async def reserve(self, group: Sequence[CompletionRequest]) -> int | None:
        """Reserve what a request for some completions of one prompt can spend; to be called before it is sent.

        Returns:
            The number of the reservation, once it is on disk; None where there is no limit.

        Raises:
            LimitReached: it does not fit, and nothing on its way can make room for it.
        """

    async def record(self, received: ReceivedResponse, reservation: int | None = None) -> None:
        """Record a response and what was paid for it, in place of what was reserved. Returns when it is on disk."""

    def bound_batch(self, group: Sequence[CompletionRequest]) -> Reservation | None:
        """Bound what a request can spend that is sent in a batch; None where there is no limit."""

    async def reserve_batch(self, amount: Reservation) -> int | tuple[str, ...]:
        """Reserve what a batch can spend. Returns its number, or at once the limits that it would exceed."""

    async def release(self, reservation: int | None, charge: Charge) -> None:
        """Give back what was reserved for a request; it stays reserved where nobody knows what that costs."""


class Sender(Protocol):
    """What sends requests to a teacher, while a build samples."""

    async def send(self, group: Sequence[CompletionRequest], books: Books) -> Results:
        """Send the missing completions of one prompt, and record each response as soon as it has come.

        After a fatal error nothing more is sent: they fail with it.
        """

    @property
    def fatal(self) -> CotloomError | None:
        """The error that ends the sampling; None while there is none."""

    def describe(self) -> Mapping[str, int | float | str]:
        """Say what a person wants to know of the sending, such as `throttled` responses and `retries` so far."""


async def record_results(results: Results, books: Books) -> Results:
    """Record the responses among some results. Returns the results when they are on disk."""
    await asyncio.gather(*(books.record(result) for result in results if isinstance(result, ReceivedResponse)))
    return results


OpenSender = Callable[[], AbstractAsyncContextManager[Sender]]
"""Opens a sender inside the event loop."""


class Backend(Protocol):
    """A teacher that can be sampled."""

    def list_requests(self, problem: Problem, hint: Hint, indexes: range) -> list[CompletionRequest]:
        """List the completions that a round needs; empty where the teacher has no more for the problem."""

    def make_follow_up(self, request: CompletionRequest, answer: Answer) -> CompletionRequest | None:
        """Make the second request that an answer needs, for prompts of two calls."""

    def make_blind_check(self, problem: Problem, rationale: str) -> CompletionRequest:
        """Make the request that asks for the answer to a rationale, without a hint."""

    def list_votes(self, problem: Problem, task: GradingTask, grader: Grader) -> list[CompletionRequest]:
        """List the completions that a question about a sample needs: one for each vote."""

    def open_sender(self) -> AbstractAsyncContextManager[Sender]:
        """Open what sends its requests."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidModel:
    """What decides the price of a teacher, and the most that an answer of it can cost."""

    model: str
    """The model, as it is requested."""
    endpoint: str
    """The server's name in the ledger."""
    url: str | None = None
    """The address of the service; None for what runs in this process."""
    longest: int | None = None
    """The most tokens of one answer; None where the recipe sets no bound."""


@dataclass(frozen=True, slots=True)
class OpenedBackend:
    """A backend that is ready to sample, and what was read to open it."""

    backend: Backend
    """The teacher."""
    paid: PaidModel
    """What decides its price."""
    inputs: Sequence[Input] = ()
    """The files that were read."""
    turn: str | None = None
    """The name of what only one build at a time asks from the same store; None where any number may."""
    make_server: "Callable[[], Server] | None" = None
    """Describes the server that may take its requests in batches; None where there is none."""
