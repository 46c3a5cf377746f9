"""Sources: load problems from files, the Hub, reasoning-gym and built-in generators, and assign each to a split.

Law 1: an unreadable, duplicate or contaminated row stays in the table with its reason. Law 6: no training problem
overlaps an evaluation set or the test split. The split is a keyed hash of the problem's group, so it never changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from ...schemas.frames import to_frame
from ...schemas.manifest import Contamination, Input
from ...schemas.problem import AnswerType, Problem
from ...schemas.reasons import Fate, Reason
from ...schemas.recipe import Recipe
from ...schemas.source import SkillsSource, Source, TableSource
from ..errors import InputError
from ..recipe import LoadedRecipe
from .load import load_source, resolve_revisions
from .overlap import decontaminate, drop_crossings
from .provided import make_provided_samples
from .skills import BARE, generate_skills
from .split import apply_limit, assign_split, drop_duplicates, drop_problem

__all__ = [
    "BARE",
    "CODE_VERSION",
    "IsReadable",
    "Problems",
    "check_roles",
    "generate_skills",
    "load_problems",
    "make_provided_samples",
    "resolve_revisions",
]

CODE_VERSION = 3
"""Incremented when the same files produce different problems."""

IsReadable = Callable[[str, AnswerType], bool]
"""Whether a gold answer can be parsed as its type. The pipeline passes the verifier's function."""


@dataclass(frozen=True)
class Problems:
    """All problems of a recipe, with their provenance."""

    frame: pl.DataFrame
    """Rows of `Problem` in the order of the sources, dropped ones included."""
    inputs: list[Input]
    """The files and datasets they were read from."""
    contamination: list[Contamination]
    """One certificate for each evaluation set in `decontaminate.against`."""


def check_roles(recipe: Recipe) -> None:
    """Check that each source has the columns its role requires, before any file is read.

    Raises:
        InputError: a source lacks a column that its role requires, every source has the role `evaluate`, or
            `decontaminate.against` names a source without the role `evaluate`.
    """
    for source in recipe.sources:
        _check_role(source)
    if all(source.role == "evaluate" for source in recipe.sources):
        raise InputError(
            "every source has the role evaluate: there are no training problems",
            hint="set role: sample to sample responses from the teacher, or role: reference for finished responses",
            keys=("sources",),
        )
    sets = [source.name for source in recipe.sources if source.role == "evaluate"]
    for name in recipe.decontaminate.against if recipe.decontaminate else ():
        if name not in sets:
            matches = get_close_matches(name, sets, n=1)
            listing = f"sources with role: evaluate: {', '.join(sets) or 'none'}"
            raise InputError(
                f"decontaminate.against names {name}, which is not a source with the role evaluate",
                hint=f"did you mean {matches[0]}? {listing}" if matches else listing,
                keys=("decontaminate.against",),
            )


def _check_role(source: Source) -> None:
    fields = source.fields if isinstance(source, TableSource) else None
    has_responses = isinstance(source, SkillsSource) or (fields is not None and bool(fields.responses))
    if source.role == "reference" and not has_responses:
        fault = "names no columns with finished responses" if fields else f"is of kind {source.kind}, which has none"
        raise InputError(
            f"source {source.name} has the role reference and {fault}",
            hint="set fields.responses: [COLUMN], or role: sample to sample responses from the teacher",
            keys=(f"sources.{source.name}.fields.responses",),
        )
    if source.role != "reference" and fields is not None and fields.answer is None:
        raise InputError(
            f"source {source.name} has the role {source.role} and does not name the column with the gold answer",
            hint="set fields.answer: COLUMN; it is optional only for the role reference",
            keys=(f"sources.{source.name}.fields.answer",),
        )


def load_problems(loaded, is_readable, revisions=None, *, folder=None, runtime=None):
    from importlib import import_module

    from ..store.pieces import add_cell, write_piece

    if isinstance(is_readable, str):
        is_readable = getattr(import_module(is_readable.split(":")[0]), is_readable.split(":")[1])
    found = _load(loaded, is_readable, revisions)
    if folder is not None:
        path = folder / "problems-0.arrow"
        write_piece(add_cell(found.frame), path)
        object.__setattr__(found, "pieces", (path,))
    return found


def _load(loaded: LoadedRecipe, is_readable: IsReadable, revisions: Mapping[str, str] | None = None) -> Problems:
    """Load, deduplicate, decontaminate and split the problems of a recipe.

    Args:
        loaded: the recipe; `check_roles` has accepted it.
        is_readable: whether a gold answer can be parsed as its type.
        revisions: the result of `resolve_revisions`; a source that it does not list is resolved here.

    Raises:
        InputError: a source can't be read or is empty, or all problems are dropped.
        Stopped: a server can't be reached.
    """
    recipe = loaded.recipe
    roles = {source.name: str(source.role) for source in recipe.sources}
    sources = [load_source(loaded, source, revisions or {}) for source in recipe.sources]
    problems = [problem for source in sources for problem in source.problems]
    problems = [_drop_unreadable_gold(problem, is_readable) for problem in problems]
    problems = drop_duplicates(problems, roles)
    problems, contamination = decontaminate(problems, recipe.decontaminate, roles)
    problems = apply_limit(problems, recipe.limit, recipe.seed, roles)
    problems = [
        problem if roles[problem.source] == "evaluate" else assign_split(problem, recipe.split.test, recipe.seed)
        for problem in problems
    ]
    problems = drop_crossings(problems)
    _check_any_kept([problem for problem in problems if roles[problem.source] != "evaluate"])
    inputs = [item for source in sources for item in source.inputs]
    return Problems(to_frame(problems, Problem), inputs, contamination)


def _drop_unreadable_gold(problem: Problem, is_readable: IsReadable) -> Problem:
    """Check numeric gold answers; `read_gold` has already checked the other types."""
    is_number = problem.answer_type is AnswerType.NUMBER and problem.answer is not None
    if problem.fate is Fate.DROPPED or not is_number or is_readable(problem.answer or "", problem.answer_type):
        return problem
    detail = f"{problem.origin}: {problem.answer!r} can't be read as a {problem.answer_type}"
    return drop_problem(problem, Reason.GOLD_UNREADABLE, detail)


def _check_any_kept(problems: list[Problem]) -> None:
    if any(problem.fate is Fate.KEPT for problem in problems):
        return
    first = problems[0]
    raise InputError(
        f"all {len(problems)} problems were dropped",
        hint=f"the first, {first.origin}: {first.reason}: {first.detail}",
    )
