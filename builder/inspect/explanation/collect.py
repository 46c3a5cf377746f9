"""The explanation of one problem, sample or example: where it comes from, what checking found, and its fate."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ....schemas.ids import ID_HEX
from ...errors import InputError
from ...store import Version
from ...store.funnel import IDS
from ...store.reading import read_evidence, read_file
from .checks import list_checks
from .choice import describe_choice
from .requests import describe_requests
from .rounds import count_rounds

_FILES = {"examples": ("mixture", "examples")}
"""The files of a table that has several."""

_WHOLE = 2 + ID_HEX
"""Characters of a whole id."""

_THREADS = 4
"""How many files are read at once: reading columns of ids is mostly waiting and decompressing."""

MAX_SAME = 10
"""At most so many ids are listed where the beginning of an id fits several."""


def explain(version: Version, row_id: str, ledger: Path | None = None) -> dict[str, Any]:
    """Collect everything that a version and its ledger hold on one row.

    Args:
        version: the version.
        row_id: an id, or its beginning: `p_...`, `s_...` or `e_...`.
        ledger: where the teacher's requests are looked up; None for nowhere.

    Returns:
        Plain values: `kind`, `id`, the row itself, and the rows that it is linked to. A problem comes with all its
        samples, its `rounds` of sampling, and its `duplicates` that were dropped, in the same or in another writing; a
        sample with its problem, the `requests` that were sent for it, and its examples; an example with its sample and
        problem. Each sample has its `checks` (see `list_checks`) and its `choice` (see `describe_choice`).

    Raises:
        InputError: no row has the id, or several begin with it.
    """
    if row_id[:2] not in _KINDS:
        raise InputError(f"{row_id} is no id", hint="ids begin with p_ (problem), s_ (sample) or e_ (example)")
    kind, table, collect = _KINDS[row_id[:2]]
    found = dict(_find_ids(version, table, f"{kind}_id", row_id))
    ids = sorted({name for names in found.values() for name in names})
    if not ids:
        raise InputError(
            f"no {kind} of {version.ref} has the id {row_id}",
            hint=f'cotloom sql {version.ref} "FROM {table} LIMIT 5" shows some',
        )
    if len(ids) > 1:
        raise InputError(
            f"{len(ids)} {kind}s begin with {row_id}: {', '.join(ids[:MAX_SAME])}", hint="give more of the id"
        )
    bucket = Bucket(version=version, number=next(iter(found)), ledger=ledger)
    return {
        "kind": kind,
        "id": ids[0],
        "version": version.ref,
        **collect(bucket, bucket.select(table, f"{kind}_id", ids[0])),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """One bucket of a version: rows that are linked are always in the same one."""

    version: Version
    """The version."""
    number: int
    """The number of the bucket."""
    ledger: Path | None = None
    """Where requests are looked up."""

    def select(self, table: str, column: str, value: str | None) -> pl.DataFrame:
        """Select the rows of a table that have a value, in the order of their ids."""
        (frame,) = self.version.iterate_table(table, buckets=[self.number])
        return frame.filter(pl.col(column) == value).sort(IDS[table], maintain_order=True)


def _find_ids(version: Version, table: str, column: str, start: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the buckets that have ids with a beginning, with these ids; a whole id is in one bucket only."""
    bits = version.manifest.bucket_bits
    buckets: Sequence[int] = range(1 << bits)
    if table == "problems" and re.fullmatch("p_[0-9a-f]{4,}", start):
        buckets = [int(start[2:6], 16) >> (16 - bits)]
    for number in _scan_buckets(version, _FILES.get(table, (table,)), column, start, buckets):
        (frame,) = version.iterate_table(table, [column], [number])
        ids = frame[column].filter(frame[column].str.starts_with(start)).unique().to_list()
        if ids:
            yield number, ids
        if ids and len(start) == _WHOLE:
            return


def _scan_buckets(
    version: Version, files: Sequence[str], column: str, start: str, buckets: Sequence[int]
) -> Iterator[int]:
    """Yield the buckets whose files may have ids with a beginning. Only the columns of ids are read, in threads."""

    def has_any(bucket: int) -> bool:
        ids = (read_file(version, name, bucket, [column])[column] for name in files)
        return any(found.str.starts_with(start).any() for found in ids)

    pool = ThreadPoolExecutor(_THREADS)
    try:
        for bucket, found in zip(buckets, pool.map(has_any, buckets), strict=True):
            if found:
                yield bucket
    finally:
        pool.shutdown(cancel_futures=True)


