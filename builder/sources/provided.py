"""Finished responses of reference sources, as samples: the teacher is not called and nothing is verified."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from ...schemas.frames import from_frame, to_frame
from ...schemas.ids import make_content_id
from ...schemas.problem import Problem
from ...schemas.reasons import Fate, Reason, Stage, Verdict
from ...schemas.sample import Sample, make_sample_id


def make_provided_samples(problems: pl.DataFrame, names: Sequence[str], max_characters: int) -> pl.DataFrame:
    """Make one sample for each finished response to a kept problem of a reference source.

    Args:
        problems: rows of `Problem`.
        names: the sources with the role `reference`.
        max_characters: longer responses are dropped.

    Returns:
        Rows of `Sample` with the verdict `provided`.
    """
    reference = problems.filter(pl.col("source").is_in(list(names)) & (pl.col("fate") == Fate.KEPT))
    made = (sample for problem in from_frame(reference, Problem) for sample in _make_samples(problem, max_characters))
    return to_frame(made, Sample)


def _make_samples(problem: Problem, limit: int) -> Iterator[Sample]:
    """Yield a sample for each response. Its id depends on the text, not on the position (law 9)."""
    seen: Counter[str] = Counter()
    for index, text in enumerate(problem.responses):
        yield Sample(
            sample_id=make_sample_id(problem.problem_id, make_content_id("a", problem.source, text), seen[text]),
            problem_id=problem.problem_id,
            sample_index=index,
            teacher=problem.source,
            text=text,
            verdict=Verdict.PROVIDED,
            **_describe_fate(len(text), limit),
        )
        seen[text] += 1


def _describe_fate(length: int, limit: int) -> dict[str, Any]:
    if length <= limit:
        return {}
    detail = f"{length:,} characters; verify.max_characters is {limit:,}"
    return {"stage": Stage.VERIFY, "fate": Fate.DROPPED, "reason": Reason.TOO_LONG, "detail": detail}
