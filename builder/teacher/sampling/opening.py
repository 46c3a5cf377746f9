"""Open what gets the answers of several teachers: one recorder, one look at what was erased, a sender for each."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from ....schemas.recipe import Recipe
from ....schemas.runtime import Runtime
from ..backends.protocol import OpenedBackend
from ..ledger import Ledger, open_recorder
from .books import open_books
from .completing import Completer, Stop
from .metering import Look, open_unanswered
from .turns import Turns


@asynccontextmanager
async def open_completers(
    recipe: Recipe,
    runtime: Runtime,
    opened: Mapping[str, OpenedBackend],
    ledger: Ledger,
    stop: Stop,
    look: Look | None = None,
) -> AsyncIterator[dict[str, Completer]]:
    """Open what gets the answers of some teachers, inside the event loop.

    Args:
        recipe: the recipe, whose version they are paid for.
        runtime: prices, and what may be spent.
        opened: the teachers, by the recipe key that each stands at.
        ledger: where answers are looked up and recorded.
        stop: what ends the sampling.
        look: what is looked at of some problems; None for a build.

    Raises:
        InputError: a limit can't be held.
    """
    async with AsyncExitStack() as stack:
        recorder = await stack.enter_async_context(open_recorder(ledger.path))
        books = open_books(recipe, runtime, opened, recorder)
        is_asking = look is None or look.is_asking
        names = [each.turn for each in opened.values() if each.turn is not None and is_asking]
        turns = stack.enter_context(contextlib.closing(Turns(ledger, names)))
        forgotten = frozenset(ledger.find_forgotten())
        yield {
            key: Completer(
                ledger=ledger,
                books=books[key],
                sender=await stack.enter_async_context(each.backend.open_sender() if is_asking else open_unanswered()),
                forgotten=forgotten,
                take_turn=turns.take,
                stop=stop,
                accept_failures=runtime.accept_failures,
                meter=None if look is None else look.meter,
            )
            for key, each in opened.items()
        }
