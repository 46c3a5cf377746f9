"""Get the answers to requests: from the ledger, else from the teacher, recorded before anything else is done with them.

The event loop never waits for a disk: what arrives goes to the recorder, and is used when it is on disk (law 3).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...costs import Cost, Delivery, Reservation, make_cost
from ...errors import CotloomError, InputError, LimitReached
from ...text.traces import part_trace
from ..backends.protocol import Charge, CompletionRequest, FailedRequest, Sender
from ..ledger import Key, Ledger
from ..request import Answer, ReceivedResponse
from .books import TeacherBooks
from .metering import Meter


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """Where the answers of a build came from."""

    new: int = 0
    """Answers that were requested now."""
    ledger: int = 0
    """Answers that were in the ledger."""
    failed: int = 0
    """Requests that failed."""
    refused: int = 0
    """Answers that the teacher refuses to give, now or in the ledger; their samples are dropped."""
    error: CotloomError | None = None
    """Why the first of the failed requests failed."""
    cost: Cost = field(default_factory=Cost)
    """What the new answers cost."""
    total: Cost = field(default_factory=Cost)
    """What all answers cost when they were paid, those in the ledger too."""
    saved: int = 0
    """Answers that were not asked for, although `paths.max` allows them: their problems had their paths, or gave up."""
    by_teacher: tuple[tuple[str, "Calls"], ...] = ()
    """Those of each teacher, by the recipe key that it stands at, where there are several."""

    def __add__(self, other: "Calls") -> "Calls":
        """Add up the calls of two teachers."""
        return Calls(
            new=self.new + other.new,
            ledger=self.ledger + other.ledger,
            failed=self.failed + other.failed,
            refused=self.refused + other.refused,
            error=self.error or other.error,
            cost=self.cost + other.cost,
            total=self.total + other.total,
            saved=self.saved + other.saved,
            by_teacher=(*self.by_teacher, *other.by_teacher),
        )


@dataclass(slots=True)
class Stop:
    """The first error that ends the sampling: nothing more is sent; what is in flight still arrives."""

    error: CotloomError | None = None
    """The error; None while there is none."""

    def set(self, error: CotloomError) -> None:
        """End the sampling; the first error stays."""
        self.error = self.error or error

    def check(self) -> None:
        """Raise the error, where there is one."""
        if self.error is not None:
            raise self.error


@dataclass(slots=True)
class Completer:
    """Gets the answers of one teacher."""

    ledger: Ledger
    """Where answers are looked up."""
    books: TeacherBooks
    """Records responses, and what they cost."""
    sender: Sender
    """Sends what is missing."""
    forgotten: frozenset[str]
    """Problems whose answers were erased; they are never requested again."""
    take_turn: Callable[[], Awaitable[bool]]
    """Waits until no other build asks the same teacher from this store; says whether one may have asked until then."""
    stop: Stop
    """What ends the sampling."""
    accept_failures: bool = False
    """Whether the build goes on without what can't be asked any more."""
    meter: Meter | None = None
    """What adds up what each problem takes; None where nobody asks."""
    calls: Calls = field(default_factory=Calls)
    """Where the answers came from so far."""
    tokens: int = 0
    """Tokens of the new answers so far, as far as the server counted them."""

    async def __call__(self, requests: Sequence[CompletionRequest]) -> Sequence[Answer | FailedRequest]:
        """Complete the requests of one problem.

        Raises:
            CotloomError: the sampling ends.
        """
        if requests and requests[0].problem.problem_id in self.forgotten:
            results: Sequence[Answer | FailedRequest] = [_ERASED] * len(requests)
            self.calls = replace(self.calls, refused=self.calls.refused + len(requests))
            return results
        known = self._read_known(requests)
        missing = [request for request in requests if request.key not in known]
        if missing and await self.take_turn():
            known = self._read_known(requests)
            missing = [request for request in requests if request.key not in known]
        self.stop.check()
        if known and not self.books.is_free:
            self.calls = replace(self.calls, total=self.calls.total + self.ledger.count_costs(known))
        new, failures = await self._request(missing) if missing else ({}, {})
        results = [_find_result(request, known, new, failures) for request in requests]
        self._note(results, len(known), new, failures)
        if self.meter is not None:
            self.meter.note_answers(requests, results, self.books.prices)
        return results

    def _read_known(self, requests: Sequence[CompletionRequest]) -> dict[Key, Answer]:
        keys = {request.key for request in requests}
        digests = list(dict.fromkeys(digest for digest, _ in keys))
        return {key: _part(answer) for key, answer in self.ledger.read_answers(digests) if key in keys}

    async def _request(
        self, missing: Sequence[CompletionRequest]
    ) -> tuple[dict[Key, Answer], dict[Key, FailedRequest]]:
        """Request what the ledger lacks; it is recorded. Returns answers and failures by ledger key."""
        groups: dict[str, list[CompletionRequest]] = {}
        for request in missing:
            groups.setdefault(request.request.digest, []).append(request)
        own = _OwnBooks(self.books)
        first, *others = (self.sender.send(group, own) for group in groups.values())
        sent = await asyncio.gather(first, *others) if others else [await first]  # one alone needs no task of its own
        results = [result for group in sent for result in group]
        received = [result for result in results if isinstance(result, ReceivedResponse)]
        fatal = self.sender.fatal
        if fatal is not None and not (self.accept_failures and isinstance(fatal, LimitReached)):
            self.stop.set(fatal)
        self.calls = replace(self.calls, cost=self.calls.cost + own.cost, total=self.calls.total + own.cost)
        answers = {key: answer for item in received for key, answer in _list_answers(item)}
        if own.earlier:
            digests = {digest for digest, _ in own.earlier}
            answers |= {key: _part(each) for key, each in self.ledger.read_answers(digests)}
        return answers, {each.request.key: each for each in results if isinstance(each, FailedRequest)}

    def _note(
        self,
        results: Sequence[Answer | FailedRequest],
        known: int,
        new: Mapping[Key, Answer],
        failures: Mapping[Key, FailedRequest],
    ) -> None:
        failed = sum(isinstance(result, FailedRequest) for result in results)
        self.tokens += sum(_count_tokens(answer) for answer in new.values())
        self.calls += Calls(
            new=len(results) - known - failed,
            ledger=known,
            failed=failed,
            refused=sum(isinstance(result, Answer) and result.refusal is not None for result in results),
            error=next((failure.error for failure in failures.values()), None),
        )


