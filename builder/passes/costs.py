"""What the stages of a build cost: time, processor time, memory, and how much was known already."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..engine import collect_usage

_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes of what the system calls a unit of memory."""


@dataclass(kw_only=True, slots=True)
class StageCost:
    """What one stage of a build cost."""

    stage: str
    """The stage: a word for people."""
    seconds: float = 0.0
    """How long it took."""
    cpu_seconds: float = 0.0
    """Processor time, of this process and its workers."""
    worker_seconds: float = 0.0
    """Processor time of the workers."""
    rows: int = 0
    """Rows that it worked on."""
    peak_bytes: int = 0
    """The most memory that this process and its workers took so far, each at its own peak."""
    new: int = 0
    """Rows or buckets that were worked on."""
    known: int = 0
    """Rows or buckets whose result was there already."""

    def describe(self) -> dict[str, Any]:
        """List the fields as plain values, with rows per second."""
        return {
            "stage": self.stage,
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "worker_cpu_seconds": round(self.worker_seconds, 3),
            "rows": self.rows,
            "rows_per_second": round(self.rows / self.seconds) if self.rows and self.seconds else None,
            "peak_mb": round(self.peak_bytes / 1e6),
            "new": self.new,
            "known": self.known,
        }


@dataclass(slots=True)
class CostTable:
    """The costs of a build, stage by stage, in the order in which they began."""

    stages: dict[str, StageCost] = field(default_factory=dict)
    """The costs by stage."""

    @contextmanager
    def measure(self, stage: str, rows: int = 0) -> Iterator[None]:
        """Add what happens inside to a stage, if it ends well."""
        cost = self.get(stage)
        wall, cpu = time.monotonic(), time.process_time()
        with collect_usage() as usage:
            yield
        cost.seconds += time.monotonic() - wall
        cost.worker_seconds += usage.cpu_s
        cost.cpu_seconds += time.process_time() - cpu + usage.cpu_s
        cost.rows += rows
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT
        cost.peak_bytes = max(cost.peak_bytes, own + usage.peak_bytes)

    def get(self, stage: str) -> StageCost:
        """Get the cost of a stage so far."""
        return self.stages.setdefault(stage, StageCost(stage=stage))

    def note(self, stage: str, rows: int, *, known: bool) -> None:
        """Note how many rows a stage read, and whether they were there already."""
        cost = self.get(stage)
        cost.rows, cost.new, cost.known = rows, 0 if known else rows, rows if known else 0

    def describe(self) -> list[dict[str, Any]]:
        """List the costs of all stages as plain values."""
        return [cost.describe() for cost in self.stages.values()]
