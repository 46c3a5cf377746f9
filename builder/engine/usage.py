"""What worker processes used: processor time and memory."""

import os
import platform
import resource
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")

_measured_cpu_s = [0.0]
"""What of this process's time is in an answer already: a Ray worker outlives a run."""


@dataclass(kw_only=True, slots=True)
class UsageRecord:
    """What the processes of some runs used. Work in the caller's own process is the caller's, and not counted."""

    cpu_s: float = 0.0
    """Processor seconds of the workers, from their start on."""
    peak_bytes: int = 0
    """The sum of the workers' peaks of memory; of several runs, one after the other, the highest."""

    def add_run(self, usages: Iterable[Mapping[str, Any]]) -> None:
        """Add a run: the measurements in its answers, in their order."""
        peaks: dict[str, int] = {}
        for usage in usages:
            self.cpu_s += usage["cpu_s"]
            peaks[usage["process"]] = usage["peak_bytes"]
        self.peak_bytes = max(self.peak_bytes, sum(peaks.values()))


_collected: ContextVar[UsageRecord | None] = ContextVar("collected", default=None)


@contextmanager
def collect_usage() -> Iterator[UsageRecord]:
    """Collect what the worker processes of all runs inside the block use, whoever starts them."""
    record = UsageRecord()
    token = _collected.set(record)
    try:
        yield record
    finally:
        _collected.reset(token)


def find_record() -> UsageRecord:
    """Find the record that collects at the moment, or make one that nobody reads."""
    return _collected.get() or UsageRecord()


def measure_process() -> dict[str, Any]:
    """Measure this process: its processor seconds since the last measurement, and the peak of its memory in bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = used.ru_utime + used.ru_stime
    since, _measured_cpu_s[0] = cpu_s - _measured_cpu_s[0], cpu_s
    return {
        "process": f"{platform.node()}:{os.getpid()}",
        "cpu_s": round(since, 6),
        "peak_bytes": _find_peak(used.ru_maxrss),
    }


def _find_peak(reported: int) -> int:
    """Find the peak of this process's own memory. Linux reports its parent's too, where that was higher."""
    if sys.platform != "linux":
        return reported
    lines = _STATUS.read_bytes().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(b"VmHWM:")), reported * 1024)
