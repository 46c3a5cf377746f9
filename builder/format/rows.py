"""The rows of a format before their messages are put together: which are dropped, and what each shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...schemas.formats import FORMATS_WITH_RATIONALE, FormatSpec, Thinking
from ...schemas.reasons import Reason
from .demonstrations import Integers, Ring, Shown, sample_demonstrations
from .templates import AS_IS, FORMATS
from .texts import name_rings, rank_column

_NO_INTEGERS: Integers = np.array([], dtype=np.int64)


@dataclass(frozen=True, kw_only=True, slots=True)
class FormatRows:
    """The rows of one format, before their messages are put together."""

    name: str
    """The format."""
    thinking: Thinking
    """What becomes of reasoning."""
    rows: pl.DataFrame
    """Their own texts."""
    shown: Shown
    """The addresses of their demonstrations."""
    reasons: pl.DataFrame
    """Columns reason and detail, null for kept rows."""
    fewest: int = 0
    """The fewest demonstrations of a row."""
    max_tokens: int | None = None
    """The most tokens of a row; null for no limit."""


def choose_demonstrations(
    texts: pl.DataFrame, formats: Sequence[FormatSpec], seed: int, rings: Mapping[str, Ring]
) -> list[FormatRows]:
    """Choose the demonstrations of all rows of a bucket.

    Args:
        texts: the table from `render_texts`.
        formats: the formats.
        seed: key of the demonstrations.
        rings: the candidates for demonstrations, by `name_ring`.
    """
    return [_choose_rows(texts, spec, seed, rings) for spec in formats]


def list_demonstrations(forms: Sequence[FormatRows]) -> Shown:
    """List all demonstrations that a bucket shows: what decides its examples besides its own texts."""
    return Shown(
        addresses=np.concatenate([_NO_INTEGERS, *(form.shown.addresses for form in forms)]),
        counts=np.concatenate([_NO_INTEGERS, *(form.shown.counts for form in forms)]),
    )


def list_provided(texts: pl.DataFrame) -> FormatRows:
    """List the provided responses of a bucket, which are written as they are."""
    rows = texts.filter("is_provided")
    return FormatRows(name=AS_IS, thinking=Thinking.DROP, rows=rows, shown=_show_none(rows), reasons=_keep_all(rows))


def _show_none(rows: pl.DataFrame) -> Shown:
    return Shown(addresses=_NO_INTEGERS, counts=np.zeros(rows.height, dtype=np.int64))


def _keep_all(rows: pl.DataFrame) -> pl.DataFrame:
    empty = pl.Series([None] * rows.height, dtype=pl.String)
    return pl.DataFrame({"reason": empty, "detail": empty})


def _choose_rows(texts: pl.DataFrame, spec: FormatSpec, seed: int, rings: Mapping[str, Ring]) -> FormatRows:
    """Choose the demonstrations of each row of a format, and find the rows that it drops."""
    form = FORMATS[spec.name]
    thinking = spec.thinking if spec.name in FORMATS_WITH_RATIONALE else Thinking.DROP
    rows = texts.filter(~pl.col("is_provided"))
    reasons = _keep_all(rows)
    if form.one_per_problem:
        leader = pl.col("sample_id").min().over("problem_id")
        says = pl.format("the row of {} says the same", leader)
        reasons = rows.select(
            reason=pl.when(pl.col("sample_id") != leader).then(pl.lit(str(Reason.EXACT_DUPLICATE))),
            detail=pl.when(pl.col("sample_id") != leader).then(says),
        )
    if not form.in_context:
        shown = _show_none(rows)
        return FormatRows(
            name=spec.name, thinking=thinking, rows=rows, shown=shown, reasons=reasons, max_tokens=spec.max_tokens
        )
    shown = _sample_shown(rows, reasons["reason"].is_null().to_numpy(), spec, seed, rings)
    fewest, count = spec.shots[0], pl.lit(pl.Series(shown.counts))
    is_short = pl.col("reason").is_null() & (count < fewest)
    detail = pl.format("{} demonstrations from other groups are available, {} are needed", count, pl.lit(fewest))
    reasons = reasons.with_columns(
        reason=pl.when(is_short).then(pl.lit(str(Reason.NO_DEMONSTRATIONS))).otherwise("reason"),
        detail=pl.when(is_short).then(detail).otherwise("detail"),
    )
    return FormatRows(
        name=spec.name,
        thinking=thinking,
        rows=rows,
        shown=shown,
        reasons=reasons,
        fewest=fewest,
        max_tokens=spec.max_tokens,
    )


def _sample_shown(
    rows: pl.DataFrame, is_kept: NDArray[np.bool_], spec: FormatSpec, seed: int, rings: Mapping[str, Ring]
) -> Shown:
    """Sample the demonstrations of the rows that are kept, each from the ring of its answer type and language."""
    fewest, most = spec.shots
    kept = rows.filter(is_kept)
    positions = rank_column(kept["sample_id"], f"shown:{seed}").to_numpy()
    shots = rank_column(kept["sample_id"], f"shots:{seed}").to_numpy()
    wanted = fewest + (shots % np.uint64(most - fewest + 1)).astype(np.int64)
    groups = rank_column(kept["group"], f"demonstrations:{seed}").to_numpy()
    places = np.flatnonzero(is_kept)
    counts, parts, order = np.zeros(rows.height, dtype=np.int64), [], []
    names = name_rings(kept)
    for kind in names.unique().sort():
        chosen = np.flatnonzero((names == kind).to_numpy())
        shown = sample_demonstrations(rings.get(kind), positions[chosen], wanted[chosen], groups[chosen])
        counts[places[chosen]] = shown.counts
        parts.append(shown.addresses)
        order.append(np.repeat(places[chosen], shown.counts))
    addresses = np.concatenate([_NO_INTEGERS, *parts])
    by_row = np.argsort(np.concatenate([_NO_INTEGERS, *order]), kind="stable")
    return Shown(addresses=addresses[by_row], counts=counts)
