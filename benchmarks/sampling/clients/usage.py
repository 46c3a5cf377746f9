"""What a client costs: measured in its own process, without anything of Cotloom, so that every client can use it."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def read_job() -> dict[str, Any]:
    """Read what to do, from the first argument."""
    return json.loads(sys.argv[1])


@contextmanager
def measuring(told: dict[str, Any]) -> Iterator[None]:
    """Measure a block: seconds, CPU seconds of this process and of its children, and its peak in MB."""
    begin, used = time.perf_counter(), _read_cpu()
    yield
    told["seconds"] = time.perf_counter() - begin
    told["cpu_s"] = _read_cpu() - used
    told["peak_mb"] = read_peak_mb()


def report(told: dict[str, Any]) -> None:
    """Print what was measured, as the last line."""
    print(json.dumps(told), flush=True)


def _read_cpu() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def read_peak_mb() -> float:
    """Read the peak from /proc: that of `getrusage` counts what the parent had before this program began."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
