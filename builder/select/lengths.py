"""Which paths are longer or shorter than a recipe wants them; an unknown length is within all limits."""

from collections.abc import Iterator, Mapping

import polars as pl

from ...schemas.reasons import ORDER, Reason
from ...schemas.recipe import LengthLimits, Lengths

COLUMNS: Mapping[str, str] = {"reasoning": "reasoning_tokens", "response": "response_tokens"}
"""The column with the length of each part that can be limited."""

_SCHEMA = {"sample_id": pl.String, "reason": pl.String, "detail": pl.String}


def find_outside(samples: pl.DataFrame, lengths: Lengths) -> pl.DataFrame:
    """Find the samples of which a part is too long or too short.

    Args:
        samples: columns sample_id, reasoning_tokens, response_tokens.
        lengths: the limits.

    Returns:
        Columns sample_id, reason, detail, in the order of the ids.
    """
    found: dict[str, list[tuple[Reason, str]]] = {}
    for name, column in COLUMNS.items():
        limits: LengthLimits = getattr(lengths, name)
        for sample_id, reason, detail in _list_faults(samples, name, column, limits):
            found.setdefault(sample_id, []).append((reason, detail))
    rows = [(sample_id, *_merge_faults(faults)) for sample_id, faults in sorted(found.items())]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _list_faults(
    samples: pl.DataFrame, name: str, column: str, limits: LengthLimits
) -> Iterator[tuple[str, Reason, str]]:
    rows = samples.select("sample_id", column)
    if limits.max_tokens is not None:
        for sample_id, tokens in rows.filter(pl.col(column) > limits.max_tokens).iter_rows():
            yield (
                sample_id,
                Reason.TOO_LONG,
                f"{name}: {tokens:,} tokens; max_tokens is {limits.max_tokens:,}",
            )
    if limits.min_tokens is not None:
        for sample_id, tokens in rows.filter(pl.col(column) < limits.min_tokens).iter_rows():
            yield (
                sample_id,
                Reason.TOO_SHORT,
                f"{name}: {tokens:,} tokens; min_tokens is {limits.min_tokens:,}",
            )


def _merge_faults(faults: list[tuple[Reason, str]]) -> tuple[str, str]:
    """Take the first reason; the others are named in its detail."""
    (reason, detail), *others = sorted(faults, key=lambda fault: ORDER[fault[0]])
    return str(reason), "; ".join([detail, *(f"also {other.value}: {more}" for other, more in others)])
