"""Which problems go on, and on which side: no problem twice, no more than the recipe takes, no group on both sides."""

from collections.abc import Mapping
from dataclasses import replace

from cotloom.schemas.ids import RANKS, rank
from cotloom.schemas.problem import Problem, Split
from cotloom.schemas.reasons import Fate, Reason, Stage


def dropped(problem: Problem, reason: Reason, detail: str) -> Problem:
    """A problem, dropped by this room."""
    return replace(problem, stage=Stage.SOURCES, fate=Fate.DROPPED, reason=reason, detail=detail)


def without_duplicates(problems: list[Problem], roles: Mapping[str, str]) -> list[Problem]:
    """Keep the first row of each problem; say of the others whether their gold answer differs.

    Sets for evaluation and sources to train on are held apart: what they share is an overlap, no repetition. The
    finished responses of a repeated row go to the first one, where both are of one source.

    Args:
        problems: in the order of the sources.
        roles: the role of each source.
    """
    first: dict[tuple[bool, str], Problem] = {}
    more: dict[str, list[str]] = {}
    told: list[Problem] = []
    for problem in problems:
        key = (roles[problem.source] == "evaluate", problem.problem_id)
        kept = first.setdefault(key, problem) if problem.fate is Fate.KEPT else problem
        if kept is not problem and kept.source == problem.source:
            more.setdefault(kept.problem_id, []).extend(problem.responses)
        told.append(problem if kept is problem else _repeated(problem, kept))
    return [_with_responses(problem, more.get(problem.problem_id)) for problem in told]


def _repeated(problem: Problem, kept: Problem) -> Problem:
    said = f"{problem.origin} repeats the question of {kept.origin}"
    if kept.answer != problem.answer:
        said += f", with a different answer: {problem.answer}, not {kept.answer}"
    if problem.responses:
        said += "; its responses were added there" if kept.source == problem.source else "; its responses are not used"
    return dropped(problem, Reason.DUPLICATE_PROBLEM, said)


def _with_responses(problem: Problem, more: list[str] | None) -> Problem:
    if not more or problem.fate is Fate.DROPPED:
        return problem
    return replace(problem, responses=(*problem.responses, *more))


def limited(problems: list[Problem], limit: int | None, seed: int, roles: Mapping[str, str]) -> list[Problem]:
    """Keep of each role the problems of lowest rank; the others are over the recipe's `limit`. Evaluation stays whole.

    Args:
        problems: the problems.
        limit: how many of each role; null for all.
        seed: key of the ranks.
        roles: the role of each source.
    """
    if limit is None:
        return problems
    taken: set[str] = set()
    for role in ("sample", "reference"):
        kept = [item.problem_id for item in problems if item.fate is Fate.KEPT and roles[item.source] == role]
        taken.update(sorted(kept, key=lambda item: rank(f"limit:{seed}", item))[:limit])
    return [
        problem
        if problem.fate is Fate.DROPPED or roles[problem.source] == "evaluate" or problem.problem_id in taken
        else dropped(problem, Reason.OVER_CAP, f"beyond the recipe's limit of {limit} problems")
        for problem in problems
    ]


def with_split(problem: Problem, test: float, seed: int) -> Problem:
    """Put a kept problem on its side: a keyed hash of its group, so that it never changes (law 6)."""
    if problem.fate is Fate.DROPPED:
        return problem
    tested = rank(f"split:{seed}", problem.group or problem.problem_id) < test * RANKS
    return replace(problem, split=Split.TEST if tested else Split.TRAIN)
