"""Put the rows of a format together: messages, ids, lengths; rows over the limit show less, or are dropped.

Everything here works on columns.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pyarrow as pa

from ...schemas.example import Role
from ...schemas.formats import FORMATS_WITH_RATIONALE, Thinking
from ...schemas.frames import make_example_ids
from ...schemas.reasons import Fate, Reason, Stage
from ..parquet import to_arrow
from .demonstrations import Integers
from .rows import FormatRows
from .templates import AS_IS
from .texts import name_prompt, name_target, write_reasoning

Gather = Callable[[Integers, Sequence[str]], pl.DataFrame]
"""Reads some columns of the texts at some addresses, whatever their bucket."""

Count = Callable[[pl.Series], pl.Series]
"""Counts the tokens of texts; null has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Texts:
    """The texts of the rows of a format, and of what they show."""

    both: pl.DataFrame
    """Columns sample_id, simulated, reasoning, prompt, target: the rows of the format, then their demonstrations."""
    apart: pl.Series
    """The reasoning that each row keeps apart; null for none."""
    places: Integers
    """The place of each demonstration in `both`, row after row."""
    counts: Integers
    """How many each row has."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.counts)

    @property
    def owners(self) -> Integers:
        """The row of each demonstration."""
        return np.repeat(np.arange(self.rows), self.counts)

    def add_shown(self, own: Integers, sizes: Integers) -> Integers:
        """Add the sizes of its demonstrations to each row's own.

        Args:
            own: a number for each row.
            sizes: one for each text of `both`.
        """
        sums = own.astype(np.int64)
        np.add.at(sums, self.owners, sizes[self.places].astype(np.int64))
        return sums


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tokens:
    """The tokens of texts."""

    prompts: Integers
    """Of each prompt in `_Texts.both`."""
    targets: Integers
    """Of each target there."""
    apart: Integers
    """Of the reasoning that each row keeps apart."""


def assemble_rows(form: FormatRows, gather: Gather, count: Count | None) -> pl.DataFrame:
    """Put the rows of a format together.

    Args:
        form: the rows, with their demonstrations.
        gather: reads the texts of demonstrations.
        count: counts tokens; None leaves them unknown, and no row is too long then.

    Returns:
        The columns of `Example`, but for those that the mixture decides.
    """
    texts = _gather_texts(form, gather)
    tokens = None if count is None else _count_tokens(texts, count)
    reasons, left_out = form.reasons, np.zeros(texts.rows, dtype=np.int64)
    if tokens is not None and form.max_tokens is not None:
        fitted = fit_rows(form, texts.places, tokens)
        texts = replace(texts, places=fitted.places, counts=fitted.counts)
        reasons, left_out = fitted.reasons, form.shown.counts - fitted.counts
    shown_ids = _group_lists(texts.both["sample_id"], texts.places, texts.counts)
    named = form.rows.select("sample_id", format=pl.lit(form.name), other_sample_ids=shown_ids)
    ends = texts.both["target"].str.len_chars().cast(pl.Int64).head(texts.rows)
    is_dropped = pl.col("reason").is_not_null()
    return form.rows.hstack(reasons).select(
        example_id=make_example_ids(named),
        sample_id="sample_id",
        other_sample_ids=shown_ids,
        left_out=pl.Series(left_out),
        problem_id="problem_id",
        source="source",
        format=pl.lit(form.name),
        split="split",
        teacher="teacher",
        simulated=_mark_simulated(texts),
        messages=_join_messages(texts),
        reasoning=texts.apart,
        loss_spans=pl.concat_list(pl.struct(start=pl.lit(0, dtype=pl.Int64), end=pl.lit(ends))),
        characters=_count_characters(texts),
        reasoning_tokens=pl.when(pl.lit(form.thinking is not Thinking.DROP) & pl.col("reasoning").is_not_null()).then(
            "reasoning_tokens"
        ),
        response_tokens=pl.when(pl.lit(form.name in {AS_IS, *FORMATS_WITH_RATIONALE})).then("response_tokens"),
        **_describe_tokens(texts, tokens),
        stage=pl.when(is_dropped).then(pl.lit(str(Stage.FORMAT))),
        fate=pl.when(is_dropped).then(pl.lit(str(Fate.DROPPED))).otherwise(pl.lit(str(Fate.KEPT))),
        reason="reason",
        detail="detail",
    )


def _gather_texts(form: FormatRows, gather: Gather) -> _Texts:
    prompt, target = name_prompt(form.name), name_target(form.name)
    columns = ["sample_id", "simulated", "reasoning", prompt, target]
    names = {prompt: "prompt", target: "target"}
    distinct, places = np.unique(form.shown.addresses, return_inverse=True)
    own = form.rows.select(columns).rename(names).with_columns(write_reasoning("reasoning", "target", form.thinking))
    thinking = form.thinking if form.thinking is Thinking.TEXT else Thinking.DROP
    others = gather(distinct, columns).rename(names).with_columns(write_reasoning("reasoning", "target", thinking))
    is_apart = form.thinking is Thinking.FIELD
    return _Texts(
        both=pl.concat([own, others], rechunk=True),
        apart=own["reasoning"] if is_apart else pl.Series("reasoning", [None] * own.height, pl.String),
        places=places + own.height,
        counts=form.shown.counts,
    )


# Lengths


def _count_tokens(texts: _Texts, count: Count) -> _Tokens:
    """Count the tokens of all texts, each once."""
    return _Tokens(
        prompts=count(texts.both["prompt"]).to_numpy(),
        targets=count(texts.both["target"]).to_numpy(),
        apart=count(texts.apart).to_numpy(),
    )


def _describe_tokens(texts: _Texts, tokens: _Tokens | None) -> dict[str, pl.Series]:
    """Describe the lengths of rows, message by message: what they show belongs to their prompt."""
    if tokens is None:
        unknown = pl.Series([None] * texts.rows, dtype=pl.Int64)
        return {"prompt_tokens": unknown, "loss_tokens": unknown}
    prompts = texts.add_shown(tokens.prompts[: texts.rows], tokens.prompts + tokens.targets)
    return {
        "prompt_tokens": pl.Series(prompts),
        "loss_tokens": pl.Series(tokens.targets[: texts.rows] + tokens.apart),
    }


def _count_characters(texts: _Texts) -> pl.Series:
    sizes = (texts.both["prompt"].str.len_chars() + texts.both["target"].str.len_chars()).to_numpy()
    own = sizes[: texts.rows].astype(np.int64)
    own += texts.apart.str.len_chars().fill_null(0).to_numpy().astype(np.int64)
    return pl.Series(texts.add_shown(own, sizes))


def _mark_simulated(texts: _Texts) -> pl.Series:
    """Mark the rows that the simulated teacher wrote, or wrote a demonstration of."""
    simulated = texts.both["simulated"].to_numpy()
    is_simulated = simulated[: texts.rows].copy()
    np.logical_or.at(is_simulated, texts.owners, simulated[texts.places])
    return pl.Series(is_simulated)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fitted:
    """What the rows of a format show within its limit."""

    places: Integers
    """The places of the demonstrations that are left, row after row."""
    counts: Integers
    """How many each row has."""
    reasons: pl.DataFrame
    """Columns reason and detail, null for kept rows."""


def fit_rows(form: FormatRows, places: Integers, tokens: _Tokens) -> _Fitted:
    """Leave out the last demonstrations of rows that are too long; a row that is too long with its fewest is dropped.

    Args:
        form: the rows, with a limit.
        places: the places of their demonstrations.
        tokens: the tokens of all texts.
    """
    counts, most = form.shown.counts, form.max_tokens
    rows = len(counts)
    owners = np.repeat(np.arange(rows), counts)
    own = (tokens.prompts[:rows] + tokens.targets[:rows] + tokens.apart).astype(np.int64)
    sums = np.concatenate([[0], np.cumsum((tokens.prompts + tokens.targets)[places])]).astype(np.int64)
    starts = np.cumsum(counts) - counts
    lengths = own[owners] + sums[1:] - sums[starts][owners]  # of a row with its demonstrations up to each
    fits = np.bincount(owners[lengths <= most], minlength=rows)
    fewest = np.minimum(counts, form.fewest)
    least = own + sums[starts + fewest] - sums[starts]
    is_long = least > most
    left = np.where(is_long, fewest, fits)
    is_shown = np.arange(len(places)) - starts[owners] < left[owners]
    length = pl.format("{} tokens", pl.lit(pl.Series(least)))
    if form.fewest:
        length = pl.format("{} with {} demonstrations", length, pl.lit(pl.Series(fewest)))
    says = pl.format(f"{{}}, over the {most:,} of the format {form.name}", length)
    also = pl.format("; also {}: {}", "reason", "detail").fill_null("")
    reasons = form.reasons.select(
        reason=pl.when(pl.lit(pl.Series(is_long))).then(pl.lit(str(Reason.TOO_LONG))).otherwise("reason"),
        detail=pl.when(pl.lit(pl.Series(is_long))).then(pl.concat_str(says, also)).otherwise("detail"),
    )
    return _Fitted(places=places[is_shown], counts=left, reasons=reasons)


# Lists of texts


def _group_lists(values: pl.Series, places: Integers, counts: Integers) -> pl.Series:
    """Make a list for each row of the values at its places."""
    offsets = to_arrow(np.concatenate([[0], np.cumsum(counts)]))
    return _to_series(pa.LargeListArray.from_arrays(offsets, _take(values, places)))


def _join_messages(texts: _Texts) -> pl.Series:
    """Join the messages of each row: those of its demonstrations, then its own prompt and target."""
    ends = np.cumsum(texts.counts + 1)
    order = np.empty(len(texts.places) + texts.rows, dtype=np.int64)  # of prompts, row after row
    order[ends - 1] = np.arange(texts.rows)
    is_shown = np.ones(len(order), dtype=bool)
    is_shown[ends - 1] = False
    order[is_shown] = texts.places
    written = pl.concat([texts.both["prompt"], texts.both["target"].alias("prompt")], rechunk=True)
    contents = _take(written, np.stack([order, order + texts.both.height], axis=1).ravel())
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
