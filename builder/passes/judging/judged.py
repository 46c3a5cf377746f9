"""Judgements that were made between rounds of sampling, so that a sample is judged once in a build."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...store.pieces import add_cell, read_bucket, write_piece
from ..unchanged import BucketSize


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedPieces:
    """Pieces of judgements."""

    known: tuple[Path, ...] = ()
    """Those that were made before: a column `key`, and the columns of a judgement."""
    target: Path | None = None
    """Where new ones are written; None leaves them unwritten."""


def list_judged(paths: Sequence[str], target: str | None = None) -> JudgedPieces:
    """List the pieces of judgements that a pass is given."""
    return JudgedPieces(known=tuple(map(Path, paths)), target=None if target is None else Path(target))


def recall_judged(
    pieces: JudgedPieces,
    bucket: BucketSize,
    rows: pl.DataFrame,
    judge: Callable[[pl.Series], pl.DataFrame],
    keys: pl.Series,
) -> pl.DataFrame:
    """Recall judgements by key, and judge what is missing.

    Args:
        pieces: what was judged before, and where new judgements are written.
        bucket: the bucket that the rows are of.
        rows: columns key, problem_id.
        judge: judges what is missing; from keys to the column `key` and those of a judgement.
        keys: the keys, each once.
    """
    known = _read_known(pieces, bucket, keys)
    missing = keys if known is None else keys.filter(~keys.is_in(known["key"].implode()))
    if known is not None and not missing.len():
        return known
    found = judge(missing)
    if pieces.target is not None:
        owners = rows.select("key", "problem_id").unique("key", keep="first", maintain_order=True)
        owned = found.join(owners, on="key", how="left", maintain_order="left")
        write_piece(add_cell(owned).drop("problem_id"), pieces.target)
    return found if known is None else pl.concat([known, found])


def _read_known(pieces: JudgedPieces, bucket: BucketSize, keys: pl.Series) -> pl.DataFrame | None:
    """Read the judgements of some keys; None where nothing was judged before."""
    if not pieces.known:
        return None
    kept = read_bucket(pieces.known, bucket.number, bucket.bits).drop("cell")
    return kept.filter(pl.col("key").is_in(keys.implode())).unique("key", keep="first", maintain_order=True)
