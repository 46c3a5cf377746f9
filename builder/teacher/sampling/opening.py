"""Open what gets the answers of several teachers: one recorder, one look at what was erased, a sender for each."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from ....schemas.recipe import Recipe
from ....schemas.runtime import Runtime
from ..backends.protocol import OpenedBackend
from ..batches import BatchDesk, BatchSetting, ProblemTraffic
from ..ledger import Ledger, open_recorder
from ..ledger.payments import Settlement
from .books import make_orphan_recorder, open_books
from .completing import Completer, Stop
from .metering import Look, Unanswered
from .turns import Turns


@asynccontextmanager
async def open_completers(  # noqa: PLR0913, PLR0917 - what a build shares among its teachers
    recipe: Recipe,
    runtime: Runtime,
    opened: Mapping[str, OpenedBackend],
    ledger: Ledger,
    stop: Stop,
    traffic: ProblemTraffic,
    look: Look | None = None,
) -> AsyncIterator[dict[str, Completer]]:
    """Open what gets the answers of some teachers, inside the event loop.

    Args:
        recipe: the recipe, whose version they are paid for.
        runtime: prices, and what may be spent.
        opened: the teachers, by the recipe key that each stands at.
        ledger: where answers are looked up and recorded.
        stop: what ends the sampling.
        traffic: which problems are on their way.
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
        setting = BatchSetting(
            ledger=ledger,
            record=make_orphan_recorder(books, recorder),
            settle=lambda number, spent: recorder.settle(Settlement(reservation=number, spent=spent)),
            runtime=runtime,
            traffic=traffic,
            get_error=lambda: stop.error,
        )
        desk = BatchDesk(setting, stack)
        yield {
            key: Completer(
                ledger=ledger,
                books=books[key],
                sender=await desk.open_sender(each, key) if is_asking else Unanswered(),
                forgotten=forgotten,
                take_turn=turns.take,
                stop=stop,
                accept_failures=runtime.accept_failures,
                meter=None if look is None else look.meter,
            )
            for key, each in opened.items()
        }
