"""What was asked of a mixture, and what came out: rows, tokens, lengths."""

from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from ...schemas.manifest import MixtureCount, RowBin, StageLengths
from .packing import choose_length, pack_rows
from .rules import MixtureRules, Shares, StageShares, Take

_TOKENS = pl.col("prompt_tokens") + pl.col("loss_tokens")


def count_mixed(taken: pl.DataFrame) -> Counter[str]:
    """Count what the stages of a bucket took of each source: rows, repeated and hinted ones among them, and tokens.

    Args:
        taken: columns mixture_stage, repeat, source, is_hinted, prompt_tokens, loss_tokens; a row for each example that
            a stage takes.

    Returns:
        Counts by `mixed:STAGE:SOURCE:WHAT`, and rows by `length:STAGE:TOKENS`; the counts of buckets add up. Tokens are
        counted with a tokenizer.
    """
    groups = taken.group_by("mixture_stage", "source").agg(
        rows=pl.len(),
        repeats=(pl.col("repeat") > 0).sum(),
        hinted=pl.col("is_hinted").sum(),
        counted=pl.col("loss_tokens").is_not_null().sum(),
        tokens=_TOKENS.sum(),
        loss_tokens=pl.col("loss_tokens").sum(),
    )
    lengths = taken.select("mixture_stage", tokens=_TOKENS).drop_nulls().group_by("mixture_stage", "tokens").len()
    by_length = {f"length:{stage}:{tokens}": rows for stage, tokens, rows in lengths.iter_rows()}
    return Counter({**dict(_list_counts(groups)), **by_length})


def _list_counts(groups: pl.DataFrame) -> Iterator[tuple[str, int]]:
    for row in groups.iter_rows(named=True):
        named = f"mixed:{row.pop('mixture_stage')}:{row.pop('source')}"
        yield from ((f"{named}:{what}", int(count)) for what, count in row.items())


def read_taken(counts: Mapping[str, int], stage: str, source: str) -> dict[str, int | None]:
    """Read what a stage took of a source: rows, repeats, hinted, and tokens and loss_tokens, null without a tokenizer.

    Args:
        counts: those of `count_mixed`, of all buckets.
        stage: the stage.
        source: the source.
    """
    named = f"mixed:{stage}:{source}"
    found = {what: counts.get(f"{named}:{what}", 0) for what in ("rows", "repeats", "hinted", "tokens", "loss_tokens")}
    is_counted = counts.get(f"{named}:counted", 0) == found["rows"]
    unknown = {} if is_counted else dict.fromkeys(("tokens", "loss_tokens"))
    return {**found, **unknown}


def describe_stages(counts: Mapping[str, int], rules: MixtureRules, shares: Shares) -> Iterator[MixtureCount]:
    """Describe what was asked for and what came out, for each stage and source.

    Args:
        counts: those of `count_mixed`, of all buckets.
        rules: what was asked for.
        shares: what was decided.
    """
    for stage in rules.stages:
        decided = shares.stages.get(stage.name, StageShares())
        for source, asked in stage.take.items():
            take = decided.takes.get(source, Take())
            taken = read_taken(counts, stage.name, source)
            available = taken["rows"] if take.available is None else take.available
            named = {"stage": stage.name, "source": source, "take": str(asked), "share": take.share}
            yield MixtureCount.model_validate({**named, "by": stage.by.value, "available": available, **taken})


def describe_lengths(counts: Mapping[str, int], rules: MixtureRules) -> Iterator[StageLengths]:
    """Describe how long the rows of each stage are; nothing without a tokenizer.

    Args:
        counts: those of `count_mixed`, of all buckets.
        rules: the stages, whose `max_tokens` is the length of their sequences.
    """
    for stage in rules.stages:
        lengths = read_lengths(counts, stage.name)
        if lengths:
            yield measure_lengths(stage.name, lengths, stage.max_tokens or choose_length(max(lengths)))


def read_lengths(counts: Mapping[str, int], stage: str) -> dict[int, int]:
    """Read the rows of a stage by their tokens from the counts of `count_mixed`."""
    prefix = f"length:{stage}:"
    return {int(name.removeprefix(prefix)): rows for name, rows in counts.items() if name.startswith(prefix) and rows}


def measure_lengths(stage: str, lengths: Mapping[int, int], length: int) -> StageLengths:
    """Measure how long the rows of a stage are, and how full sequences are that they are packed into.

    Args:
        stage: the stage.
        lengths: rows by their tokens; at least one.
        length: the tokens of a sequence; longer rows are packed into none.
    """
    fitting = {tokens: rows for tokens, rows in lengths.items() if tokens <= length}
    bins: Counter[int] = Counter()
    for tokens, rows in lengths.items():
        bins[tokens.bit_length()] += rows
    return StageLengths(
        stage=stage,
        rows=sum(lengths.values()),
        tokens=_add_tokens(lengths),
        longest=max(lengths),
        bins=tuple(
            RowBin(least=(1 << bits) >> 1, most=(1 << bits) - 1, rows=rows) for bits, rows in sorted(bins.items())
        ),
        length=length,
        packed_rows=sum(fitting.values()),
        packed_tokens=_add_tokens(fitting),
        sequences=pack_rows(fitting, length),
    )


def _add_tokens(lengths: Mapping[int, int]) -> int:
    return sum(tokens * rows for tokens, rows in lengths.items())
