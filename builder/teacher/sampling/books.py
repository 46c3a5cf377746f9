"""The books of a build: what each teacher costs, what may still be spent, and what was paid for each response.

All teachers of a build share its limits, and so do all builds of the same version, one after the other or at once: what
is spent and reserved stands in the ledger.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ....schemas.recipe import Recipe
from ....schemas.runtime import Runtime
from ...costs import (
    FREE,
    Delivery,
    Limits,
    Payment,
    Price,
    Reservation,
    ResponseTokens,
    Spent,
    Terms,
    compute_cost,
    compute_most,
    find_price,
    make_limits,
)
from ...errors import InputError, LimitReached
from ...progress import warn
from ..backends.protocol import Charge, CompletionRequest, OpenedBackend, PaidModel
from ..ledger import Key
from ..ledger.payments import Settlement, WantedReservation
from ..ledger.recorder import Recorder
from ..request import Answer, ReceivedResponse, ResponseKind, find_longest

MESSAGE_TOKENS = 16
"""The most tokens that a chat template puts around a message."""
TEMPLATE_TOKENS = 128
"""The most tokens that it puts around them all. No token is shorter than a byte, so that bytes bound the rest."""


RecordOrphan = Callable[[ReceivedResponse], Awaitable[frozenset[Key]]]
"""Records a response that nobody waits for. Returns the keys that were answered before."""


@dataclass(slots=True)
class Purse:
    """What one build may spend, whichever teacher is asked."""

    recorder: Recorder
    """Writes to the ledger."""
    version: str
    """NAME@VERSION."""
    limits: Limits
    """What all builds of this version may spend."""
    open: dict[int, Reservation] = field(default_factory=dict)
    """Reservations of this build that are not settled, by number."""
    excess: float = 1.0
    """How many times the tokens that its request permits a response had, at most."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a reservation is settled."""
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one request that waits for room."""

    async def reserve(self, terms: Terms, most: Reservation) -> int:
        """Reserve what a request can spend; where it does not fit, wait for those on their way to be settled.

        Raises:
            LimitReached: it does not fit, and nothing is on its way.
        """
        picodollars, tokens = round(most.picodollars * self.excess), round(most.tokens * self.excess)
        amount = replace(most, picodollars=picodollars, tokens=tokens)
        wanted = WantedReservation(terms=terms, amount=amount, limits=self.limits)
        found = () if self.queue.locked() else await self.recorder.reserve(wanted)
        if isinstance(found, tuple):
            async with self.queue:
                found = await self._wait_for_room(wanted)
        self.open[found] = amount
        return found

    async def _wait_for_room(self, wanted: WantedReservation) -> int:
        while True:
            self.changed.clear()
            is_last = not self.open
            found = await self.recorder.reserve(wanted)
            if not isinstance(found, tuple):
                return found
            if is_last:
                raise LimitReached(f"the limit is reached ({', '.join(found)})")
            await self.changed.wait()

    def close(self, reservation: int, tokens: ResponseTokens | None = None) -> None:
        """Note that a reservation counts no longer as on its way, and how many tokens it came to."""
        amount = self.open.pop(reservation)
        used = 0 if tokens is None else (tokens.prompt or 0) + (tokens.completion or 0)
        if used > amount.tokens > 0:
            self.excess *= used / amount.tokens
            warn("a server counts more tokens than a request permits: so much more is reserved from now on")
        self.changed.set()


@dataclass(frozen=True, slots=True)
class TeacherBooks:
    """The books of one teacher."""

    purse: Purse
    """What may be spent."""
    paid: PaidModel
    """What decides its price."""
    prices: Mapping[Delivery, Price | None]
    """Its prices; None where unknown."""

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing, so that there is nothing to record."""
        return self.prices[Delivery.LIVE] == FREE

    async def reserve(self, group: Sequence[CompletionRequest]) -> int | None:
        """Reserve the most that a request for some completions of one prompt can spend; None without a limit.

        Raises:
            LimitReached: it does not fit.
        """
        most = self.bound(group, Delivery.LIVE)
        return None if most is None else await self.purse.reserve(self._make_terms(Delivery.LIVE), most)

    def bound(self, group: Sequence[CompletionRequest], delivery: Delivery) -> Reservation | None:
        """Bound what a request for some completions of one prompt can spend; None where there is no limit."""
        if not self.purse.limits.is_set:
            return None
        prompt, completion = self._bound_tokens(group)
        price = self.prices[delivery]
        cost = 0 if price is None else compute_most(price, prompt, completion)
        return Reservation(picodollars=cost, requests=1, tokens=prompt + completion)

    async def reserve_batch(self, amount: Reservation) -> int | tuple[str, ...]:
        """Reserve what a batch can spend. Returns its number, or at once the limits that it would exceed."""
        terms = self._make_terms(Delivery.BATCH)
        wanted = WantedReservation(terms=terms, amount=amount, limits=self.purse.limits)
        return await self.purse.recorder.reserve(wanted)

    def _bound_tokens(self, group: Sequence[CompletionRequest]) -> tuple[int, int]:
        """Bound the tokens of a request, and of its answers together."""
        request = group[0].request
        sizes = [len(message.content.encode(errors="replace")) + MESSAGE_TOKENS for message in request.messages]
        longest = find_longest(request.sampling) or self.paid.longest or 0
        return sum(sizes) + TEMPLATE_TOKENS, len(group) * longest

    def _make_terms(self, delivery: Delivery) -> Terms:
        model, endpoint, price = self.paid.model, self.paid.endpoint, self.prices[delivery]
        return Terms(version=self.purse.version, model=model, endpoint=endpoint, delivery=delivery, price=price)

    async def record(
        self, received: ReceivedResponse, reservation: int | None = None
    ) -> tuple[frozenset[Key], int | None]:
        """Record a response and what was paid for it. Returns the keys that were answered before, and the cost."""
        tokens, delivery = count_tokens(received), received.delivery
        cost = 0 if received.response.kind is ResponseKind.REFUSAL else compute_cost(self.prices[delivery], tokens)
        if self.is_free and reservation is None:
            return await self.purse.recorder.record(received), 0
        payment = Payment(terms=self._make_terms(delivery), tokens=tokens, picodollars=cost, reservation=reservation)
        known = await self.purse.recorder.record(replace(received, payment=payment))
        if reservation is not None:
            self.purse.close(reservation, tokens)
        return known, cost

    async def release(self, reservation: int | None, charge: Charge) -> None:
        """Give back what was reserved for a request; it stays reserved where nobody knows what that costs."""
        if reservation is None:
            return
        if charge is not Charge.UNKNOWN:
            spent = Spent(requests=int(charge is Charge.NOTHING))
            await self.purse.recorder.settle(Settlement(reservation=reservation, spent=spent))
        self.purse.close(reservation)


