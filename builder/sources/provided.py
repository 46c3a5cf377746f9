"""Finished responses of reference sources: samples that no teacher was asked for and no verifier judges."""

from collections import Counter
from collections.abc import Iterator

import polars as pl
from cotloom.schemas.frames import from_frame, to_frame
from cotloom.schemas.ids import content_id
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Fate, Verdict
from cotloom.schemas.recipe import Recipe
from cotloom.schemas.sample import Sample, sample_id


def given_samples(problems: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """Make samples of the finished responses to kept problems of reference sources.

    Args:
        problems: rows of `Problem`.
        recipe: says which sources these are.

    Returns:
        Rows of `Sample` with the verdict `provided`.
    """
    names = [source.name for source in recipe.sources if source.role == "reference"]
    reference = problems.filter(pl.col("source").is_in(names) & (pl.col("fate") == Fate.KEPT))
    return to_frame((sample for problem in from_frame(reference, Problem) for sample in _samples(problem)), Sample)


def _samples(problem: Problem) -> Iterator[Sample]:
    """A sample of each response, named by what it says, so that another response moves no name."""
    seen: Counter[str] = Counter()
    for place, text in enumerate(problem.responses):
        yield Sample(
            sample_id=sample_id(problem.problem_id, content_id("a", problem.source, text), seen[text]),
            problem_id=problem.problem_id,
            sample_index=place,
            teacher=problem.source,
            text=text,
            verdict=Verdict.PROVIDED,
        )
        seen[text] += 1