def _collect_problem(bucket: Bucket, rows: pl.DataFrame) -> dict[str, Any]:
    problem, *duplicates = rows.sort("duplicate_of", nulls_last=False).to_dicts()
    samples = bucket.select("samples", "problem_id", problem["problem_id"])
    return {
        "problem": problem,
        "duplicates": [*duplicates, *_find_repeats(bucket.version, problem["problem_id"])],
        "overlaps": _select_evidence(bucket.version, "evaluation_overlaps", "problem_id", problem["problem_id"]),
        "near_duplicates": _select_evidence(bucket.version, "near_duplicates", "row_id", problem["problem_id"]),
        "rounds": count_rounds(samples),
        "samples": [_describe_sample(bucket, sample, problem, samples) for sample in samples.to_dicts()],
    }


def _describe_sample(
    bucket: Bucket, sample: Mapping[str, Any], problem: Mapping[str, Any] | None, siblings: pl.DataFrame
) -> dict[str, Any]:
    """Add to a sample what its checks and the choice among the paths of its problem came to."""
    recipe = bucket.version.manifest.recipe
    described = _count_logprobs(sample)
    return {
        **described,
        "checks": list_checks(described, problem, recipe.get("verify") or {}),
        "choice": describe_choice(described, siblings, recipe.get("select") or {}),
    }


def _find_repeats(version: Version, problem_id: str) -> list[dict[str, Any]]:
    """Find the rows that were dropped because they ask a problem's question in another writing, in any bucket."""
    buckets = range(1 << version.manifest.bucket_bits if version.manifest.repeated_questions.get("normalized") else 0)
    is_repeat = (pl.col("duplicate_of") == problem_id) & (pl.col("problem_id") != problem_id)
    found = list(_scan_buckets(version, ("problems",), "duplicate_of", problem_id, buckets))
    return [
        row for part in version.iterate_table("problems", buckets=found) for row in part.filter(is_repeat).to_dicts()
    ]


def _select_evidence(version: Version, name: str, column: str, row_id: str) -> list[dict[str, Any]]:
    """Select the evidence about a row."""
    return read_evidence(version, name).filter(pl.col(column) == row_id).to_dicts()


def _collect_sample(bucket: Bucket, rows: pl.DataFrame) -> dict[str, Any]:
    (sample,) = rows.to_dicts()
    problems = _select_linked(bucket, "problems", "problem_id", sample["problem_id"])
    problem = next((row for row in problems if row["duplicate_of"] is None), None)
    siblings = bucket.select("samples", "problem_id", sample["problem_id"])
    return {
        "sample": _describe_sample(bucket, sample, problem, siblings),
        "near_duplicates": _select_evidence(bucket.version, "near_duplicates", "row_id", sample["sample_id"]),
        "problem": problem,
        "rounds": count_rounds(siblings),
        "requests": describe_requests(bucket.ledger, sample["request_digests"]),
        "examples": _select_linked(bucket, "examples", "sample_id", sample["sample_id"]),
    }


def _collect_example(bucket: Bucket, rows: pl.DataFrame) -> dict[str, Any]:
    example = rows.to_dicts()[0]
    samples = bucket.select("samples", "sample_id", example["sample_id"])
    return {"example": example, **(_collect_sample(bucket, samples) if samples.height else {})}


def _select_linked(bucket: Bucket, table: str, column: str, value: str | None) -> list[dict[str, Any]]:
    return bucket.select(table, column, value).to_dicts()


def _count_logprobs(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Replace a sample's log probabilities by the number of tokens that have some."""
    logprobs = sample["token_logprobs"]
    rest = {name: value for name, value in sample.items() if name != "token_logprobs"}
    return {**rest, "tokens_with_logprobs": None if logprobs is None else len(logprobs)}


_KINDS: Mapping[str, tuple[str, str, Callable[[Bucket, pl.DataFrame], dict[str, Any]]]] = {
    "p_": ("problem", "problems", _collect_problem),
    "s_": ("sample", "samples", _collect_sample),
    "e_": ("example", "examples", _collect_example),
}
"""For each beginning of an id: the kind of row, its table, and what collects the linked rows."""
