"""How many worker processes fit into memory: of this machine, or of the control group that we are in."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...schemas.runtime import Runtime
from ..progress import warn

WORKER_BYTES = 700_000_000
"""What one worker process takes: the libraries, the rows of one item and what is computed from them."""

_SHARE = 0.75
"""How much of the available memory workers may take; the rest is for this process and the system."""

_ROOT = Path("/")
_MEMINFO = "proc/meminfo"


def count_workers(runtime: Runtime, item_bytes: int = 0) -> int:
    """Count the worker processes to start on this machine: as many as asked for, where memory lasts, at least one.

    Args:
        runtime: how many are asked for, and the memory they may take.
        item_bytes: memory that one item needs beyond `WORKER_BYTES`.
    """
    return compute_workers(runtime.workers, measure_budget(runtime), item_bytes)


def compute_workers(workers: int, budget: int, item_bytes: int = 0) -> int:
    """Compute how many of the workers fit into a number of bytes; at least one.

    >>> compute_workers(8, 2_200_000_000)
    3
    """
    return max(1, min(workers, budget // (WORKER_BYTES + item_bytes)))


def bound_workers(wanted: int, runtime: Runtime, item_bytes: int, description: str) -> int:
    """Bound a number of workers by memory, and warn where fewer are started than wanted.

    Args:
        wanted: number of workers.
        runtime: the memory they may take.
        item_bytes: memory that one item needs beyond `WORKER_BYTES`.
        description: what they do.
    """
    budget = measure_budget(runtime)
    workers = compute_workers(wanted, budget, item_bytes)
    if workers < wanted:
        each = (WORKER_BYTES + item_bytes) / 1e9
        warn(
            f"{description}: {workers} instead of {wanted} worker processes, since each takes {each:.1f} GB"
            f" and {budget / 1e9:.1f} GB may be taken (--memory)"
        )
    return workers


def measure_budget(runtime: Runtime) -> int:
    """Measure how many bytes all workers together may take."""
    return int(runtime.memory_gb * 1e9) if runtime.memory_gb is not None else int(_SHARE * measure_available())


def measure_available(root: Path = _ROOT) -> int:
    """Measure how many bytes are available to us.

    Args:
        root: the folder with `proc` and `sys`.
    """
    try:
        available = parse_meminfo((root / _MEMINFO).read_text())
    except FileNotFoundError:  # no Linux: all memory that there is
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([available, *_measure_groups(root)])


def parse_meminfo(text: str) -> int:
    r"""Read the available bytes out of /proc/meminfo. An old kernel does not say; then free memory and file cache.

    >>> parse_meminfo("MemTotal: 8 kB\nMemFree: 1 kB\nMemAvailable: 5 kB\n")
    5120
    """
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    sizes = {name: 1024 * int(value.split()[0]) for name, value in pairs}
    return sizes["MemAvailable"] if "MemAvailable" in sizes else sizes["MemFree"] + sizes.get("Cached", 0)


_NAMES: Mapping[bool, tuple[str, str, str]] = {
    False: ("memory.max", "memory.current", "inactive_file"),
    True: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
"""Files of a control group's limit and use, and the line of memory.stat with what can be dropped; by whether v1."""


def _measure_groups(root: Path) -> Iterator[int]:
    """Measure what is left in each control group that we are in, from ours up."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except FileNotFoundError:
        return
    for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        is_v1 = "memory" in controllers.split(",")
        if controllers and not is_v1:
            continue
        top = root / ("sys/fs/cgroup/memory" if is_v1 else "sys/fs/cgroup")
        folder = top / path.lstrip("/")
        for group in [folder, *folder.parents]:
            left = _measure_group(group, *_NAMES[is_v1]) if group.is_relative_to(top) else None
            if left is not None:
                yield left


def _measure_group(folder: Path, limit_name: str, used_name: str, cache_name: str) -> int | None:
    """Measure the bytes left in one control group; None where it has no limit or can't be seen from here."""
    try:
        limit = (folder / limit_name).read_text().strip()
        used = int((folder / used_name).read_text())
        statistics = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return None
    if limit == "max":
        return None
    cache = next((int(line.split()[1]) for line in statistics if line.startswith(f"{cache_name} ")), 0)
    return max(0, int(limit) - used + cache)
