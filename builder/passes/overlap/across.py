"""Questions and rationales of different problems that are nearly the same: marked in a table, never dropped."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ....schemas.manifest import File
from ....schemas.reasons import Fate
from ... import select
from ...parquet import read_parquet
from ...store.results.stages import StageResult, read_or_make
from ...store.tables import EVIDENCE, name_evidence, write_evidence
from ...text.minhash import NearPairs, Shingles, find_near_pairs, hash_shingles, join_shingles

NEAR_DUPLICATES = name_evidence("near_duplicates")
"""The file of a result: rows of `NearDuplicate`."""


def mark_near_duplicates(
    stages: Path,
    least: float,
    evaluated: Sequence[str],
    problems: Sequence[StageResult],
    samples: Sequence[StageResult],
) -> StageResult:
    """Find the near-duplicates among all kept questions, and among all kept rationales, or read what was found before.

    One process holds the hashes of all shingles, four bytes each; texts are read bucket by bucket.

    Args:
        stages: the folder of all results.
        least: the similarity from which on two texts are nearly the same.
        evaluated: sources that are evaluation sets: their questions are left out.
        problems: the problems of each bucket.
        samples: the samples of each bucket.

    Returns:
        The file `NEAR_DUPLICATES`; how many problems and samples are in it, by unit.
    """
    decided_by = {
        "code": select.CODE_VERSION,
        "least": least,
        "evaluated": list(evaluated),
        "problems": [result.key for result in problems],
        "samples": [result.key for result in samples],
    }

    def make(folder: Path) -> tuple[Mapping[str, File], Mapping[str, Any]]:
        units = {
            "problem": _find_near(_iterate_questions(problems, evaluated), least),
            "sample": _find_near(_iterate_rationales(samples), least),
        }
        rows = pl.concat(
            frame.with_columns(unit=pl.lit(unit)).select(EVIDENCE["near_duplicates"].names())
            for unit, frame in units.items()
        )
        file = write_evidence("near_duplicates", rows, folder / NEAR_DUPLICATES)
        return {NEAR_DUPLICATES: file}, {"counts": {f"{unit}s": frame.height for unit, frame in units.items()}}

    return read_or_make(stages / "near_duplicates", decided_by, make)


def _iterate_questions(problems: Sequence[StageResult], evaluated: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Yield the kept questions of each bucket: columns row_id, problem_id, text."""
    columns = ("problem_id", "source", "question", "choices", "fate")
    for result in problems:
        kept = read_parquet(result.folder / "problems.parquet", columns).filter(
            (pl.col("fate") == Fate.KEPT) & ~pl.col("source").is_in(list(evaluated))
        )
        text = pl.concat_str(pl.col("question").fill_null(""), pl.col("choices").list.join(" "), separator=" ")
        yield kept.select("problem_id", row_id="problem_id", text=text)


def _iterate_rationales(samples: Sequence[StageResult]) -> Iterator[pl.DataFrame]:
    """Yield the kept rationales of each bucket: columns row_id, problem_id, text."""
    columns = ("sample_id", "problem_id", "text", "reasoning", "fate")
    for result in samples:
        kept = read_parquet(result.folder / "samples.parquet", columns).filter(pl.col("fate") == Fate.KEPT)
        text = pl.concat_str("reasoning", "text", separator=" ", ignore_nulls=True)
        yield kept.select("problem_id", row_id="sample_id", text=text)


def _find_near(buckets: Iterator[pl.DataFrame], least: float) -> pl.DataFrame:
    """Find near-duplicates. Returns columns row_id, problem_id, other_id, other_problem_id, similarity, others."""
    ids: list[pl.DataFrame] = []
    parts: list[Shingles] = []
    for rows in buckets:
        ordered = rows.sort("row_id")
        ids.append(ordered.select("row_id", "problem_id"))
        parts.append(hash_shingles(ordered["text"].to_list()))
    names = pl.concat(ids)
    owners = names["problem_id"].rank("dense").cast(pl.Int64).to_numpy() if names.height else np.empty(0, np.int64)
    pairs = find_near_pairs(join_shingles(parts), owners, least)
    return _choose_nearest(names, pairs)


def _choose_nearest(names: pl.DataFrame, pairs: NearPairs) -> pl.DataFrame:
    """Choose for each text the nearest other one, and count them."""
    rows = pl.DataFrame({
        "row": np.concatenate([pairs.left, pairs.right]),
        "other": np.concatenate([pairs.right, pairs.left]),
        "similarity": np.concatenate([pairs.similarities, pairs.similarities]),
    })  # fmt: skip
    own, others = names["row_id"].gather(rows["row"]), names["row_id"].gather(rows["other"])
    nearest = (
        rows.with_columns(row_id=own, other_id=others, similarity=pl.col("similarity").round(6))
        .sort("row_id", pl.col("similarity").neg(), "other_id")
        .group_by("row_id", maintain_order=True)
        .agg(pl.first("row", "other", "other_id", "similarity"), others=pl.len().cast(pl.Int64))
    )
    return nearest.with_columns(
        problem_id=names["problem_id"].gather(nearest["row"]),
        other_problem_id=names["problem_id"].gather(nearest["other"]),
    ).drop("row", "other")
