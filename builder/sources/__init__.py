"""Sources: problems from files and of our own making, without duplicates, each on its side of the split.

Law 1: a row that can't be read, or says again what another says, stays in the table with its reason.
Law 6: the side of the split is a keyed hash of the problem's group, so that it never changes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from builder.errors import InputError
from builder.recipe import LoadedRecipe
from builder.sources.load import load_source
from schemas.frames import to_frame
from schemas.ids import RANKS, rank
from schemas.manifest import Input
from schemas.problem import AnswerType, Problem, Split
from schemas.reasons import Fate, Reason, Stage

CODE_VERSION = 1
"""Rises when the same files give other problems."""

Readable = Callable[[str, AnswerType], bool]
"""Whether a gold answer can be read as its type; the verifier's, handed in by the pipeline."""


@dataclass(frozen=True, slots=True)
class Problems:
    """All problems of a recipe."""

    frame: pl.DataFrame
    """Rows of `Problem`, dropped ones too, in the order of the sources."""
    inputs: list[Input]
    """The files they came from."""


def load_problems(loaded: LoadedRecipe, readable: Readable) -> Problems:
    """Read, check, and split the problems of a recipe.

    Raises:
        InputError: a source can't be read, is empty, or has no problem that can be used.
    """
    recipe = loaded.recipe
    sources = [load_source(loaded, source) for source in recipe.sources]
    problems = [problem for source in sources for problem in source.problems]
    problems = [_with_readable_gold(problem, readable) for problem in problems]
    problems = _without_duplicates(problems)
    problems = _limited(problems, recipe.limit, recipe.seed)
    problems = [_with_split(problem, recipe.split.test, recipe.seed) for problem in problems]
    _check_some(problems)
    return Problems(to_frame(problems, Problem), [item for source in sources for item in source.inputs])


def _dropped(problem: Problem, reason: Reason, detail: str) -> Problem:
    return replace(problem, stage=Stage.SOURCES, fate=Fate.DROPPED, reason=reason, detail=detail)


def _with_readable_gold(problem: Problem, readable: Readable) -> Problem:
    if problem.fate is Fate.DROPPED or readable(problem.answer or "", problem.answer_type):
        return problem
    return _dropped(
        problem, Reason.GOLD_UNREADABLE, f"{problem.origin}: {problem.answer!r} is no {problem.answer_type}"
    )


def _without_duplicates(problems: list[Problem]) -> list[Problem]:
    """Keep the first row of each problem; say of the others whether their gold answer differs."""
    first: dict[str, Problem] = {}
    told: list[Problem] = []
    for problem in problems:
        kept = first.setdefault(problem.problem_id, problem) if problem.fate is Fate.KEPT else problem
        if kept is problem:
            told.append(problem)
            continue
        differs = (
            "" if kept.answer == problem.answer else f", and its answer differs: {problem.answer}, not {kept.answer}"
        )
        told.append(
            _dropped(problem, Reason.DUPLICATE_PROBLEM, f"{problem.origin} asks what {kept.origin} asks{differs}")
        )
    return told


def _limited(problems: list[Problem], limit: int | None, seed: int) -> list[Problem]:
    """Keep the problems of lowest rank; the others are over the recipe's `limit`."""
    if limit is None:
        return problems
    kept = [problem.problem_id for problem in problems if problem.fate is Fate.KEPT]
    taken = set(sorted(kept, key=lambda item: rank(f"limit:{seed}", item))[:limit])
    return [
        problem
        if problem.fate is Fate.DROPPED or problem.problem_id in taken
        else _dropped(problem, Reason.OVER_CAP, f"the recipe takes {limit} problems")
        for problem in problems
    ]


def _with_split(problem: Problem, test: float, seed: int) -> Problem:
    if problem.fate is Fate.DROPPED:
        return problem
    tested = rank(f"split:{seed}", problem.group or problem.problem_id) < test * RANKS
    return replace(problem, split=Split.TEST if tested else Split.TRAIN)


def _check_some(problems: list[Problem]) -> None:
    if any(problem.fate is Fate.KEPT for problem in problems):
        return
    first = problems[0]
    raise InputError(
        f"none of the {len(problems)} problems can be used",
        hint=f"the first, {first.origin}: {first.reason}: {first.detail}",
    )
