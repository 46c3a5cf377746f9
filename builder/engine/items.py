"""Run a function over plain values."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from ...schemas.runtime import Runtime
from ..progress import show_bar
from . import import_function


def map_items(address: str, items: Sequence[Any], settings: Any, *, runtime: Runtime, description: str) -> list[Any]:  # noqa: ARG001
    """Run a function over all items, in this process.

    Args:
        address: the function, `module:name`; (item, settings) to result.
        items: plain JSON values.
        settings: plain JSON values for the function.
        runtime: how to run.
        description: text of the progress bar.

    Returns:
        The results, in the order of the items.
    """
    function = cast("Callable[[Any, Any], Any]", import_function(address))
    results = []
    with show_bar(description, len(items)) as advance:
        for item in items:
            results.append(function(item, settings))
            advance(1)
    return results
