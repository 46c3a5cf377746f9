"""Choose among the correct paths of one problem: drop duplicates, then keep those that the policy prefers.

The choice depends on the set of paths alone, not on their order: ties are broken by sample id, which is a hash.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...schemas.reasons import Reason
from ...schemas.recipe import Choose, Select
from ..text.similarity import measure_similarities
from .duplicates import find_duplicates
from .paths import (
    UNKNOWN_PARSED,
    UNKNOWN_PROBLEM,
    Choice,
    ParsedPath,
    ParsedProblem,
    PathProblem,
    ReasoningPath,
    parse_path,
    parse_problem,
)
from .preferences import sort_paths
from .signatures import Method

METHOD_WEIGHT = 0.75
"""The weight of the method in the distance between two paths; the rest is the weight of their wording."""

MAX_WORDING = 1_000
"""So many characters of the normalized texts are compared for their distance: the first ones."""

_SCALE = 1_000_000
"""Distances are compared in whole millionths, which are equal on every processor."""


def choose_paths(
    paths: Sequence[ReasoningPath], policy: Select, problem: PathProblem = UNKNOWN_PROBLEM
) -> dict[str, Choice]:
    """Choose the paths of one problem to keep.

    Args:
        paths: its correct paths, in any order.
        policy: which paths are duplicates, and how many to keep.
        problem: what is known of the problem.

    Returns:
        A choice for each path, by sample id.
    """
    parsed = parse_problem(problem, policy)
    choices, distinct = drop_duplicates([parse_path(path, policy, parsed) for path in paths], policy, parsed)
    choices |= pick_paths(distinct, policy, parsed)
    return {sample_id: follow_leader(choice, choices[choice.cluster]) for sample_id, choice in choices.items()}


def drop_duplicates(
    paths: Sequence[ParsedPath], policy: Select, problem: ParsedProblem = UNKNOWN_PARSED
) -> tuple[dict[str, Choice], list[ParsedPath]]:
    """Drop the duplicates among the paths of one problem. What is kept of the others does not matter here.

    Args:
        paths: its correct paths, in any order.
        policy: which paths are duplicates.
        problem: what is known of the problem.

    Returns:
        A choice for each path, by sample id; and the paths that duplicate none.
    """
    choices, distinct = find_duplicates(paths, policy, problem)
    return choices | {item.path.sample_id: _keep(item) for item in distinct}, distinct


def _keep(item: ParsedPath) -> Choice:
    own = item.path.sample_id
    return Choice(signature=item.method.signature, cluster=own, on_reference_path=item.on_reference_path)


def follow_leader(choice: Choice, leader: Choice) -> Choice:
    """Drop a repeat that the policy keeps where the path that it repeats is dropped."""
    if choice.reason is not None or leader.reason is None:
        return choice
    return replace(choice, reason=leader.reason, detail=leader.detail)


def pick_paths(
    distinct: Sequence[ParsedPath], policy: Select, problem: ParsedProblem = UNKNOWN_PARSED
) -> dict[str, Choice]:
    """Pick as many paths as are to be kept. It is all that another `keep` changes.

    A reference is never lost to a sample: references are picked first.

    Args:
        distinct: the paths that `drop_duplicates` leaves.
        policy: how many to keep, and which are preferred.
        problem: what is known of the problem.

    Returns:
        A choice for each of them, by sample id.
    """
    picked = _list_picks(distinct, policy, problem)
    kept = {item.path.sample_id for item in picked}
    distances = measure_mean_distances(picked)
    detail = f"{len(picked)} {_PREFERRED[policy.choose]} paths are kept"
    return {
        item.path.sample_id: replace(_keep(item), distance=distances.get(item.path.sample_id))
        if item.path.sample_id in kept
        else replace(_keep(item), reason=Reason.BEYOND_KEEP, detail=detail)
        for item in distinct
    }


_PREFERRED = {
    Choose.DIVERSE: "more diverse",
    Choose.LEVENSHTEIN: "more different",
    Choose.SHORTEST: "shorter",
    Choose.LONGEST: "longer",
    Choose.MOST_LIKELY: "more likely",
    Choose.RANDOM: "randomly chosen",
}


def _list_picks(distinct: Sequence[ParsedPath], policy: Select, problem: ParsedProblem) -> list[ParsedPath]:
    keep = policy.keep
    if keep is None or len(distinct) <= keep:
        return list(distinct)
    if policy.choose is not Choose.DIVERSE:
        return sort_paths(distinct, policy.choose, problem.seed)[:keep]
    ordered = sorted(distinct, key=lambda item: item.path.sample_id)  # argmax takes the first of several
    references = [place for place, item in enumerate(ordered) if item.is_reference]
    return [ordered[place] for place in select_furthest(ordered, keep, references, problem.method)]


def select_furthest(
    paths: Sequence[ParsedPath], keep: int, references: Sequence[int] = (), reference: Method | None = None
) -> list[int]:
    """Select paths one by one, each the furthest from those selected (Gonzalez 1985: within a factor of two).

    The first is the one nearest to the method of the reference rationale; where that is unknown, the one whose
    operations most paths share. Only as many rows of distances are measured as paths are selected.

    Args:
        paths: the paths; the first of several that are equally far is taken.
        keep: how many to select.
        references: the places of paths that are selected before all others.
        reference: the method of the reference rationale.

    Returns:
        Their places, in the order of selection.
    """
    allowed = np.zeros(len(paths), bool)
    allowed[list(references) if references else slice(None)] = True
    selected = [_find_start(paths, np.flatnonzero(allowed), reference)]
    gaps = _measure_row(paths, selected[0])
    while len(selected) < keep:
        if len(selected) == len(references):
            allowed[:] = True
        gaps[selected] = -1
        selected.append(int(np.where(allowed, gaps, -1).argmax()))
        if len(selected) < keep:
            gaps = np.minimum(gaps, _measure_row(paths, selected[-1]))
    return selected


def _find_start(paths: Sequence[ParsedPath], places: NDArray[np.int64], reference: Method | None) -> int:
    if reference is not None and reference.signature is not None:
        nearest: int = min(places.tolist(), key=lambda place: _measure_method(paths[place].method, reference))
        return nearest
    shared = Counter(operation for item in paths for operation in item.method.operations)

    def measure_typical(place: int) -> float:
        operations = paths[place].method.operations
        return sum(shared[operation] for operation in operations) / len(operations) if operations else 0.0

    typical: int = max(places.tolist(), key=measure_typical)
    return typical


def _measure_row(paths: Sequence[ParsedPath], place: int) -> NDArray[np.int64]:
    """Measure the distances of all paths to one, in millionths. Shape (paths)."""
    row: NDArray[np.int64] = compute_distances([paths[place]], paths)[0]
    return row


def compute_distances(paths: Sequence[ParsedPath], others: Sequence[ParsedPath]) -> NDArray[np.int64]:
    """Compute distances by method (Jaccard distance of their operations) and by wording, a quarter of the whole.

    Returns:
        Shape (paths, others), in millionths, from 0 to 1,000,000.
    """
    heads, other_heads = ([item.text.plain[:MAX_WORDING] for item in each] for each in (paths, others))
    by_words = 1 - measure_similarities(heads, other_heads)
    by_method = np.array([[_measure_method(item.method, other.method) for other in others] for item in paths])
    return np.rint(_SCALE * (METHOD_WEIGHT * by_method + (1 - METHOD_WEIGHT) * by_words)).astype(np.int64)


def _measure_method(one: Method, other: Method) -> float:
    """Measure the Jaccard distance of two methods: 0 where neither has an operation."""
    left, right = one.operations, other.operations
    if left == right:
        return 0.0
    shared = len(left & right)
    return 1 - shared / (len(left) + len(right) - shared)


def measure_mean_distances(paths: Sequence[ParsedPath]) -> dict[str, float]:
    """Measure the mean distance of each path to the others, by sample id; nothing where there is only one."""
    if len(paths) < 2:
        return {}
    totals = compute_distances(paths, paths).sum(axis=1).tolist()
    mean = _SCALE * (len(paths) - 1)
    return {item.path.sample_id: total / mean for item, total in zip(paths, totals, strict=True)}
