"""Stage results by content: a result that was computed from the same rows by the same rules is read, not computed.

The key is a digest of the room's code version, its settings and its input rows, so that a stale result can't be
taken for a fresh one. Losing a result, or finding it damaged, only costs the time to compute it again.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.ids import digest
from .checked import digest_table, keep_checked, read_checked


def read_or_compute(
    folder: Path, settings: Mapping[str, Any], work: pl.DataFrame, make: Callable[[], pl.DataFrame]
) -> pl.DataFrame:
    """Read the result of a stage, or compute and keep it.

    Args:
        folder: the folder of the stage's results.
        settings: everything but rows that decides the result, the code version too.
        work: the rows that decide it.
        make: computes the result.
    """
    key = digest({"settings": settings, "rows": digest_table(work.to_arrow())})
    path = folder / f"{key[:40]}.parquet"
    known = read_checked(path, key)
    if known is not None:
        return known
    result = make()
    keep_checked(result, path, key)
    return result
