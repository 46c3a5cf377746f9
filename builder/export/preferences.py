"""Export pairs of rationales for one problem, one kept and one wrong: TRL's DPO."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.example import Role
from ...schemas.reasons import Fate, Reason
from ..errors import InputError
from ..format import join_reasoning
from ..store import Version
from .lines import SplitRow, mark_simulated, write_split_lines
from .parts import Export, read_tables
from .prompts import make_prompt

_REJECTED = [str(reason) for reason in (Reason.WRONG, Reason.WRONG_STEP)]
"""What a sample is dropped for that loses a pair: what is undecided, cut off or a duplicate loses none."""

_SAMPLE = ("sample_id", "reasoning", "text", "simulated", "reason", "response_tokens")
_PROBLEM = ("problem_id", "question", "answer", "answer_type", "choices", "language", "split")


def count_pairs(version: Version) -> Export:
    """Describe the rationales of a version; pairs are counted while they are written."""
    manifest = version.manifest
    return Export(version=version, parts=(), simulated=manifest.simulated, buckets=lambda: read_pairs(version))


def read_pairs(version: Version) -> Iterator[pl.DataFrame]:
    """Read the pairs of each bucket: the kept samples of a problem and its wrong ones, in the order of their ids.

    The first kept one is paired with the first wrong one, and so on: no sample is in two pairs.

    Raises:
        InputError: a file is damaged.
    """
    for problems, samples in read_tables(version, "problems", "samples"):
        yield pair_samples(problems.filter(pl.col("fate") == Fate.KEPT), samples)


def pair_samples(problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Pair kept samples with wrong ones of the same problem.

    Args:
        problems: rows of `Problem`.
        samples: rows of `Sample`.

    Returns:
        Columns of the problem; those of the kept sample; and those of the wrong one, with the suffix `_rejected`.
    """
    is_wrong = (pl.col("fate") == Fate.DROPPED) & pl.col("reason").is_in(_REJECTED)
    kept = _number_samples(samples.filter(pl.col("fate") == Fate.KEPT))
    wrong = _number_samples(samples.filter(is_wrong.fill_null(value=False)))
    pairs = kept.join(wrong, on=["problem_id", "place"], suffix="_rejected").sort("problem_id", "place")
    return pairs.join(problems.select(_PROBLEM), on="problem_id", maintain_order="left")


def _number_samples(samples: pl.DataFrame) -> pl.DataFrame:
    place = pl.col("sample_id").rank("ordinal").over("problem_id").alias("place")
    return samples.select("problem_id", place, *_SAMPLE)


def write_pairs(export: Export, folder: Path) -> dict[str, int]:
    """Write `train.jsonl` and `test.jsonl`, a row for each pair.

    Raises:
        InputError: no problem has a kept and a wrong sample.
    """
    counts = write_split_lines(export, folder, _make_rows)
    if not counts:
        raise InputError(
            f"{export.version.ref} has no problem with a kept and a wrong rationale",
            hint="sample more than one answer a problem: teacher: {paths: {max: 8}}",
        )
    return counts


def _make_rows(rows: pl.DataFrame) -> Iterator[SplitRow]:
    return ((row["split"], mark_simulated(make_pair_row(row), row)) for row in rows.iter_rows(named=True))


def make_pair_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Make the row of a pair: both rationales as they were written, behind the prompt that `zero_shot_cot` trains on.

    `reason` says what is wrong with the rejected one, and `chosen_tokens` and `rejected_tokens` how long both are, so
    that pairs can be taken by their margin.
    """
    return {
        "prompt": make_prompt(row),
        "chosen": _make_reply(row["reasoning"], row["text"]),
        "rejected": _make_reply(row["reasoning_rejected"], row["text_rejected"]),
        "reason": row["reason_rejected"],
        "chosen_tokens": row["response_tokens"],
        "rejected_tokens": row["response_tokens_rejected"],
        "problem_id": row["problem_id"],
        "chosen_id": row["sample_id"],
        "rejected_id": row["sample_id_rejected"],
    }


def _make_reply(reasoning: str | None, text: str | None) -> list[dict[str, str]]:
    return join_reasoning([{"role": str(Role.ASSISTANT), "content": text or ""}], reasoning)
