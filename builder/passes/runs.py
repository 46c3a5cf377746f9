"""Run the passes over all buckets, or read what they made before from the same input by the same rules.

Each stage of a build has a key: a digest of what decides it, taken before any row is read. So a build of which only
the mixture changed reads no problem and no answer, and one of which nothing changed but the version's number makes
nothing at all. What is read instead is verified first.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...schemas.runtime import Runtime
from ..engine import map_items
from ..files import digest_file
from ..progress import warn
from ..store.checked import mark_used
from ..store.results.stages import RESULT, StageResult, find_result, make_stage_key, parse_result, read_or_make
from .costs import CostTable

_ADDRESS = f"{__package__}.buckets"

Plain = Mapping[str, Any]

STAGES: Mapping[str, str] = {
    "count_paths": "rounds",
    "cut_rationales": "rounds",
    "find_questions": "rounds",
    "match_samples": "rounds",
    "find_paths": "paths",
    "write_bucket": "examples",
    "rank_weights": "mixture",
    "rank_shares": "mixture",
    "mix_examples": "mixture",
    "find_damaged": "verifying",
}
"""The stage that each pass belongs to, as costs are listed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stages:
    """Where the results of stages are kept, and how they are made."""

    folder: Path
    """The folder of all results."""
    runtime: Runtime
    """The workers."""
    costs: CostTable
    """What each stage costs."""

    def run(self, function: str, items: Sequence[Plain], settings: Plain, description: str) -> list[Any]:
        """Run a pass over buckets."""
        with self.costs.measure(STAGES[function], sum(int(item.get("rows", 0)) for item in items)):
            return map_items(
                f"{_ADDRESS}:{function}",
                items,
                {**settings, "stages": str(self.folder)},
                runtime=self.runtime,
                description=description,
            )


def run_buckets(
    stages: Stages, name: str, decided_by: Plain | None, make: Callable[[], tuple[list[Any], Plain]]
) -> tuple[list[dict[str, Any]], Plain]:
    """Run a stage over all buckets, or read its results.

    Args:
        stages: where results are kept.
        name: the stage.
        decided_by: everything that decides the results; None where that is not known before.
        make: runs it; returns a mapping of results for each bucket, and plain values.

    Returns:
        The results of each bucket, as plain values, and the plain values.
    """
    if decided_by is None:
        return make()
    key = make_stage_key({"stage": name, **decided_by})
    known = find_result(stages.folder / "runs", key)
    if known is not None and _is_intact(stages, known.values["buckets"]):
        buckets = [
            {part: {**result, "known": True} for part, result in bucket.items()} for bucket in known.values["buckets"]
        ]
        return buckets, known.values["values"]
    made: list[tuple[list[Any], Plain]] = []

    def write(_folder: Path) -> tuple[Plain, Plain]:
        made.append(make())
        return {}, {"buckets": made[0][0], "values": made[0][1]}

    if known is not None:
        (known.folder / "result.json").unlink(missing_ok=True)
    read_or_make(stages.folder / "runs", {"stage": name, **decided_by}, write)
    if not made:  # another build was faster, just now
        return run_buckets(stages, name, decided_by, make)
    return made[0]


def _is_intact(stages: Stages, buckets: Sequence[Plain]) -> bool:
    """Whether all files of some results are there with their digests; a warning names the first that is damaged."""
    items = [{"results": list(bucket.values())} for bucket in buckets]
    damaged = stages.run("find_damaged", items, {}, "verifying what was made before")
    faults = [Path(path) for paths in damaged for path in paths]
    first = next((path for path in faults if path.parent.exists()), None)  # others were removed, by `gc`
    if first is not None:
        warn(f"a kept result is damaged and is made again: {first}")
    return not faults


def find_damaged(results: Sequence[Plain]) -> list[str]:
    """List the files of some results that are missing or do not have their digests."""
    parsed = [parse_result(result) for result in results]
    for result in parsed:
        mark_used(result.folder / RESULT)
    return [
        str(result.folder / name)
        for result in parsed
        for name, file in result.files.items()
        if not (result.folder / name).is_file() or digest_file(result.folder / name)[0] != file.sha256
    ]


def list_results(buckets: Sequence[Mapping[str, Any]], name: str) -> list[StageResult]:
    """List the results of one name, in the order of the buckets."""
    return [parse_result(bucket[name]) for bucket in buckets]


def add_counts(results: Sequence[StageResult]) -> Counter[str]:
    """Add up the counts of all buckets."""
    counts: Counter[str] = Counter()
    for result in results:
        counts.update(result.values["counts"])
    return counts


def join_ranks(paths: Sequence[str]) -> dict[str, Any]:
    """Join the ranks of all buckets, by name."""
    loaded = [np.load(path) for path in paths]
    return {name: np.concatenate([arrays[name] for arrays in loaded]) for name in loaded[0].files}
