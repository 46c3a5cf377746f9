"""The engine: run a function over plain items, in this process, in worker processes or on a Ray cluster.

    counts = map_items(
        "cotloom.builder.verify.buckets:judge_bucket", [{"path": "samples-0.parquet", "rows": 16_384}, ...],
        {"policy": {...}}, runtime=runtime, description="judging",
    )

Items, settings and results are plain JSON values, such as paths and counts: rows stay in the files that the functions
read and write. Law 5: results come in the order of the items, and nothing depends on the number of workers.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...schemas.runtime import EngineKind, Runtime
from ..progress import show_bar
from .calls import Task, call_function, import_function
from .collecting import collect_seldom
from .current_row import mark_row
from .local import keep_workers, run_in_processes
from .memory import WORKER_BYTES, bound_workers, count_workers
from .usage import UsageRecord, collect_usage, find_record

__all__ = [
    "WORKER_BYTES",
    "UsageRecord",
    "collect_seldom",
    "collect_usage",
    "count_workers",
    "import_function",
    "keep_workers",
    "map_items",
    "mark_row",
]


def map_items(  # noqa: PLR0913 - what is run, on what, how, and what is said of it
    address: str,
    items: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    *,
    runtime: Runtime,
    description: str,
    usage: UsageRecord | None = None,
    item_bytes: int = 0,
) -> list[Any]:
    """Run a function over items.

    With one worker or one item the function is called in this process. In others, an item whose process was killed is
    done again, once.

    Args:
        address: the function, `module:name`; it takes an item and the settings and returns a plain value. It may say
            with `mark_row` which row it is at, so that a death can be told with the row.
        items: plain objects. `rows`, where an item has it, is its weight in the progress bar.
        settings: plain values, the same for all items.
        runtime: where it runs, with how many processes, and what memory they may take.
        description: text of the progress bar.
        usage: takes in what the processes used; by default what `collect_usage` collects.
        item_bytes: memory that one item needs beyond `WORKER_BYTES`; on a Ray cluster its owner sees to memory.

    Returns:
        The results, in the order of the items.

    Raises:
        CotloomError: the function raised it.
        Stopped: an item ended its process twice, or memory ran out.
        RuntimeError: the function failed in another process; the message is its traceback.
    """
    task = Task(address=address, settings=json.dumps(settings), items=tuple(map(json.dumps, items)))
    weights = [int(item.get("rows", 1)) for item in items]
    with show_bar(description, sum(weights)) as advance:

        def count(index: int) -> None:
            advance(weights[index])

        if len(items) < 2 or (runtime.workers == 1 and runtime.engine is EngineKind.LOCAL):
            return _run_here(task, count)
        record = find_record() if usage is None else usage
        if runtime.engine is EngineKind.RAY:
            from .ray_engine import run_on_ray  # noqa: PLC0415 - Ray is an extra

            return run_on_ray(task, runtime, count, record)
        workers = bound_workers(min(runtime.workers, len(items)), runtime, item_bytes, description)
        return _run_here(task, count) if workers == 1 else run_in_processes(task, workers, count, record)


def _run_here(task: Task, advance: Callable[[int], None]) -> list[Any]:
    results = []
    with collect_seldom():
        for index, item in enumerate(task.items):
            results.append(json.loads(call_function(task.address, item, task.settings)))
            advance(index)
    return results
