"""Format: from each kept path to its training rows, one for every format of the recipe."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from builder.format.templates import FORMATS, Kept
from builder.progress import track
from schemas.example import Example, example_id
from schemas.frames import to_frame
from schemas.problem import Split
from schemas.reasons import Fate, Reason, Stage
from schemas.recipe import FormatSpec
from schemas.sample import Span

__all__ = ["CODE_VERSION", "FORMATS", "format_examples"]

CODE_VERSION = 1
"""Rises when the same path gives another row."""


def format_examples(problems: pl.DataFrame, samples: pl.DataFrame, formats: Sequence[FormatSpec]) -> pl.DataFrame:
    """Write every kept sample in every format.

    Args:
        problems: rows of `Problem`.
        samples: rows of `Sample`, selected.
        formats: the formats.

    Returns:
        Rows of `Example`; where all paths of a problem give the same row, one is kept.
    """
    kept = samples.filter(pl.col("fate") == Fate.KEPT).select("sample_id", "problem_id", "text", "span", "simulated")
    asked = problems.filter(pl.col("fate") == Fate.KEPT).select("problem_id", "source", "question", "answer", "split")
    rows = kept.join(asked, on="problem_id").sort("sample_id").rows(named=True)
    examples = [example for form in formats for example in _in_format(form.name, rows)]
    return to_frame(examples, Example)


def _in_format(name: str, rows: Sequence[dict[str, Any]]) -> Iterator[Example]:
    first: dict[str, str] = {}
    for row in track(rows, f"writing {name}", every=200):
        leader = first.setdefault(row["problem_id"], row["sample_id"])
        repeats = FORMATS[name].one_per_problem and leader != row["sample_id"]
        yield _example(name, row, f"the same row as that of {leader}" if repeats else None)


def _example(name: str, row: dict[str, Any], repeated: str | None) -> Example:
    span = row["span"]
    kept = Kept(
        question=row["question"],
        answer=row["answer"],
        text=row["text"],
        answer_start=span["start"] if span else None,
    )
    messages = FORMATS[name].write(kept)
    return Example(
        example_id=example_id(name, row["sample_id"], (), None),
        sample_id=row["sample_id"],
        problem_id=row["problem_id"],
        source=row["source"],
        format=name,
        split=Split(row["split"]),
        simulated=row["simulated"],
        messages=messages,
        loss_spans=(Span(start=0, end=len(messages[-1].content)),),
        characters=sum(len(message.content) for message in messages),
        stage=Stage.FORMAT if repeated else None,
        fate=Fate.DROPPED if repeated else Fate.KEPT,
        reason=Reason.EXACT_DUPLICATE if repeated else None,
        detail=repeated,
    )
