"""Stage results by content: a result that was computed from the same rows by the same rules is read, not computed.

The key is a digest of the room's code version, its settings and its input rows, so that a stale result can't be
taken for a fresh one; losing a result only costs the time to compute it again.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.ids import digest
from ..errors import Stopped
from .atomic import replace_file
from .tables import digest_rows


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
    key = digest({"settings": settings, "rows": digest_rows([("work", work)])})
    path = folder / f"{key[:40]}.parquet"
    known = _read_result(path)
    if known is not None:
        return known
    result = make()
    _write_result(result, path)
    return result


def _read_result(path: Path) -> pl.DataFrame | None:
    if not path.exists():
        return None
    try:
        return pl.from_arrow(pq.read_table(path))  # type: ignore[return-value]
    except (pa.ArrowInvalid, OSError):  # damaged: it is computed again
        return None


def _write_result(frame: pl.DataFrame, path: Path) -> None:
    """Keep a result for the next build. A full disk is no error here: the result is computed again."""
    with suppress(Stopped), replace_file(path) as side:
        pq.write_table(frame.to_arrow(), side, compression="zstd")