@dataclass(slots=True)
class _OwnBooks:
    """The books of a teacher while it is asked about one problem."""

    books: TeacherBooks
    cost: Cost = field(default_factory=Cost)
    earlier: set[Key] = field(default_factory=set)
    """Keys that another process had answered first."""

    async def reserve(self, group: Sequence[CompletionRequest]) -> int | None:
        return await self.books.reserve(group)

    async def record(self, received: ReceivedResponse, reservation: int | None = None) -> None:
        known, picodollars = await self.books.record(received, reservation)
        self.earlier |= known
        self.cost += make_cost(picodollars)

    def bound_batch(self, group: Sequence[CompletionRequest]) -> Reservation | None:
        return self.books.bound(group, Delivery.BATCH)

    async def reserve_batch(self, amount: Reservation) -> int | tuple[str, ...]:
        return await self.books.reserve_batch(amount)

    async def release(self, reservation: int | None, charge: Charge) -> None:
        await self.books.release(reservation, charge)


_ERASED = Answer(text=None, refusal="its answers were erased with cotloom ledger forget")


def _count_tokens(answer: Answer) -> int:
    """Count the tokens of an answer, or our share of those that a server counts for several; 0 where unknown."""
    return answer.usage.completion_tokens or answer.usage.estimated_tokens or 0


def _list_answers(received: ReceivedResponse) -> list[tuple[Key, Answer]]:
    """List the answers in a response, by ledger key."""
    read = ((index, received.read[choice]) for index, choice in received.choices.items())
    return [((received.request.digest, index), _part(each)) for index, each in read if isinstance(each, Answer)]


def _part(answer: Answer) -> Answer:
    """Tell the reasoning of an answer apart from its text, whichever way the server sent it."""
    parts = part_trace(answer.text, answer.reasoning)
    if parts.response == answer.text and parts.reasoning == answer.reasoning:
        return answer
    return replace(answer, text=parts.response, reasoning=parts.reasoning)


def _find_result(
    request: CompletionRequest,
    known: Mapping[Key, Answer],
    new: Mapping[Key, Answer],
    failures: Mapping[Key, FailedRequest],
) -> Answer | FailedRequest:
    answer = known.get(request.key) or new.get(request.key)
    return answer or failures.get(request.key) or FailedRequest(request, InputError("no answer came"))
