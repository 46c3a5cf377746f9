"""What batches may spend: a file is reserved for as a whole before it is submitted, and settled when it is taken in.

What its rows cost is recorded with their answers. So nothing is left of the reservation then, but what rows may have
cost whose tokens nobody knows.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ...costs import Reservation, Spent
from ..backends.protocol import Books, CompletionRequest

SettleReservation = Callable[[int, Spent], Awaitable[None]]
"""Records what was spent in place of a reservation, by its number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReservedFile:
    """What is reserved for a file."""

    number: int
    """The number of the reservation."""
    most_each: tuple[int, int]
    """The most that one of its requests can spend: picodollars, and tokens."""


async def reserve_file(
    rows: Sequence[tuple[Books, Sequence[CompletionRequest]]],
) -> ReservedFile | tuple[str, ...] | None:
    """Reserve what the rows of a file can spend together.

    Args:
        rows: for each, the books of who waits for it, and its completions.

    Returns:
        The reservation; the limits that it would exceed; or None where there is no limit.
    """
    bounds = [books.bound_batch(group) for books, group in rows]
    amounts = [bound for bound in bounds if bound is not None]
    if not amounts:
        return None
    total = Reservation(
        picodollars=sum(amount.picodollars for amount in amounts),
        requests=len(amounts),
        tokens=sum(amount.tokens for amount in amounts),
    )
    found = await rows[0][0].reserve_batch(total)
    if isinstance(found, tuple):
        return found
    most = max(amount.picodollars for amount in amounts), max(amount.tokens for amount in amounts)
    return ReservedFile(number=found, most_each=most)
