"""Write the kept samples of a bucket as examples: one row for each sample and format.

The texts are rendered already (`texts`); a row with demonstrations is put together of texts that may lie in other
buckets. So everything here works on columns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from ...schemas.example import Example, Role
from ...schemas.formats import FORMATS_WITH_RATIONALE, Thinking
from ...schemas.frames import check_frame, get_schema, make_example_ids
from ...schemas.reasons import Fate, Reason, Stage
from ...schemas.recipe import FormatSpec
from ..errors import InputError
from ..parquet import to_arrow
from .demonstrations import RING_COLUMNS, Integers, Ring, Shown, build_rings, sample_demonstrations
from .templates import AS_IS, FORMATS
from .texts import (
    join_problems,
    name_prompt,
    name_rings,
    name_target,
    rank_column,
    rank_demonstrations,
    render_texts,
    write_reasoning,
)

Gather = Callable[[Integers, Sequence[str]], pl.DataFrame]
"""Reads some columns of the texts at some addresses, whatever their bucket."""

Count = Callable[[pl.Series], pl.Series]
"""Counts the tokens of texts; null has none."""

_NO_INTEGERS: Integers = np.array([], dtype=np.int64)

_DECIDED_LATER = ("mixture_stage", "repeat", "weight")
"""The columns of an example that the mixture decides."""


def check_formats(formats: Sequence[FormatSpec]) -> None:
    """Check the formats of a recipe against one another.

    Raises:
        InputError: one is listed twice, or asks for an impossible number of demonstrations.
    """
    names = [spec.name for spec in formats]
    for index, spec in enumerate(formats):
        fewest, most = spec.shots
        if names.index(spec.name) != index:
            raise InputError(f"the format {spec.name} is listed twice", keys=(f"formats.{index}.name",))
        if not 1 <= fewest <= most:
            raise InputError(
                f"the format {spec.name} can't show {fewest} to {most} demonstrations",
                hint="shots: the fewest, at least 1, then the most, such as [1, 4]",
                keys=(f"formats.{index}.shots",),
            )


def format_examples(
    problems: pl.DataFrame, samples: pl.DataFrame, formats: Sequence[FormatSpec], seed: int = 0
) -> pl.DataFrame:
    """Write every kept sample in every format, and every provided response once, as it is.

    Args:
        problems: rows of `Problem`.
        samples: rows of `Sample`, selected.
        formats: the formats.
        seed: key of the demonstrations.

    Returns:
        Rows of `Example`. Where all paths of a problem give the same row, one is kept and the others are dropped; rows
        with too few demonstrations are dropped.
    """
    texts = render_texts(join_problems(problems, samples), [spec.name for spec in formats], seed)
    candidates = rank_demonstrations(texts, seed).rename({"row": "address"}).select(RING_COLUMNS)
    forms = choose_demonstrations(texts, formats, seed, build_rings(candidates))

    def gather(addresses: Integers, columns: Sequence[str]) -> pl.DataFrame:
        return texts.select(columns)[addresses.tolist()] if len(addresses) else texts.select(columns).clear()

    written = write_examples(texts, forms, gather)
    added = written.with_columns(
        mixture_stage=pl.lit(None, dtype=pl.String), repeat=pl.lit(0, pl.Int64), weight=pl.lit(1.0)
    )
    return check_frame(added.select(get_schema(Example).names()), Example)


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


def write_examples(
    texts: pl.DataFrame, forms: Sequence[FormatRows], gather: Gather, count: Count | None = None
) -> pl.DataFrame:
    """Write the texts of a bucket as examples.

    Args:
        texts: the table from `render_texts`.
        forms: the rows of each format, with their demonstrations.
        gather: reads the texts of demonstrations.
        count: counts tokens; None leaves them unknown.

    Returns:
        The columns of `Example`, but for those that the mixture decides.
    """
    parts = [_assemble(form, gather, count) for form in forms]
    provided = texts.filter("is_provided")
    if provided.height:
        parts.append(
            _assemble(
                FormatRows(
                    name=AS_IS,
                    thinking=Thinking.DROP,  # a provided response is written as it is
                    rows=provided,
                    shown=_show_none(provided),
                    reasons=_keep_all(provided),
                ),
                gather,
                count,
            )
        )
    schema = {name: kind for name, kind in get_schema(Example).items() if name not in _DECIDED_LATER}
    return pl.concat([pl.DataFrame(schema=schema), *parts])


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
        return FormatRows(name=spec.name, thinking=thinking, rows=rows, shown=_show_none(rows), reasons=reasons)
    shown = _sample_shown(rows, reasons["reason"].is_null().to_numpy(), spec, seed, rings)
    fewest, count = spec.shots[0], pl.lit(pl.Series(shown.counts))
    is_short = pl.col("reason").is_null() & (count < fewest)
    detail = pl.format("{} demonstrations from other groups are available, {} are needed", count, pl.lit(fewest))
    reasons = reasons.with_columns(
        reason=pl.when(is_short).then(pl.lit(str(Reason.NO_DEMONSTRATIONS))).otherwise("reason"),
        detail=pl.when(is_short).then(detail).otherwise("detail"),
    )
    return FormatRows(name=spec.name, thinking=thinking, rows=rows, shown=shown, reasons=reasons)


def _sample_shown(
    rows: pl.DataFrame, is_kept: NDArray[np.bool_], spec: FormatSpec, seed: int, rings: Mapping[str, Ring]
) -> Shown:
    """Sample the demonstrations of the rows that are kept, each from the ring of its answer type and language."""
    fewest, most = spec.shots
    positions = rank_column(rows["sample_id"], f"shown:{seed}").to_numpy()
    shots = rank_column(rows["sample_id"], f"shots:{seed}").to_numpy()
    wanted = fewest + (shots % np.uint64(most - fewest + 1)).astype(np.int64)
    groups = rank_column(rows["group"], f"demonstrations:{seed}").to_numpy()
    counts, parts, order = np.zeros(rows.height, dtype=np.int64), [], []
    names = name_rings(rows)
    for kind in names.unique().sort():
        chosen = np.flatnonzero((names == kind).to_numpy() & is_kept)
        shown = sample_demonstrations(rings.get(kind), positions[chosen], wanted[chosen], groups[chosen])
        counts[chosen] = shown.counts
        parts.append(shown.addresses)
        order.append(np.repeat(chosen, shown.counts))
    addresses = np.concatenate([_NO_INTEGERS, *parts])
    by_row = np.argsort(np.concatenate([_NO_INTEGERS, *order]), kind="stable")
    return Shown(addresses=addresses[by_row], counts=counts)


def _assemble(form: FormatRows, gather: Gather, count: Count | None) -> pl.DataFrame:
    """Put the rows of a format together: messages, ids, lengths."""
    prompt, target = name_prompt(form.name), name_target(form.name)
    distinct, places = np.unique(form.shown.addresses, return_inverse=True)
    columns = ["sample_id", "simulated", "reasoning", prompt, target]
    own = form.rows.select(columns).with_columns(write_reasoning("reasoning", target, form.thinking))
    thinking = form.thinking if form.thinking is Thinking.TEXT else Thinking.DROP
    others = gather(distinct, columns).with_columns(write_reasoning("reasoning", target, thinking))
    both = pl.concat([own, others], rechunk=True)
    places = places + form.rows.height
    shown_rows = np.repeat(np.arange(form.rows.height), form.shown.counts)
    shown_ids = _group_lists(both["sample_id"], places, form.shown.counts)
    sizes = (both[prompt].str.len_chars() + both[target].str.len_chars()).to_numpy()
    simulated = both["simulated"].to_numpy()
    is_apart = form.thinking is Thinking.FIELD
    apart = form.rows["reasoning"] if is_apart else pl.Series("reasoning", [None] * form.rows.height, pl.String)
    characters, is_simulated = sizes[: form.rows.height].astype(np.int64), simulated[: form.rows.height].copy()
    characters += apart.str.len_chars().fill_null(0).to_numpy().astype(np.int64)
    np.add.at(characters, shown_rows, sizes[places].astype(np.int64))
    np.logical_or.at(is_simulated, shown_rows, simulated[places])
    named = form.rows.select("sample_id", format=pl.lit(form.name), other_sample_ids=shown_ids)
    ends = both[target].str.len_chars().cast(pl.Int64).head(form.rows.height)
    span = pl.struct(start=pl.lit(0, dtype=pl.Int64), end=pl.lit(ends))
    is_dropped = pl.col("reason").is_not_null()
    return form.rows.hstack(form.reasons).select(
        example_id=make_example_ids(named),
        sample_id="sample_id",
        other_sample_ids=shown_ids,
        problem_id="problem_id",
        source="source",
        format=pl.lit(form.name),
        split="split",
        teacher="teacher",
        simulated=pl.Series(is_simulated),
        messages=_join_messages(both[prompt], both[target], places, form.shown.counts),
        reasoning=apart,
        loss_spans=pl.concat_list(span),
        characters=pl.Series(characters),
        reasoning_tokens=pl.when(pl.lit(form.thinking is not Thinking.DROP) & pl.col("reasoning").is_not_null()).then(
            "reasoning_tokens"
        ),
        response_tokens=pl.when(pl.lit(form.name in {AS_IS, *FORMATS_WITH_RATIONALE})).then("response_tokens"),
        **_count_row_tokens(count, both[prompt], both[target], apart, shown_rows, places),
        stage=pl.when(is_dropped).then(pl.lit(str(Stage.FORMAT))),
        fate=pl.when(is_dropped).then(pl.lit(str(Fate.DROPPED))).otherwise(pl.lit(str(Fate.KEPT))),
        reason="reason",
        detail="detail",
    )


def _count_row_tokens(
    count: Count | None,
    prompts: pl.Series,
    targets: pl.Series,
    apart: pl.Series,
    shown_rows: Integers,
    places: Integers,
) -> dict[str, pl.Series]:
    """Count the tokens of rows, message by message: those of its demonstrations belong to its prompt.

    Args:
        count: counts tokens; None leaves them unknown.
        prompts: the prompts of all rows, then those of demonstrations.
        targets: the same of targets.
        apart: reasoning that each row keeps apart.
        shown_rows: the row of each demonstration.
        places: where it lies among the prompts.
    """
    rows = len(apart)
    if count is None:
        return {name: pl.Series([None] * rows, dtype=pl.Int64) for name in ("prompt_tokens", "loss_tokens")}
    asked, answered = count(prompts).to_numpy(), count(targets).to_numpy()
    shown = asked[:rows].copy()
    np.add.at(shown, shown_rows, (asked + answered)[places])
    return {"prompt_tokens": pl.Series(shown), "loss_tokens": pl.Series(answered[:rows]) + count(apart)}


def _group_lists(values: pl.Series, places: Integers, counts: Integers) -> pl.Series:
    """Make a list for each row of the values at its places."""
    offsets = to_arrow(np.concatenate([[0], np.cumsum(counts)]))
    return _to_series(pa.LargeListArray.from_arrays(offsets, _take(values, places)))


def _join_messages(prompts: pl.Series, targets: pl.Series, places: Integers, counts: Integers) -> pl.Series:
    """Join the messages of each row: those of its demonstrations, then its own prompt and target."""
    rows = len(counts)
    ends = np.cumsum(counts + 1)
    order = np.empty(len(places) + rows, dtype=np.int64)  # of prompts, row after row
    order[ends - 1] = np.arange(rows)
    is_shown = np.ones(len(order), dtype=bool)
    is_shown[ends - 1] = False
    order[is_shown] = places
    texts = pl.concat([prompts, targets], rechunk=True)
    contents = _take(texts, np.stack([order, order + len(prompts)], axis=1).ravel())
    roles = _take(pl.Series([str(Role.USER), str(Role.ASSISTANT)]), np.tile([0, 1], len(order)))
    messages = pa.StructArray.from_arrays([roles, contents], names=["role", "content"])
    offsets = to_arrow(np.concatenate([[0], 2 * ends]))
    return _to_series(pa.LargeListArray.from_arrays(offsets, messages))


def _take(values: pl.Series, places: Integers) -> pa.Array:
    array = values.rechunk().to_arrow()
    return array.take(to_arrow(places))


def _to_series(array: pa.Array) -> pl.Series:
    series = pl.from_arrow(array)
    if not isinstance(series, pl.Series):
        raise TypeError("an Arrow array becomes a polars series")
    return series
