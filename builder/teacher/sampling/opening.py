"""Open what gets the answers of several teachers: one recorder, one look at what was erased, a sender for each."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from ....schemas.runtime import Runtime
from ..backends.protocol import OpenedBackend
from ..batches import BatchDesk, BatchSetting, ProblemTraffic
from ..ledger import Ledger, open_recorder
from .completing import Completer, Stop
from .turns import Turns


@asynccontextmanager
async def open_completers(
    opened: Mapping[str, OpenedBackend], ledger: Ledger, stop: Stop, runtime: Runtime, traffic: ProblemTraffic
) -> AsyncIterator[dict[str, Completer]]:
    """Open what gets the answers of some teachers, inside the event loop.

    Args:
        opened: the teachers, by the recipe key that each stands at.
        ledger: where answers are looked up and recorded.
        stop: what ends the sampling.
        runtime: whether requests are sent live or in batches.
        traffic: which problems are on their way.
    """
    async with AsyncExitStack() as stack:
        recorder = await stack.enter_async_context(open_recorder(ledger.path))
        names = [each.turn for each in opened.values() if each.turn is not None]
        turns = stack.enter_context(contextlib.closing(Turns(ledger, names)))
        forgotten = frozenset(ledger.find_forgotten())
        setting = BatchSetting(
            ledger=ledger, record=recorder.record, runtime=runtime, traffic=traffic, get_error=lambda: stop.error
        )
        desk = BatchDesk(setting, stack)
        yield {
            key: Completer(
                ledger=ledger,
                record=recorder.record,
                sender=await desk.open_sender(each, key),
                forgotten=forgotten,
                take_turn=turns.take,
                stop=stop,
            )
            for key, each in opened.items()
        }
