"""The event loop that requests are sent from."""

import asyncio
import contextlib
import gc
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

COLLECTED = 10_000
"""How many new objects Python waits for until it looks for garbage; usually it is 700."""

Result = TypeVar("Result")


def run_in_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in an event loop of its own; in another thread where one runs here, as in a notebook."""
    with _collect_seldom():
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(work)
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(asyncio.run, work).result()


@contextlib.contextmanager
def _collect_seldom() -> Iterator[None]:
    """Collect garbage seldom within a block: each time, Python walks over all that the libraries hold.

    It takes a fifth of the time of a request else. What requests leave behind is freed without it, but for cycles.
    """
    usual = gc.get_threshold()
    gc.set_threshold(COLLECTED, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
