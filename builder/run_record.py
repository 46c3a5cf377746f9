"""The circumstances of a build: when it ran, how long, where, and where its answers came from."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as package_version

import polars as pl

from ..schemas.runtime import Runtime
from .recipe import LoadedRecipe
from .recipe.paths import list_paths
from .teacher import Calls


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildStart:
    """When a build started, by two clocks."""

    at: datetime
    """The time of day, which can be set back while a build runs."""
    clock_s: float
    """Seconds of a clock that only goes forward."""


def start_build() -> BuildStart:
    """Note the time at which a build starts."""
    return BuildStart(at=datetime.now(UTC), clock_s=time.monotonic())


def describe_run(
    loaded: LoadedRecipe, runtime: Runtime, calls: Calls, started: BuildStart, stages: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    """Describe the circumstances of a build for `build.json`; they are part of no digest.

    Args:
        loaded: the recipe.
        runtime: how it was built.
        calls: where its answers came from.
        started: when it started.
        stages: what each stage cost.
    """
    return {
        "started_at": started.at.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - started.clock_s, 2),
        "calls": {
            "new": calls.new,
            "ledger": calls.ledger,
            "failed": calls.failed,
            "refused": calls.refused,
            "saved": calls.saved,
        },
        "cost_usd": calls.cost.usd,
        "costs": {"new": calls.cost.describe(), "total": calls.total.describe()},
        "recipe_file": str(loaded.path),
        "files": list_paths(loaded.recipe),
        "workers": runtime.workers,
        "stages": list(stages),
        "cotloom": package_version("cotloom"),
        "python": platform.python_version(),
        "polars": pl.__version__,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }
