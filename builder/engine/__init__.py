"""The engine: run a function over the partitions of a table, here or in worker processes.

Law 5: partitions are cut by the rows' own keys and put together in their order, so that the result does not depend
on how many workers there were. The function is named by its address (`cotloom.builder.verify:judge_partition`), takes a
table and a text of settings, and gives a table: it could run anywhere.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import polars as pl
from cotloom.builder.engine.local import run_in_processes
from cotloom.builder.progress import bar

PARTITION_ROWS = 500
"""About so many rows are worked on together."""

Function = Callable[[pl.DataFrame, Any], pl.DataFrame]


def resolve(address: str) -> Function:
    """Import a function by its address, `module:name`."""
    module, _, name = address.partition(":")
    function: Function = getattr(import_module(module), name)
    return function


def map_rows(address: str, frame: pl.DataFrame, settings: Any, *, key: str, workers: int, what: str) -> pl.DataFrame:
    """Run a function over all rows.

    Args:
        address: the function, `module:name`; (table, settings) to table.
        frame: the rows.
        settings: plain values for the function.
        key: rows with the same key are never parted.
        workers: processes to use; 1 works in this one.
        what: what is being done, for the progress bar.

    Returns:
        The results of all partitions, in order of the key.
    """
    parts = list(partitions(frame.sort(key, maintain_order=True), key))
    text = json.dumps(settings)
    with bar(what, frame.height) as advance:
        if workers == 1 or len(parts) < 2:
            results = _here(address, parts, text, advance)
        else:
            results = run_in_processes(address, parts, text, min(workers, len(parts)), advance)
    return pl.concat(results, how="vertical")


def _here(
    address: str, parts: Sequence[pl.DataFrame], settings: str, advance: Callable[[int], None]
) -> list[pl.DataFrame]:
    function = resolve(address)
    results = []
    for part in parts:
        results.append(function(part, json.loads(settings)))
        advance(part.height)
    return results


def partitions(frame: pl.DataFrame, key: str) -> Iterator[pl.DataFrame]:
    """Cut a sorted table into partitions; rows with the same key stay together."""
    if frame.height == 0:
        yield frame
        return
    changes = frame[key] != frame[key].shift()  # null in the first row, which begins a partition anyway
    starts = [0, *changes.arg_true().to_list()]
    begin = 0
    for start in [*starts[1:], frame.height]:
        if start - begin >= PARTITION_ROWS or start == frame.height:
            yield frame.slice(begin, start - begin)
            begin = start