def count_tokens(received: ReceivedResponse) -> ResponseTokens:
    """Count the tokens of a response, as the server stated them."""
    usages = [choice.usage for choice in received.read if isinstance(choice, Answer)]
    if not usages:
        return ResponseTokens()
    first, is_joint = usages[0], usages[0].joint_tokens is not None
    return ResponseTokens(
        prompt=None if first.prompt_tokens is None else sum(usage.prompt_tokens or 0 for usage in usages),
        cached=first.cached_tokens,
        completion=first.joint_tokens if is_joint else _add_counts([usage.completion_tokens for usage in usages]),
        reasoning=_add_counts([usage.reasoning_tokens for usage in usages]),
    )


def _add_counts(counts: Sequence[int | None]) -> int | None:
    """Add up counts; unknown where one is."""
    return None if None in counts else sum(count for count in counts if count is not None)


def open_books(
    recipe: Recipe, runtime: Runtime, opened: Mapping[str, OpenedBackend], recorder: Recorder
) -> dict[str, TeacherBooks]:
    """Open the books of some teachers, by the recipe key that each stands at.

    Raises:
        InputError: a limit can't be held: the price of a teacher is unknown, or the length of its answers unbounded.
    """
    limits = make_limits(runtime)
    purse = Purse(recorder, f"{recipe.name}@{recipe.version}", limits)
    books = {}
    for key, each in opened.items():
        paid = each.paid
        prices = {way: find_price(paid.model, paid.endpoint, paid.url, way, runtime.prices) for way in Delivery}
        books[key] = TeacherBooks(purse, paid, prices)
        _check_bounds(key, paid, limits, prices[Delivery.BATCH if runtime.batch else Delivery.LIVE])
    return books


def make_orphan_recorder(books: Mapping[str, TeacherBooks], recorder: Recorder) -> RecordOrphan:
    """Make what records a response that nobody waits for any more, by the price of the teacher that was asked."""

    async def record(received: ReceivedResponse) -> frozenset[Key]:
        asked = (received.request.model, received.request.endpoint)
        own = next((each for each in books.values() if (each.paid.model, each.paid.endpoint) == asked), None)
        return await recorder.record(received) if own is None else (await own.record(received))[0]

    return record


def _check_bounds(key: str, paid: PaidModel, limits: Limits, price: Price | None) -> None:
    """Check that a limit can be held.

    Raises:
        InputError: it can't.
    """
    if limits.picodollars is not None and price is None:
        raise InputError(
            f"--max-usd can't be held: no price is known for {paid.model} at {paid.url or paid.endpoint}",
            hint="write its price into a file, and name it with --prices FILE (docs/costs.md)",
            keys=(f"{key}.model",),
        )
    if (limits.picodollars is not None or limits.tokens is not None) and paid.longest is None:
        name = "--max-usd" if limits.picodollars is not None else "--max-tokens"
        raise InputError(
            f"{name} can't be held: the recipe does not bound the length of an answer of {paid.model}",
            hint="give the longest answer in tokens: sampling.max_tokens, or max_completion_tokens",
            keys=(f"{key}.sampling.max_tokens",),
        )
