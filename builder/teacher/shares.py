"""Several teachers: which problems each is asked."""

import polars as pl

from ...schemas.recipe import Recipe
from ...schemas.teacher import Share
from ..progress import warn

_COLUMNS = {"sources": "source", "tasks": "task", "categories": "category"}
"""From a key of a share to the column of a problem."""


def select_share(problems: pl.DataFrame, share: Share) -> pl.DataFrame:
    """Select the problems of a share.

    Args:
        problems: rows with the columns source, task and category.
        share: what they have in common.
    """
    limits = {column: getattr(share, key) for key, column in _COLUMNS.items()}
    for column, names in limits.items():
        problems = problems.filter(pl.col(column).is_in(names)) if names else problems
    return problems


def warn_unasked(recipe: Recipe, problems: pl.DataFrame) -> None:
    """Warn of problems that no teacher is asked.

    Args:
        recipe: the recipe.
        problems: the outline of the problems that are asked; see `AskedProblems`.
    """
    shares = [select_share(problems, teacher.share)["problem_id"] for teacher in recipe.sampled_teachers.values()]
    unasked = problems.filter(~pl.col("problem_id").is_in(pl.concat(shares).implode()))
    if unasked.height:
        parts = unasked.group_by("source", "task").len().sort("source", "task").rows()
        named = ", ".join(f"{count:,} of {source}{f' ({task})' if task else ''}" for source, task, count in parts[:5])
        warn(f"no teacher is asked about {unasked.height:,} problems: {named}; see teacher.share")
