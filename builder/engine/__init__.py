"""The engine: run a function over the partitions of a table, here or in worker processes.

Law 5: partitions are cut by the rows' own keys and concatenated in their order, so that the result does not depend
on the number of workers. A function is named by its address (`cotloom.builder.verify.samples:judge_partition`); it
takes a table and settings and returns a table, so that it can run in any process.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import polars as pl

from ..progress import show_bar
from .local import run_in_processes

PARTITION_ROWS = 500
"""About how many rows a partition has."""

Function = Callable[[pl.DataFrame, Any], pl.DataFrame]


def import_function(address: str) -> Function:
    """Import a function by its address, `module:name`."""
    module, _, name = address.partition(":")
    function: Function = getattr(import_module(module), name)
    return function


def map_rows(
    address: str, frame: pl.DataFrame, settings: Any, *, key: str, workers: int, description: str
) -> pl.DataFrame:
    """Run a function over all rows.

    Args:
        address: the function, `module:name`; (table, settings) to table.
        frame: the rows.
        settings: plain values for the function.
        key: the column that rows are partitioned by; rows with the same key stay together.
        workers: number of processes; 1 runs in this process.
        description: text of the progress bar.

    Returns:
        The results of all partitions, in order of the key.
    """
    parts = list(cut_partitions(frame.sort(key, maintain_order=True), key))
    text = json.dumps(settings)
    with show_bar(description, frame.height) as advance:
        if workers == 1 or len(parts) < 2:
            results = _run_here(address, parts, text, advance)
        else:
            results = run_in_processes(address, parts, text, min(workers, len(parts)), advance)
    return pl.concat(results, how="vertical")


def _run_here(
    address: str, parts: Sequence[pl.DataFrame], settings: str, advance: Callable[[int], None]
) -> list[pl.DataFrame]:
    function = import_function(address)
    results = []
    for part in parts:
        results.append(function(part, json.loads(settings)))
        advance(part.height)
    return results


def cut_partitions(frame: pl.DataFrame, key: str) -> Iterator[pl.DataFrame]:
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
