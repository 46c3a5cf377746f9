"""The source `arithmetic`: generated multi-step word problems, each with several solution methods.

Every choice is a keyed hash, so problem number 7 is the same whatever number of problems is generated.
"""

from collections.abc import Callable, Mapping

from ...schemas.ids import format_canonical
from ...schemas.problem import AnswerType, Problem, make_problem_id
from ...schemas.source import ArithmeticSource
from ..errors import InputError
from .programs import Level, WordProblem, shuffle_rounds
from .steps import make_small_level
from .stories import load_table, make_school_level

LICENSE = "Apache-2.0"
"""The templates are part of this package and under its licence."""

TRIES = 1000
"""Attempts for one problem before its group counts as exhausted."""

_LEVELS: Mapping[str, Callable[[str], Level]] = {
    "school": lambda language: make_school_level(load_table(language)),
    "small": make_small_level,
}


def make_problems(source: ArithmeticSource, seed: int) -> list[Problem]:
    """Generate the problems of a source.

    Args:
        source: sets the number of problems and their level; its name is part of the random key.
        seed: part of the random key.

    Returns:
        Problems with distinct questions. The first n do not depend on the number of problems.

    Raises:
        InputError: the templates can't produce that many distinct questions.
    """
    return _make_at_level(source, seed, _LEVELS[source.level](source.language))


def _make_at_level(source: ArithmeticSource, seed: int, level: Level) -> list[Problem]:
    questions: set[str] = set()
    problems: list[Problem] = []
    groups = shuffle_rounds(f"{seed}/{source.name}", level.groups)
    for number, group in zip(range(source.problems), groups, strict=False):
        drawn = _draw_problem(level, group, f"{seed}/{source.name}/{number}", questions)
        questions.add(drawn.question)
        problems.append(_build_problem(source, number, group, drawn))
    return problems


def _draw_problem(level: Level, group: str, key: str, questions: set[str]) -> WordProblem:
    """Draw numbers and words until they make a valid problem with a new question."""
    for attempt in range(TRIES):
        problem = level.write_problem(group, f"{key}/{attempt}")
        if problem is not None and problem.question not in questions:
            return problem
    raise InputError(
        f"the story {group!r} has too few distinct arithmetic problems for this source",
        hint="reduce the source's `problems`",
    )


def _build_problem(source: ArithmeticSource, number: int, group: str, drawn: WordProblem) -> Problem:
    return Problem(
        problem_id=make_problem_id(drawn.question),
        source=source.name,
        origin=f"{source.name}:{number}",
        task="arithmetic",
        category=drawn.category,
        question=drawn.question,
        answer=str(drawn.methods[0][-1].result),
        answer_type=AnswerType.NUMBER,
        language=source.language,
        group=group,
        license=LICENSE,
        metadata=format_canonical({"methods": drawn.methods}),
    )
