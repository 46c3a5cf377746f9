"""The event loop that requests are sent from."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ...engine import collect_seldom

Result = TypeVar("Result")


def run_in_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in an event loop of its own; in another thread where one runs here, as in a notebook."""
    with collect_seldom():
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(work)
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(asyncio.run, work).result()
