"""Findings about single rows, kept by the content that decides them, so that a small change costs little.

A file for each bucket and each set of rules: the column `key`, and the columns of the findings. Rows whose key is known
are never worked on again; equal rows of one build are worked on once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import xxhash

from ..checked import keep_checked, mark_used, read_checked

MOST_KEPT = 2
"""A file keeps findings about rows that are gone, as long as it has at most so many times the rows of today."""


FEW = 1 / 64
"""The share of a bucket's rows up to which findings are made again: reading those of all rows would take longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Memo:
    """The findings of one stage about one bucket."""

    folder: Path
    """The folder of all findings by these rules."""
    bucket: int
    """The number of the bucket."""
    rows: int
    """The rows of the bucket today, of which only some may be asked for."""
    bits: int
    """The bits of the bucket numbers. Findings of smaller and larger buckets over the same rows are found too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalled:
    """Findings about all rows that were asked for."""

    findings: pl.DataFrame
    """The column `key`, and those of the findings; one or several rows for each key."""
    new: int
    """Keys that had to be worked on."""
    known: int
    """Keys whose findings were there."""


def make_keys(rows: pl.DataFrame) -> pl.Series:
    """Make the key of each row from the texts that decide a finding about it.

    Args:
        rows: columns of texts, and of lists of texts; null counts as empty.

    Returns:
        The column `key`.
    """
    lengths, texts = [], []
    for name, kind in rows.schema.items():
        if isinstance(kind, pl.List):
            lengths.append(pl.col(name).list.eval(pl.element().str.len_chars().cast(pl.String)).list.join(","))
            texts.append(pl.col(name).list.join("\x1f"))
        else:
            lengths.append(pl.col(name).str.len_chars())
            texts.append(pl.col(name))
    parts = [column.cast(pl.String).fill_null("") for column in (*lengths, *texts)]
    joined = rows.select(pl.concat_str(parts, separator="\x1f").cast(pl.Binary)).to_series()
    return pl.Series("key", [xxhash.xxh3_128_hexdigest(text) for text in joined], dtype=pl.String)


def recall_or_find(memo: Memo, keys: pl.Series, find: Callable[[pl.Series], pl.DataFrame]) -> Recalled:
    """Recall the findings about rows, and find those that are missing.

    Args:
        memo: where findings are kept.
        keys: the keys of the rows, each once or several times.
        find: finds what is missing; from keys, each once, in order, to the column `key` and those of the findings.
    """
    needed = keys.unique(maintain_order=True)
    if needed.len() <= memo.rows * FEW and _locate(memo).exists():
        return Recalled(findings=find(needed), new=needed.len(), known=0)
    kept = _read(memo)
    known = None if kept is None else kept.filter(pl.col("key").is_in(needed.implode()))
    missing = needed if known is None else needed.filter(~needed.is_in(known["key"].implode()))
    if known is not None and not missing.len():
        return Recalled(findings=known, new=0, known=needed.len())
    found = find(missing)
    findings = found if known is None else pl.concat([known, found])
    _keep(memo, findings, kept)
    return Recalled(findings=findings, new=missing.len(), known=needed.len() - missing.len())


def _read(memo: Memo) -> pl.DataFrame | None:
    kept: pl.DataFrame | None = None
    for path in _list_files(memo):
        frame = read_checked(path, path.stem)
        mark_used(path)
        if frame is not None and kept is not None:
            frame = frame.filter(~pl.col("key").is_in(kept["key"].implode()))
        kept = frame if kept is None else kept if frame is None else pl.concat([kept, frame])
    return kept


def _list_files(memo: Memo) -> Iterator[Path]:
    """List the files that may have findings about the bucket: its own, else those of other sizes of bucket."""
    own = _locate(memo)
    if own.exists():
        yield own
        return
    for path in sorted(memo.folder.glob("*-*.arrow")):
        bits, bucket = map(int, path.stem.split("-"))
        shared = min(bits, memo.bits)
        if bucket >> (bits - shared) == memo.bucket >> (memo.bits - shared):
            yield path


def _locate(memo: Memo) -> Path:
    return memo.folder / f"{memo.bits}-{memo.bucket}.arrow"


def _keep(memo: Memo, findings: pl.DataFrame, before: pl.DataFrame | None) -> None:
    gone = None if before is None else before.filter(~pl.col("key").is_in(findings["key"].unique().implode()))
    is_small = gone is not None and 0 < gone.height <= (MOST_KEPT - 1) * max(findings.height, memo.rows)
    path = _locate(memo)
    keep_checked(pl.concat([findings, gone]) if gone is not None and is_small else findings, path, path.stem)
