"""The explanation of one problem, sample or example: where it comes from, what checking found, and its fate."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from ..errors import InputError
from ..store import Version

MAX_SAME = 10
"""At most so many ids are listed where the beginning of an id fits several."""


def explain(version: Version, row_id: str) -> dict[str, Any]:
    """Collect everything that a version holds on one row.

    Args:
        version: the version.
        row_id: an id, or its beginning: `p_...`, `s_...` or `e_...`.

    Returns:
        Plain values: `kind`, `id`, the row itself, and the rows that it is linked to. A problem comes with all its
        samples, and with its `duplicates` that were dropped; a sample with its problem and examples; an example with
        its sample and problem.

    Raises:
        InputError: no row has the id, or several begin with it.
    """
    if row_id[:2] not in _KINDS:
        raise InputError(f"{row_id} is no id", hint="ids begin with p_ (problem), s_ (sample) or e_ (example)")
    kind, table, collect = _KINDS[row_id[:2]]
    rows = version.read_table(table).filter(pl.col(f"{kind}_id").str.starts_with(row_id))
    ids = rows[f"{kind}_id"].unique().sort().to_list()
    if not ids:
        raise InputError(
            f"no {kind} of {version.ref} has the id {row_id}",
            hint=f'cotloom sql {version.ref} "FROM {table} LIMIT 5" shows some',
        )
    if len(ids) > 1:
        raise InputError(
            f"{len(ids)} {kind}s begin with {row_id}: {', '.join(ids[:MAX_SAME])}", hint="give more of the id"
        )
    return {"kind": kind, "id": ids[0], "version": version.ref, **collect(version, rows)}


def _collect_problem(version: Version, rows: pl.DataFrame) -> dict[str, Any]:
    problem, *duplicates = rows.sort("fate", descending=True).to_dicts()
    samples = _select_linked(version, "samples", "problem_id", problem["problem_id"])
    return {"problem": problem, "duplicates": duplicates, "samples": list(map(_count_logprobs, samples))}


def _collect_sample(version: Version, rows: pl.DataFrame) -> dict[str, Any]:
    sample = _count_logprobs(rows.to_dicts()[0])
    problems = _select_linked(version, "problems", "problem_id", sample["problem_id"])
    return {
        "sample": sample,
        "problem": next((row for row in problems if row["fate"] == "kept"), None),
        "examples": _select_linked(version, "examples", "sample_id", sample["sample_id"]),
    }


def _collect_example(version: Version, rows: pl.DataFrame) -> dict[str, Any]:
    example = rows.to_dicts()[0]
    samples = version.read_table("samples").filter(pl.col("sample_id") == example["sample_id"])
    return {"example": example, **(_collect_sample(version, samples) if samples.height else {})}


def _select_linked(version: Version, table: str, column: str, value: str | None) -> list[dict[str, Any]]:
    return version.read_table(table).filter(pl.col(column) == value).to_dicts()


def _count_logprobs(sample: dict[str, Any]) -> dict[str, Any]:
    """Replace a sample's log probabilities by the number of tokens that have some."""
    logprobs = sample.pop("token_logprobs")
    return {**sample, "tokens_with_logprobs": None if logprobs is None else len(logprobs)}


_KINDS: Mapping[str, tuple[str, str, Callable[[Version, pl.DataFrame], dict[str, Any]]]] = {
    "p_": ("problem", "problems", _collect_problem),
    "s_": ("sample", "samples", _collect_sample),
    "e_": ("example", "examples", _collect_example),
}
"""For each beginning of an id: the kind of row, its table, and what collects the linked rows."""
