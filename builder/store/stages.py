"""Stage results by content: what was worked out once from the same rows by the same rules is read back.

The key is a digest of the room's code version, its settings and its input rows, so that a stale result can't be
taken for a fresh one; losing a result only costs the time to make it again.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from cotloom.builder.store.tables import rows_digest
from cotloom.schemas.ids import digest


def remembered(
    folder: Path, settings: Mapping[str, Any], work: pl.DataFrame, make: Callable[[], pl.DataFrame]
) -> pl.DataFrame:
    """Read a stage's result, or make and keep it.

    Args:
        folder: where the stage's results lie.
        settings: everything but rows that decides the result, the code version too.
        work: the rows that decide it.
        make: works the result out.
    """
    key = digest({"settings": settings, "rows": rows_digest([("work", work)])})
    path = folder / f"{key[:40]}.parquet"
    known = _read(path)
    if known is not None:
        return known
    made = make()
    _keep(made, path)
    return made


def _read(path: Path) -> pl.DataFrame | None:
    if not path.exists():
        return None
    try:
        return pl.from_arrow(pq.read_table(path))  # type: ignore[return-value]
    except (pa.ArrowInvalid, OSError):  # damaged: it is made again
        return None


def _keep(frame: pl.DataFrame, path: Path) -> None:
    """Write to the side, then rename: another build sees all of it or nothing. A full disk costs only the memory."""
    side = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(frame.to_arrow(), side, compression="zstd")
        side.replace(path)
    except OSError:
        with suppress(OSError):
            side.unlink(missing_ok=True)
