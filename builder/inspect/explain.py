"""The story of one problem, sample or example: where it came from, what was found, and where it ended."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.store import Version

MAX_SAME = 10
"""So many ids are listed where the beginning of an id fits several."""


def explain(version: Version, wanted: str) -> dict[str, Any]:
    """Tell a row's story.

    Args:
        version: the version.
        wanted: an id, or its beginning: `p_...`, `s_...` or `e_...`.

    Returns:
        Plain values: `kind`, `id`, the row itself, and what it is linked to. A problem brings all its samples; a
        sample its problem and examples; an example its sample and problem.

    Raises:
        InputError: no row has the id, or several begin with it.
    """
    if wanted[:2] not in _STORIES:
        raise InputError(f"{wanted} is no id", hint="ids begin with p_ (problem), s_ (sample) or e_ (example)")
    kind, table, tell = _STORIES[wanted[:2]]
    rows = version.table(table).filter(pl.col(f"{kind}_id").str.starts_with(wanted))
    ids = rows[f"{kind}_id"].unique().sort().to_list()
    if not ids:
        raise InputError(f"no {kind} of {version.ref} has the id {wanted}", hint=_where_to_look(version, table))
    if len(ids) > 1:
        raise InputError(
            f"{len(ids)} {kind}s begin with {wanted}: {', '.join(ids[:MAX_SAME])}", hint="give more of the id"
        )
    return {"kind": kind, "id": ids[0], "version": version.ref, **tell(version, rows)}


def _where_to_look(version: Version, table: str) -> str:
    return f'cotloom sql {version.ref} "FROM {table} LIMIT 5" shows some'


def _problem(version: Version, rows: pl.DataFrame) -> dict[str, Any]:
    problem, *others = rows.sort("fate", descending=True).to_dicts()
    samples = _linked(version, "samples", "problem_id", problem["problem_id"])
    return {"problem": problem, "said_again": others, "samples": list(map(_without_logprobs, samples))}


def _sample(version: Version, rows: pl.DataFrame) -> dict[str, Any]:
    sample = _without_logprobs(rows.to_dicts()[0])
    problems = _linked(version, "problems", "problem_id", sample["problem_id"])
    return {
        "sample": sample,
        "problem": next((row for row in problems if row["fate"] == "kept"), None),
        "examples": _linked(version, "examples", "sample_id", sample["sample_id"]),
    }


def _example(version: Version, rows: pl.DataFrame) -> dict[str, Any]:
    example = rows.to_dicts()[0]
    samples = version.table("samples").filter(pl.col("sample_id") == example["sample_id"])
    return {"example": example, **(_sample(version, samples) if samples.height else {})}


def _linked(version: Version, table: str, column: str, value: str | None) -> list[dict[str, Any]]:
    return version.table(table).filter(pl.col(column) == value).to_dicts()


def _without_logprobs(sample: dict[str, Any]) -> dict[str, Any]:
    """A sample for reading: its log probabilities as their number."""
    logprobs = sample.pop("token_logprobs")
    return {**sample, "tokens_with_logprobs": None if logprobs is None else len(logprobs)}


_STORIES: Mapping[str, tuple[str, str, Callable[[Version, pl.DataFrame], dict[str, Any]]]] = {
    "p_": ("problem", "problems", _problem),
    "s_": ("sample", "samples", _sample),
    "e_": ("example", "examples", _example),
}
"""For each kind of id: the kind, its table, and who tells its story."""
