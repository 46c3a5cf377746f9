"""Finished responses of reference sources, as samples: the teacher is not called and nothing is verified."""

from collections import Counter
from collections.abc import Iterator

import polars as pl

from ...schemas.frames import from_frame, to_frame
from ...schemas.ids import make_content_id
from ...schemas.problem import Problem
from ...schemas.reasons import Fate, Verdict
from ...schemas.recipe import Recipe
from ...schemas.sample import Sample, make_sample_id


def make_provided_samples(problems: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """Make one sample for each finished response to a kept problem of a reference source.

    Args:
        problems: rows of `Problem`.
        recipe: its sources with the role `reference` are used.

    Returns:
        Rows of `Sample` with the verdict `provided`.
    """
    names = [source.name for source in recipe.sources if source.role == "reference"]
    reference = problems.filter(pl.col("source").is_in(names) & (pl.col("fate") == Fate.KEPT))
    return to_frame((sample for problem in from_frame(reference, Problem) for sample in _make_samples(problem)), Sample)


def _make_samples(problem: Problem) -> Iterator[Sample]:
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
        )
        seen[text] += 1
