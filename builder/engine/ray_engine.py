"""Ray tasks: the same calls on a Ray cluster. Its nodes have Cotloom, and reach the store under the same path."""

import json
import os
import re
import signal
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from ...schemas.runtime import Runtime
from ..errors import InputError, Stopped
from .calls import Task, make_answer, read_value
from .exits import LESS_MEMORY
from .memory import bound_workers
from .usage import UsageRecord

try:
    import ray
    from ray.exceptions import NodeDiedError, OutOfMemoryError, RayError, WorkerCrashedError
except ModuleNotFoundError as error:
    raise InputError("--engine ray needs Ray, which is not installed", hint="pip install 'cotloom[ray]'") from error

MAX_RETRIES = 1
"""How often a task is done again whose worker was killed."""

_WAITING = 2
"""Tasks in flight for each processor, so that none waits for the next."""

_PATIENCE_S = 10.0
"""How long a cluster may take to answer at its address."""

_connections: list[tuple[str, int]] = []
"""Address and processors of the connection that we have opened in this process."""


def run_on_ray(task: Task, runtime: Runtime, advance: Callable[[int], None], usage: UsageRecord) -> list[Any]:
    """Run a task on Ray; see `cotloom.builder.engine.map_items`.

    Args:
        task: a function and its items.
        runtime: the cluster's address; without one, the number of processors of the cluster that is started here.
        advance: is called with each item that is done.
        usage: takes in what the workers used.

    Raises:
        CotloomError: the function raised it.
        InputError: no cluster answers at the address.
        Stopped: an item ended its worker again and again, or memory ran out.
        RuntimeError: the function failed; the message is its traceback.
    """
    _connect(runtime)
    environment = {"env_vars": {"POLARS_MAX_THREADS": "1"}}
    call = ray.remote(num_cpus=1, max_retries=MAX_RETRIES, runtime_env=environment)(make_answer_on_ray)
    settings = ray.put(task.settings)
    at_once = max(1, int(_WAITING * ray.cluster_resources().get("CPU", 1)))
    pending = deque(range(len(task.items)))
    flying: dict[Any, int] = {}
    results: dict[int, Any] = {}
    usages = []
    try:
        while pending or flying:
            while pending and len(flying) < at_once:
                index = pending.popleft()
                flying[call.remote(task.address, task.items[index], settings)] = index
            (done,), _ = ray.wait(list(flying), num_returns=1)
            index = flying.pop(done)
            answer = _get_answer(done, f"item {index + 1} of {len(task.items)}")
            usages.append(answer["usage"])
            results[index] = read_value(answer)
            advance(index)
    finally:
        for reference in flying:
            ray.cancel(reference, force=True)
        usage.add_run(usages)
    return [results[index] for index in range(len(task.items))]


def make_answer_on_ray(address: str, item: str, settings: str) -> str:
    """Call a function in a Ray worker. Returns the line of `make_answer`."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # Ray's handler raises an exit, which would pass for a fault
    return make_answer(address, item, settings)


def _get_answer(reference: Any, item: str) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(ray.get(reference))
    except OutOfMemoryError as error:
        raise Stopped(f"memory ran out again and again while a Ray worker did {item}", hint=LESS_MEMORY) from error
    except (WorkerCrashedError, NodeDiedError) as error:
        message = f"a Ray worker was killed again and again while it worked on {item}"
        raise Stopped(message, hint=LESS_MEMORY) from error
    except RayError as error:
        raise RuntimeError(f"Ray failed at {item}: {error}") from error
    return answer


def _connect(runtime: Runtime) -> None:
    """Connect to a cluster, or start one here. Ray ends our own with this process, and no other.

    Raises:
        InputError: no cluster answers.
    """
    address = runtime.ray_address
    wanted = (address or "local", 0 if address else runtime.workers)
    if ray.is_initialized():
        if not _connections or _connections == [wanted]:  # without any, the caller has connected it
            return
        ray.shutdown()
    _connections.clear()
    if address is not None:
        _check_address(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    options: dict[str, Any] = {}
    if address is None:
        workers = bound_workers(runtime.workers, runtime, 0, "Ray on this machine")
        options = {"num_cpus": workers, "include_dashboard": False, "_system_config": {"task_oom_retries": MAX_RETRIES}}
    try:
        ray.init(address=wanted[0], log_to_driver=False, logging_level="error", **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"Ray ({wanted[0]}) does not start or answer: {error}", hint="check --ray-address") from error
    _connections.append(wanted)


def _check_address(address: str) -> None:
    """Check that something answers at an address with a port, before Ray tries for many minutes.

    Raises:
        InputError: nothing does.
    """
    named = re.fullmatch(r"(?:ray://)?\[?([^/\[\]]+)\]?:(\d{1,5})", address)
    if named is None:  # such as `auto`, which Ray looks up on this machine
        return
    try:
        socket.create_connection((named[1], int(named[2])), timeout=_PATIENCE_S).close()
    except (OSError, OverflowError) as error:
        raise InputError(f"no Ray cluster answers at {address}: {error}", hint="check --ray-address") from error
