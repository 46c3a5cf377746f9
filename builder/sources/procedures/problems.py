"""Problems that follow a procedure: read the signs in its order, and name the first that is on."""

from collections.abc import Mapping
from itertools import product

from ....schemas.ids import rank
from ....schemas.problem import AnswerType, Problem, make_problem_id
from ....schemas.source import ProceduresSource
from ...errors import InputError
from ...languages import ENGLISH
from .orders import SIGNS, Order, select_procedures

LICENSE = "Apache-2.0"

TRIES = 100
"""Attempts for one problem before the source counts as exhausted."""

States = Mapping[str, bool]
"""Which signs are on."""

_STATES = [
    dict(zip(SIGNS, states, strict=True))
    for states in product((False, True), repeat=len(SIGNS))
    if sum(states) in {2, 3}
]
"""Two or three signs are on, so that the first of them depends on the order."""


def make_procedure_problems(source: ProceduresSource, seed: int) -> list[Problem]:
    """Generate the problems of a source; its procedures take turns.

    Args:
        source: sets the number of problems, the procedures and the exemplars; its name is part of the random key.
        seed: part of the random key.

    Returns:
        Problems with distinct questions, each with its reasoning as its only finished response. The first n do not
        depend on the number of problems. `category` says in which order the signs are read.

    Raises:
        InputError: there are not so many distinct questions.
    """
    procedures = list(select_procedures(source.part).items())
    questions: set[str] = set()
    problems: list[Problem] = []
    for number in range(source.problems):
        problem = _draw_problem(
            source, procedures[number % len(procedures)], f"{seed}/{source.name}/{number}", questions
        )
        questions.add(problem.question or "")
        problems.append(problem)
    return problems


def _draw_problem(source: ProceduresSource, procedure: tuple[str, Order], key: str, questions: set[str]) -> Problem:
    for attempt in range(TRIES):
        problem = _make_problem(source, procedure, f"{key}/{attempt}")
        if problem.question not in questions:
            return problem
    raise InputError(
        f"source {source.name}: there are too few distinct questions for {source.problems} problems",
        hint="request fewer problems",
        keys=(f"sources.{source.name}.problems",),
    )


def _make_problem(source: ProceduresSource, procedure: tuple[str, Order], key: str) -> Problem:
    name, order = procedure
    *shown, asked = _draw_states(source.shots + 1, key)
    exemplars = [
        f"{_list_signs(states, f'{key}/{index}')}\n{_write_reasoning(states, order)}"
        for index, states in enumerate(shown)
    ]
    question = "\n\n".join([f"Procedure {name}.", *exemplars, _list_signs(asked, f"{key}/asked")])
    states = ", ".join(f"{sign} {_say(asked[sign])}" for sign in SIGNS)
    return Problem(
        problem_id=make_problem_id(question),
        source=source.name,
        origin=f"{source.name}:{key.rpartition('/')[0].rpartition('/')[2]}",
        task=name,
        category=" ".join(order),
        question=question,
        answer=_find_first(asked, order),
        answer_type=AnswerType.TEXT,
        responses=(_write_reasoning(asked, order),),
        language=ENGLISH,
        group=f"{name}: {states}",
        license=LICENSE,
    )


def _draw_states(count: int, key: str) -> list[States]:
    """Draw different states of the signs, so that no exemplar has those of the problem."""
    left = list(_STATES)
    return [left.pop(rank(key, f"states {index}") % len(left)) for index in range(count)]


def _list_signs(states: States, key: str) -> str:
    """List the signs in an order that says nothing."""
    listed = sorted(SIGNS, key=lambda sign: rank(key, sign))
    return f"Signs: {', '.join(f'{sign} {_say(states[sign])}' for sign in listed)}."


def _write_reasoning(states: States, order: Order) -> str:
    """Read every sign in the order of the procedure, then name the first that is on."""
    read = ", ".join(f"{sign} {_say(states[sign])}" for sign in order)
    return f"Read: {read}.\nThe answer is {_find_first(states, order)}."


def _find_first(states: States, order: Order) -> str:
    return next(sign for sign in order if states[sign])


def _say(is_on: bool) -> str:
    return "on" if is_on else "off"
