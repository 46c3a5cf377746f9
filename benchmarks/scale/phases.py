"""What the phases of a program take, in wall and CPU seconds, ended processes included."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

Phases = dict[str, dict[str, float]]


@contextmanager
def measure_phase(phases: Phases, name: str) -> Iterator[None]:
    """Add what the body takes to the phases."""
    wall, cpu = time.monotonic(), _read_cpu()
    yield
    phases[name] = {"wall_s": round(time.monotonic() - wall, 3), "cpu_s": round(_read_cpu() - cpu, 3)}


def _read_cpu() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
