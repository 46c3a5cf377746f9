"""Lengths as histograms: of reasonings and responses, and of the rows of each stage, with how full sequences are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl
from rich.text import Text

from ...schemas.manifest import StageLengths, TokenCounts
from ...schemas.reasons import Fate
from ..errors import InputError
from ..mix import measure_lengths
from ..report.tables import make_line
from ..store import Version

_BAR = 40
"""Characters of the longest bar."""
_COLUMNS = ("mixture_stage", "fate", "prompt_tokens", "loss_tokens")


def measure_stages(version: Version, length: int) -> list[StageLengths]:
    """Measure the rows of each stage, for sequences of another length than the manifest's.

    Args:
        version: the version.
        length: tokens of a sequence.

    Raises:
        InputError: the tokens of its examples are unknown.
    """
    tokens = pl.col("prompt_tokens") + pl.col("loss_tokens")
    counts = [
        rows.filter((pl.col("fate") == Fate.KEPT) & pl.col("mixture_stage").is_not_null())
        .group_by(stage="mixture_stage", tokens=tokens)
        .agg(rows=pl.len().cast(pl.Int64))
        for rows in version.iterate_table("examples", _COLUMNS)
    ]
    lengths = pl.concat(counts).group_by("stage", "tokens").agg(pl.col("rows").sum())
    if lengths["tokens"].null_count():
        raise InputError(
            f"the tokens of the examples of {version.ref} are unknown, so nobody can tell how they are packed",
            hint="tokenizer in the recipe names what counts them",
        )
    by_stage = {
        str(own["stage"][0]): dict(own.select("tokens", "rows").iter_rows()) for own in lengths.partition_by("stage")
    }
    order = list(dict.fromkeys(item.stage for item in version.manifest.mixture))
    return [measure_lengths(name, by_stage[name], length) for name in order if name in by_stage]


def render_lengths(stages: Sequence[StageLengths]) -> Iterator[Text]:
    """Render the lengths of each stage's rows as a histogram, with the sequences that they are packed into."""
    for item in stages:
        mean = item.tokens / item.rows if item.rows else 0
        yield make_line(
            f"Tokens of the rows of {item.stage} (mean {mean:,.0f}, longest {item.longest:,})", style="bold"
        )
        yield from _draw_bins((part.least, part.most, part.rows, f"{part.rows:,}") for part in item.bins)
        yield make_line(f"  {describe_packing(item)}")
        yield Text()


def describe_packing(item: StageLengths) -> str:
    """Describe how full the sequences of a stage are: packed, and with one row in each."""
    if not item.sequences or not item.length:
        return f"no row fits into sequences of {item.length:,} tokens"
    full = item.packed_tokens / (item.sequences * item.length)
    alone = item.packed_tokens / (item.packed_rows * item.length)
    packed = f"packed into {item.sequences:,} sequences of {item.length:,} tokens: {full:.1%} full"
    left = item.rows - item.packed_rows
    longer = f"; {left:,} rows are longer" if left else ""
    return f"{packed}, with one row in each {alone:.1%}{longer}"


def render_tokens(lengths: Sequence[TokenCounts]) -> Iterator[Text]:
    """Render the lengths of reasonings and responses, each as a histogram with the share that was kept."""
    if lengths and not any(part.bins for part in lengths):
        yield make_line("Tokens of reasoning and response: unknown; `tokenizer` in the recipe names what counts them")
        yield Text()
    for part in lengths:
        if not part.bins or not (part.tokens or part.unknown):  # the latter: no teacher that reasons apart
            continue
        known = sum(item.samples for item in part.bins)
        mean = f", mean {part.tokens / known:,.0f}" if known else ""
        unknown = f"; {part.unknown:,} unknown" if part.unknown else ""
        counter = _COUNTERS.get(part.counted_by, part.counted_by)
        yield make_line(
            f"Tokens of the {part.part} (by {counter}{mean}{unknown})",
            style="bold",
        )
        yield from _draw_bins(
            (item.least, item.most, item.samples, f"{item.samples:,} ({item.kept:,} kept)") for item in part.bins
        )
        yield Text()


_COUNTERS: Mapping[str, str] = {"tokenizer": "the recipe's tokenizer", "usage": "the server's count"}


def _draw_bins(bins: Iterable[tuple[int, int, int, str]]) -> Iterator[Text]:
    """Draw a bar for each bin: its least and most tokens, its count, and what stands behind the bar."""
    known = list(bins)
    widest = max((count for _, _, count, _ in known), default=1)
    ranges = [f"{least:,}" if least == most else f"{least:,}-{most:,}" for least, most, _, _ in known]
    margin = max(map(len, ranges), default=0)
    for name, (_, _, count, label) in zip(ranges, known, strict=True):
        yield make_line(f"{name:>{margin + 2}}  {'█' * max(1, round(_BAR * count / max(widest, 1)))} {label}")
