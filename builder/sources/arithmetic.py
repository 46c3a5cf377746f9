"""The source `arithmetic`: worded multi-step problems of our own, each with several methods.

Every choice is a keyed hash, so that problem number 7 is the same however many are asked for.
"""

from collections.abc import Callable, Mapping

from cotloom.builder.errors import InputError
from cotloom.builder.sources.programs import Level, Told, turns
from cotloom.builder.sources.steps import small
from cotloom.builder.sources.stories import load_table, school
from cotloom.schemas.ids import canonical
from cotloom.schemas.problem import AnswerType, Problem, problem_id
from cotloom.schemas.recipe import ArithmeticSource

LICENSE = "Apache-2.0"
"""The words are part of this package and under its licence."""

TRIES = 1000
"""Draws for one problem before its group counts as told out."""

_LEVELS: Mapping[str, Callable[[], Level]] = {"school": lambda: school(load_table()), "small": small}


def make_problems(source: ArithmeticSource, seed: int) -> list[Problem]:
    """Make the problems of a source.

    Args:
        source: says how many and of which level, and by its name which ones.
        seed: another seed makes other problems.

    Returns:
        Problems with distinct questions. The first n are the same whatever number is asked for.

    Raises:
        InputError: the problems can't be told in so many ways.
    """
    return _make(source, seed, _LEVELS[source.level]())


def _make(source: ArithmeticSource, seed: int, level: Level) -> list[Problem]:
    asked: set[str] = set()
    problems: list[Problem] = []
    groups = turns(f"{seed}/{source.name}", level.groups)
    for number, group in zip(range(source.problems), groups, strict=False):
        told = _draw(level, group, f"{seed}/{source.name}/{number}", asked)
        asked.add(told.question)
        problems.append(_problem(source, number, group, told))
    return problems


def _draw(level: Level, group: str, key: str, asked: set[str]) -> Told:
    """Draw numbers and words until they make a sound problem that was not asked before."""
    for attempt in range(TRIES):
        told = level.tell(group, f"{key}/{attempt}")
        if told is not None and told.question not in asked:
            return told
    raise InputError(
        f"the source asks for more arithmetic problems than the story {group!r} has room for",
        hint="ask for fewer problems",
    )


def _problem(source: ArithmeticSource, number: int, group: str, told: Told) -> Problem:
    return Problem(
        problem_id=problem_id(told.question),
        source=source.name,
        origin=f"{source.name}:{number}",
        task="arithmetic",
        category=told.category,
        question=told.question,
        answer=str(told.methods[0][-1].result),
        answer_type=AnswerType.NUMBER,
        group=group,
        license=LICENSE,
        metadata=canonical({"methods": told.methods}),
    )
