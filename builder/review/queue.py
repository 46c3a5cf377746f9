"""Which rows are read: the most doubtful first, some at random, or those that are named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ...schemas.ids import rank_all
from ...schemas.reasons import Fate
from ...schemas.review import Draw
from ..errors import InputError
from ..progress import show_bar
from ..store import Version
from .doubts import PROBLEM_COLUMNS, SAMPLE_COLUMNS, score_doubts

_KEPT = pl.col("fate") == Fate.KEPT
_SHOWN = (
    "sample_id", "problem_id", "teacher", "hint", "text", "reasoning", "verdict", "predicted", "rule", "span",
    "answer_part", "steps", "faults", "fate", "reason", "detail",
)  # fmt: skip
_COUNTS = ("samples", "correct")


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedSample:
    """A sample to read."""

    sample: Mapping[str, Any]
    """Columns of its row."""
    problem: Mapping[str, Any]
    """Those of its problem, and how many `samples` this has, and how many of them are `correct`."""
    draw: Draw
    """How it came to be read."""
    doubt: float | None = None
    """How doubtful it is; null where that was not looked at."""
    why: tuple[str, ...] = ()
    """Why."""


def list_doubtful(version: Version, count: int) -> list[QueuedSample]:
    """List the most doubtful kept samples of a version, the most doubtful first.

    Args:
        version: the version.
        count: at most so many.

    Raises:
        InputError: a file is missing, or differs from its manifest.
    """
    found: list[pl.DataFrame] = []
    for bucket in _list_buckets(version, "looking for doubtful rows"):
        problems, samples = _read_bucket(version, bucket, PROBLEM_COLUMNS, SAMPLE_COLUMNS)
        scored = score_doubts(problems, samples).sort("doubt", "sample_id", descending=[True, False]).head(count)
        found.append(scored.with_columns(bucket=pl.lit(bucket)))
        if len(found) > 1:
            found = [pl.concat(found).sort("doubt", "sample_id", descending=[True, False]).head(count)]
    rows = pl.concat(found)
    details = _read_details(version, rows, Draw.DOUBTFUL)
    return [details[sample] for sample in rows["sample_id"]]


def draw_random(version: Version, count: int, seed: int = 0) -> list[QueuedSample]:
    """Draw kept samples of a version, each as likely as any other: those with the lowest keyed hashes of their ids.

    Args:
        version: the version.
        count: at most so many.
        seed: of the hash; the same seed draws the same samples, and more of them with a higher count.

    Raises:
        InputError: a file is missing, or differs from its manifest.
    """
    found: list[pl.DataFrame] = []
    for bucket in _list_buckets(version, "drawing rows"):
        (samples,) = version.iterate_table("samples", ("sample_id", "problem_id", "fate"), [bucket])
        kept = samples.filter(_KEPT).select("sample_id", "problem_id", bucket=pl.lit(bucket))
        ranked = kept.with_columns(rank=pl.Series(rank_all(f"review:{seed}", kept["sample_id"]), dtype=pl.UInt64))
        found.append(ranked.bottom_k(count, by="rank"))
    rows = pl.concat(found).bottom_k(count, by="rank").sort("rank")
    details = _read_details(version, rows, Draw.RANDOM)
    return [details[sample] for sample in rows["sample_id"]]


def find_chosen(version: Version, ids: Sequence[str]) -> list[QueuedSample]:
    """Find the samples that are named, kept ones and others, in the order in which they are named.

    Raises:
        InputError: the version has no such sample.
    """
    found: list[pl.DataFrame] = []
    for bucket in _list_buckets(version, "looking for rows"):
        (samples,) = version.iterate_table("samples", ("sample_id", "problem_id"), [bucket])
        found.append(samples.filter(pl.col("sample_id").is_in(list(ids))).with_columns(bucket=pl.lit(bucket)))
    rows = pl.concat(found)
    missing = [row for row in ids if row not in set(rows["sample_id"])]
    if missing:
        raise InputError(
            f"{version.ref} has no sample {missing[0]}",
            hint='cotloom sql REF "FROM samples" lists them',
        )
    details = _read_details(version, rows, Draw.CHOSEN)
    return [details[sample] for sample in dict.fromkeys(ids)]


def _list_buckets(version: Version, description: str) -> Iterator[int]:
    buckets = 1 << version.manifest.bucket_bits
    with show_bar(description, buckets) as advance:
        for bucket in range(buckets):
            yield bucket
            advance(1)


def _read_bucket(
    version: Version, bucket: int, problem_columns: Sequence[str], sample_columns: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    (problems,) = version.iterate_table("problems", problem_columns, [bucket])
    (samples,) = version.iterate_table("samples", sample_columns, [bucket])
    return problems, samples


def _read_details(version: Version, rows: pl.DataFrame, draw: Draw) -> dict[str, QueuedSample]:
    """Read what a reader sees of some samples, by their ids."""
    doubts = {row["sample_id"]: row for row in rows.to_dicts()}
    details: dict[str, QueuedSample] = {}
    for bucket in sorted(set(rows["bucket"])):
        own = rows.filter(pl.col("bucket") == bucket)
        columns = ("problem_id", "question", "answer", "source", "origin", "choices", "fate")
        problems, samples = _read_bucket(version, bucket, columns, _SHOWN)
        counts = samples.group_by("problem_id").agg(samples=pl.len(), correct=(pl.col("verdict") == "correct").sum())
        asked = problems.filter(pl.col("problem_id").is_in(own["problem_id"].implode())).join(counts, on="problem_id")
        by_id = {row["problem_id"]: row for row in asked.sort("fate").to_dicts()}
        for sample in samples.filter(pl.col("sample_id").is_in(own["sample_id"].implode())).to_dicts():
            found = doubts[sample["sample_id"]]
            details[sample["sample_id"]] = QueuedSample(
                sample=sample,
                problem=by_id[sample["problem_id"]],
                draw=draw,
                doubt=found.get("doubt"),
                why=tuple(found.get("why") or ()),
            )
    return details
