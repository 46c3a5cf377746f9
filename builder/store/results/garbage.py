"""Remove results of stages that no build used for long: never the ledger, never a version. Losing them costs time."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .stages import RESULT

SPARED_S = 3600.0
"""What was used so many seconds ago stays: another build may be about to read it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Garbage:
    """What was removed, or would be."""

    results: int
    """Results of stages."""
    stages: Mapping[str, int]
    """How many of each stage."""
    bytes: int
    """Bytes that they alone took."""
    kept_bytes: int
    """Bytes that the other results take, apart from versions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _KeptResult:
    path: Path
    used_at: float
    bytes: int


def collect_garbage(store: Path, keep_bytes: int, *, remove: bool = True) -> Garbage:
    """Remove the results of stages that were not used for longest, until the others take at most so many bytes.

    Args:
        store: the store.
        keep_bytes: the bytes that results may take. Files that are also part of a version don't count.
        remove: whether they are removed, or only counted.
    """
    results = sorted(_list_results(store / "stages"), key=lambda result: result.used_at, reverse=True)
    taken, removed = 0, []
    for result in results:
        taken += result.bytes
        if taken > keep_bytes and time.time() - result.used_at > SPARED_S:
            removed.append(result)
    for result in removed if remove else ():
        _remove(result.path)
    freed = sum(result.bytes for result in removed)
    stages = Counter(result.path.relative_to(store / "stages").parts[0] for result in removed)
    return Garbage(results=len(removed), stages=dict(stages), bytes=freed, kept_bytes=taken - freed)


def _list_results(stages: Path) -> Iterator[_KeptResult]:
    """List the folders of results, and the files of findings about single rows."""
    for marker in stages.glob(f"*/*/{RESULT}"):
        files = [path for path in marker.parent.iterdir() if path.is_file()]
        yield _KeptResult(path=marker.parent, used_at=marker.stat().st_mtime, bytes=sum(map(_measure_file, files)))
    for path in stages.glob("*/memo/*/*.*"):
        yield _KeptResult(path=path, used_at=path.stat().st_mtime, bytes=_measure_file(path))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _measure_file(path: Path) -> int:
    """Measure what removing a file frees: nothing where it has another name."""
    stat = path.stat()
    return stat.st_size if stat.st_nlink == 1 else 0
