"""Sources: problems from files, the Hub, reasoning-gym and of our own making, each on its side of the split.

Law 1: a row that can't be read, says again what another says, or overlaps evaluation stays in the table with its
reason. Law 6: nothing that is kept for training overlaps a set for evaluation or the other side of the split, and the
side is a keyed hash of the problem's group, so that it never changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl
from cotloom.builder.errors import InputError
from cotloom.builder.recipe import LoadedRecipe
from cotloom.builder.sources.load import load_source, pins_of
from cotloom.builder.sources.overlap import decontaminated, without_crossings
from cotloom.builder.sources.provided import given_samples
from cotloom.builder.sources.skills import BARE, skills
from cotloom.builder.sources.split import dropped, limited, with_split, without_duplicates
from cotloom.schemas.frames import to_frame
from cotloom.schemas.manifest import Contamination, Input
from cotloom.schemas.problem import AnswerType, Problem
from cotloom.schemas.reasons import Fate, Reason
from cotloom.schemas.recipe import Recipe, Source, TableSource
from cotloom.schemas.source import SkillsSource

__all__ = [
    "BARE",
    "CODE_VERSION",
    "Problems",
    "Readable",
    "check_roles",
    "given_samples",
    "load_problems",
    "pins_of",
    "skills",
]

CODE_VERSION = 3
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
    contamination: list[Contamination]
    """A certificate for each set that the recipe decontaminates against."""


def check_roles(recipe: Recipe) -> None:
    """Hold the sources against what their roles need, before anything is read.

    Raises:
        InputError: a source lacks what its role needs, there is nothing to train on, or `decontaminate` names what is
            no set for evaluation.
    """
    for source in recipe.sources:
        _check_role(source)
    if all(source.role == "evaluate" for source in recipe.sources):
        raise InputError(
            "every source has the role evaluate: there is nothing to make a dataset of",
            hint="give one the role sample, to ask the teacher about it, or reference, for finished responses",
            keys=("sources",),
        )
    sets = [source.name for source in recipe.sources if source.role == "evaluate"]
    for name in recipe.decontaminate.against if recipe.decontaminate else ():
        if name not in sets:
            near = get_close_matches(name, sets, n=1)
            there = f"sources with role: evaluate: {', '.join(sets) or 'none'}"
            raise InputError(
                f"decontaminate.against names {name}, which is no source with the role evaluate",
                hint=f"did you mean {near[0]}? {there}" if near else there,
                keys=("decontaminate.against",),
            )


def _check_role(source: Source) -> None:
    fields = source.fields if isinstance(source, TableSource) else None
    brings_responses = isinstance(source, SkillsSource) or (fields is not None and bool(fields.responses))
    if source.role == "reference" and not brings_responses:
        what = "names no columns with finished responses" if fields else f"is of the kind {source.kind}, which has none"
        raise InputError(
            f"source {source.name} has the role reference and {what}",
            hint="give fields.responses: [COLUMN], or the role sample, to ask the teacher",
            keys=(f"sources.{source.name}.fields.responses",),
        )
    if source.role != "reference" and fields is not None and fields.answer is None:
        raise InputError(
            f"source {source.name} has the role {source.role} and names no column with the gold answer",
            hint="give fields.answer: COLUMN; only a source with the role reference may lack it",
            keys=(f"sources.{source.name}.fields.answer",),
        )


def load_problems(loaded: LoadedRecipe, readable: Readable, pins: Mapping[str, str] | None = None) -> Problems:
    """Read, check, decontaminate and split the problems of a recipe.

    Args:
        loaded: the recipe.
        readable: whether a gold answer can be read as its type.
        pins: the state of each source that is no file, as `pins_of` names it; found out where null.

    Raises:
        InputError: a source can't be read, is empty, or has no problem that can be used.
        Stopped: a server can't be reached.
    """
    recipe = loaded.recipe
    check_roles(recipe)
    roles = {source.name: str(source.role) for source in recipe.sources}
    sources = [load_source(loaded, source, pins or {}) for source in recipe.sources]
    problems = [problem for source in sources for problem in source.problems]
    problems = [_with_readable_gold(problem, readable) for problem in problems]
    problems = without_duplicates(problems, roles)
    problems, contamination = decontaminated(problems, recipe.decontaminate, roles)
    problems = limited(problems, recipe.limit, recipe.seed, roles)
    problems = [
        problem if roles[problem.source] == "evaluate" else with_split(problem, recipe.split.test, recipe.seed)
        for problem in problems
    ]
    problems = without_crossings(problems)
    _check_some([problem for problem in problems if roles[problem.source] != "evaluate"])
    inputs = [item for source in sources for item in source.inputs]
    return Problems(to_frame(problems, Problem), inputs, contamination)


def _with_readable_gold(problem: Problem, readable: Readable) -> Problem:
    """Gold answers of other types are brought to their form where they are read."""
    is_number = problem.answer_type is AnswerType.NUMBER and problem.answer is not None
    if problem.fate is Fate.DROPPED or not is_number or readable(problem.answer or "", problem.answer_type):
        return problem
    detail = f"{problem.origin}: {problem.answer!r} can't be read as a {problem.answer_type}"
    return dropped(problem, Reason.GOLD_UNREADABLE, detail)


def _check_some(problems: list[Problem]) -> None:
    if any(problem.fate is Fate.KEPT for problem in problems):
        return
    first = problems[0]
    raise InputError(
        f"none of the {len(problems)} problems can be used",
        hint=f"the first, {first.origin}: {first.reason}: {first.detail}",
    )
