"""The lengths of answers in tokens: counted by the recipe's tokenizer, and known by content from then on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.ids import digest
from ...schemas.sample import Part
from ..store.results.memo import Memo, make_keys, recall_or_find
from ..text.tokens import count_tokens
from .unchanged import BucketSize

COUNTED_BY = 1
"""Rises when the same tokenizer gives another count."""

COLUMNS: Mapping[Part, str] = {Part.REASONING: "reasoning_tokens", Part.TEXT: "response_tokens"}
"""The column with the length of each part."""

_HAS_ANSWER = pl.any_horizontal(pl.col([str(part) for part in Part]).is_not_null())


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenCounter:
    """What counts tokens."""

    path: Path
    """The file of the tokenizer."""
    sha256: str
    """Digest of its bytes."""

    def describe(self) -> dict[str, Any]:
        """Everything that decides a count, as plain values."""
        return {"code": COUNTED_BY, "tokenizer": self.sha256}


def read_counter(settings: Mapping[str, Any]) -> TokenCounter | None:
    """Read what counts tokens from the settings of a pass; None where the server's counts stand."""
    named = settings["tokenizer"]
    return None if named is None else TokenCounter(path=Path(named["path"]), sha256=named["sha256"])


def add_token_counts(
    stages: Path | None, counter: TokenCounter | None, samples: pl.DataFrame, bucket: BucketSize, most: int
) -> pl.DataFrame:
    """Count the tokens of all answers of a bucket; equal texts are counted once, and recalled by later builds.

    Args:
        stages: the folder of all results; None keeps no counts.
        counter: what counts them; None leaves the counts of the server.
        samples: rows of `Sample`.
        bucket: the bucket.
        most: characters of the longest text that is read; the length of a longer one stays unknown.
    """
    if counter is None:
        return samples
    texts = pl.concat([samples.select(text=str(part)) for part in COLUMNS]).drop_nulls().unique(maintain_order=True)
    texts = texts.filter(pl.col("text").str.len_chars() <= most)
    keyed = texts.with_columns(key=make_keys(texts))
    found = _find_counts(stages, counter, keyed, bucket)
    counts = keyed.join(found, on="key", how="left").select("text", "tokens")
    counted = samples
    for part, column in COLUMNS.items():
        named = counts.rename({"text": str(part), "tokens": column})
        counted = counted.drop(column).join(named, on=str(part), how="left", maintain_order="left")
        is_absent = pl.col(str(part)).is_null() & _HAS_ANSWER
        counted = counted.with_columns(pl.when(is_absent).then(pl.lit(0, pl.Int64)).otherwise(column).alias(column))
    return counted.select(samples.columns)


def count_texts(stages: Path, counter: TokenCounter, bucket: BucketSize, texts: pl.Series) -> pl.Series:
    """Count the tokens of texts; equal ones are counted once, and recalled by later builds. Null has none.

    Args:
        stages: the folder of all results.
        counter: what counts them.
        bucket: the bucket that they belong to.
        texts: the texts.
    """
    distinct = texts.rename("text").drop_nulls().unique(maintain_order=True).to_frame()
    keyed = distinct.with_columns(key=make_keys(distinct))
    found = keyed.join(_find_counts(stages, counter, keyed, bucket, "examples"), on="key", how="left")
    return texts.replace_strict(found["text"], found["tokens"], default=0, return_dtype=pl.Int64)


def _find_counts(
    stages: Path | None, counter: TokenCounter, keyed: pl.DataFrame, bucket: BucketSize, kind: str = "samples"
) -> pl.DataFrame:
    """Find the tokens of texts by key; those of one kind are remembered together."""
    count = partial(_count_keys, keyed, counter.path)
    if stages is None:
        return count(keyed["key"].unique(maintain_order=True))
    folder = stages / "tokens" / "memo" / digest([counter.describe(), kind])[:16]
    memo = Memo(folder=folder, bucket=bucket.number, bits=bucket.bits, rows=len(COLUMNS) * bucket.answers)
    return recall_or_find(memo, keyed["key"], count).findings


def _count_keys(keyed: pl.DataFrame, path: Path, keys: pl.Series) -> pl.DataFrame:
    """Count the tokens of the text of each key."""
    rows = keyed.filter(pl.col("key").is_in(keys.implode()))
    tokens = pl.Series("tokens", count_tokens(rows["text"].to_list(), path), dtype=pl.Int64)
    return rows.select("key", tokens)
