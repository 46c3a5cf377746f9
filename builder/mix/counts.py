"""What was asked of a mixture, and what came out."""

from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from ...schemas.manifest import MixtureCount
from .rules import MixtureRules, Shares, StageShares, Take


def count_mixed(candidates: pl.DataFrame, mixture: pl.DataFrame) -> Counter[str]:
    """Count what the stages of a bucket took of each source: rows, repeated and hinted ones among them, and tokens.

    Args:
        candidates: the columns `CANDIDATE_COLUMNS` and `FACT_COLUMNS`.
        mixture: rows of `MixtureRow`, what `mix_bucket` made of them.

    Returns:
        Counts by `mixed:STAGE:SOURCE:WHAT`; the counts of buckets add up. Tokens are counted with a tokenizer.
    """
    columns = ("source", "is_hinted", "prompt_tokens", "loss_tokens")
    taken = mixture.filter(pl.col("mixture_stage").is_not_null()).join(
        candidates.select("example_id", *columns), left_on="text_id", right_on="example_id"
    )
    groups = taken.group_by("mixture_stage", "source").agg(
        rows=pl.len(),
        repeats=(pl.col("repeat") > 0).sum(),
        hinted=pl.col("is_hinted").sum(),
        counted=pl.col("loss_tokens").is_not_null().sum(),
        tokens=(pl.col("prompt_tokens") + pl.col("loss_tokens")).sum(),
        loss_tokens=pl.col("loss_tokens").sum(),
    )
    return Counter(dict(_list_counts(groups)))


def _list_counts(groups: pl.DataFrame) -> Iterator[tuple[str, int]]:
    for row in groups.iter_rows(named=True):
        named = f"mixed:{row.pop('mixture_stage')}:{row.pop('source')}"
        yield from ((f"{named}:{what}", int(count)) for what, count in row.items())


def describe_stages(counts: Mapping[str, int], rules: MixtureRules, shares: Shares) -> Iterator[MixtureCount]:
    """Describe what was asked for and what came out, for each stage and source.

    Args:
        counts: those of `count_mixed`, of all buckets.
        rules: what was asked for.
        shares: what was decided.
    """
    for stage in rules.stages:
        decided = shares.stages.get(stage.name, StageShares())
        own = {source: f"mixed:{stage.name}:{source}" for source in stage.take}
        for source, named in own.items():
            take = decided.takes.get(source, Take())
            rows = counts.get(f"{named}:rows", 0)
            is_counted = counts.get(f"{named}:counted", 0) == rows
            yield MixtureCount(
                stage=stage.name,
                source=source,
                take=str(stage.take[source]),
                share=take.share,
                by=stage.by.value,
                available=rows if take.available is None else take.available,
                rows=rows,
                repeats=counts.get(f"{named}:repeats", 0),
                hinted=counts.get(f"{named}:hinted", 0),
                tokens=counts.get(f"{named}:tokens", 0) if is_counted else None,
                loss_tokens=counts.get(f"{named}:loss_tokens", 0) if is_counted else None,
            )
