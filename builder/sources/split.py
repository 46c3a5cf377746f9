"""Drop duplicate problems, apply the recipe's limit, and assign each group of problems to a split."""

from collections.abc import Mapping
from dataclasses import replace

from ...schemas.ids import RANKS, rank
from ...schemas.problem import Problem, Split
from ...schemas.reasons import Fate, Reason, Stage


def drop_problem(problem: Problem, reason: Reason, detail: str) -> Problem:
    """Return the problem as dropped in the stage `sources`."""
    return replace(problem, stage=Stage.SOURCES, fate=Fate.DROPPED, reason=reason, detail=detail)


def drop_duplicates(problems: list[Problem], roles: Mapping[str, str]) -> list[Problem]:
    """Keep the first row of each problem; `detail` of the others says whether their gold answer differs.

    Evaluation sets and training sources are deduplicated separately: what they share is an overlap, not a duplicate.
    The finished responses of a duplicate are added to the first row where both are from one source.

    Args:
        problems: in the order of the sources.
        roles: the role of each source.
    """
    first: dict[tuple[bool, str], Problem] = {}
    more: dict[str, list[str]] = {}
    rows: list[Problem] = []
    for problem in problems:
        key = (roles[problem.source] == "evaluate", problem.problem_id)
        kept = first.setdefault(key, problem) if problem.fate is Fate.KEPT else problem
        if kept is not problem and kept.source == problem.source:
            more.setdefault(kept.problem_id, []).extend(problem.responses)
        rows.append(problem if kept is problem else _drop_repeated(problem, kept))
    return [_add_responses(problem, more.get(problem.problem_id)) for problem in rows]


def _drop_repeated(problem: Problem, kept: Problem) -> Problem:
    detail = f"{problem.origin} repeats the question of {kept.origin}"
    if kept.answer != problem.answer:
        detail += f", with a different answer: {problem.answer}, not {kept.answer}"
    if problem.responses:
        same_source = kept.source == problem.source
        detail += "; its responses were added there" if same_source else "; its responses are not used"
    return drop_problem(problem, Reason.DUPLICATE_PROBLEM, detail)


def _add_responses(problem: Problem, more: list[str] | None) -> Problem:
    if not more or problem.fate is Fate.DROPPED:
        return problem
    return replace(problem, responses=(*problem.responses, *more))


def apply_limit(problems: list[Problem], limit: int | None, seed: int, roles: Mapping[str, str]) -> list[Problem]:
    """Keep the `limit` problems of lowest rank in each role and drop the others. Evaluation sets are not limited.

    Args:
        problems: the problems.
        limit: the number of problems for each role; None for all.
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
        else drop_problem(problem, Reason.OVER_CAP, f"beyond the recipe's limit of {limit} problems")
        for problem in problems
    ]


def assign_split(problem: Problem, test: float, seed: int) -> Problem:
    """Assign a kept problem to a split by a keyed hash of its group, so that it never changes (law 6)."""
    if problem.fate is Fate.DROPPED:
        return problem
    is_test = rank(f"split:{seed}", problem.group or problem.problem_id) < test * RANKS
    return replace(problem, split=Split.TEST if is_test else Split.TRAIN)
