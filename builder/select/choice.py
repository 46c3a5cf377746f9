"""Choose among the correct paths of one problem: drop duplicates, then keep the paths that are furthest apart.

The choice depends on the set of paths alone, not on their order: ties are broken by sample id, which is a hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ...schemas.reasons import Reason
from ...schemas.recipe import Select
from ..text.similarity import measure_similarities, normalize, sort_words
from .signatures import Method, read_method

METHOD_WEIGHT = 0.75
"""The weight of the method in the distance between two paths; the rest is the weight of their wording."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasoningPath:
    """One correct path of a problem."""

    sample_id: str
    """The id of its sample."""
    text: str
    """The text of the sample."""
    hinted: bool = False
    """Whether the teacher was shown the answer. Of two duplicates, the unhinted one is kept."""
    method: Method | None = None
    """The method from `read_method`, where the caller has read it already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Whether a path is kept, and why not."""

    signature: str | None
    """The signature of its method."""
    cluster: str
    """The sample id of the path that it duplicates; its own id where it duplicates none."""
    reason: Reason | None = None
    """Why it is dropped; None where it is kept."""
    detail: str | None = None
    """An explanation of the reason."""


@dataclass(frozen=True, slots=True)
class ParsedPath:
    """A path with what it is compared by."""

    path: ReasoningPath
    """The path."""
    method: Method
    """Its method."""
    plain: str
    """Its normalized text."""


def choose_paths(paths: Sequence[ReasoningPath], policy: Select) -> dict[str, Choice]:
    """Choose the paths of one problem to keep.

    Args:
        paths: its correct paths, in any order.
        policy: which paths are duplicates, and how many to keep.

    Returns:
        A choice for each path, by sample id.
    """
    choices, distinct = drop_duplicates(paths, policy)
    return choices | pick_paths(distinct, policy.keep)


def drop_duplicates(paths: Sequence[ReasoningPath], policy: Select) -> tuple[dict[str, Choice], list[ParsedPath]]:
    """Drop the duplicates among the paths of one problem. What is kept of the others does not matter here.

    Args:
        paths: its correct paths, in any order.
        policy: which paths are duplicates.

    Returns:
        A choice for each path, by sample id; and the paths that duplicate none.
    """
    parsed = [parse_path(path, policy) for path in sorted(paths, key=lambda path: (path.hinted, path.sample_id))]
    choices: dict[str, Choice] = {}
    distinct = _drop_exact_duplicates(parsed, choices)
    distinct = _drop_path_duplicates(distinct, choices)
    distinct = _drop_near_duplicates(distinct, choices, policy.near_duplicate)
    choices |= pick_paths(distinct, None)
    resolved = {
        name: choice if choice.reason is None else replace(choice, cluster=_find_leader(choices, name))
        for name, choice in choices.items()
    }
    return resolved, distinct


def pick_paths(distinct: Sequence[ParsedPath], keep: int | None) -> dict[str, Choice]:
    """Pick as many paths as are to be kept, the furthest apart. It is all that another `keep` changes.

    Args:
        distinct: the paths that `drop_duplicates` leaves.
        keep: how many to keep; None for all.

    Returns:
        A choice for each of them, by sample id.
    """
    furthest = select_furthest(distinct, keep)
    choices: dict[str, Choice] = {}
    for item in distinct:
        is_beyond = item.path.sample_id not in furthest
        detail = f"{keep} more diverse paths are kept" if is_beyond else None
        _record_choice(choices, item, item, Reason.BEYOND_KEEP if is_beyond else None, detail)
    return choices


def _find_leader(choices: dict[str, Choice], sample_id: str) -> str:
    """Follow duplicates of duplicates to the path that is none."""
    while choices[sample_id].cluster != sample_id:
        sample_id = choices[sample_id].cluster
    return sample_id


def parse_path(path: ReasoningPath, policy: Select) -> ParsedPath:
    """Read the method of a path, where the policy compares methods, and normalize its text."""
    is_compared = policy.signature != "none"
    method = (
        (path.method or read_method(path.text, strength=policy.signature)) if is_compared else Method(None, frozenset())
    )
    return ParsedPath(path, method, normalize(path.text))


def _record_choice(
    choices: dict[str, Choice], item: ParsedPath, leader: ParsedPath, reason: Reason | None, detail: str | None
) -> None:
    choices[item.path.sample_id] = Choice(
        signature=item.method.signature, cluster=leader.path.sample_id, reason=reason, detail=detail
    )


def _drop_exact_duplicates(paths: Sequence[ParsedPath], choices: dict[str, Choice]) -> list[ParsedPath]:
    """Drop texts that equal another, or differ only in case, spaces and punctuation."""
    first: dict[str, ParsedPath] = {}
    for item in paths:
        leader = first.setdefault(item.plain, item)
        if leader is not item:
            how = "" if leader.path.text == item.path.text else ", apart from case, spaces and punctuation"
            _record_choice(choices, item, leader, Reason.EXACT_DUPLICATE, f"same text as {leader.path.sample_id}{how}")
    return list(first.values())


def _drop_path_duplicates(paths: Sequence[ParsedPath], choices: dict[str, Choice]) -> list[ParsedPath]:
    """Drop paths whose equations are the same method. Paths without equations are never duplicates here."""
    first: dict[str, ParsedPath] = {}
    kept = []
    for item in paths:
        signature = item.method.signature
        leader = item if signature is None else first.setdefault(signature, item)
        if leader is item:
            kept.append(item)
        else:
            _record_choice(
                choices, item, leader, Reason.PATH_DUPLICATE, f"same method as {leader.path.sample_id}: {signature}"
            )
    return kept


def _drop_near_duplicates(
    paths: Sequence[ParsedPath], choices: dict[str, Choice], threshold: float | None
) -> list[ParsedPath]:
    """Drop near duplicates among paths that cannot be compared by signature."""
    if threshold is None or all(item.method.tells_apart for item in paths):
        return list(paths)
    similarity = measure_similarities([sort_words(item.plain) for item in paths], least=threshold)
    kept: list[int] = []
    for index, item in enumerate(paths):
        candidates = [k for k in kept if not (item.method.tells_apart and paths[k].method.tells_apart)]
        leader = next((k for k in candidates if similarity[index, k] >= threshold), None)
        if leader is None:
            kept.append(index)
        else:
            detail = f"word similarity {similarity[index, leader]:.0%} to {paths[leader].path.sample_id}"
            _record_choice(choices, item, paths[leader], Reason.NEAR_DUPLICATE, detail)
    return [paths[index] for index in kept]


def select_furthest(paths: Sequence[ParsedPath], keep: int | None) -> set[str]:
    """Select paths one by one, each the furthest from those selected (Gonzalez 1985: within a factor of two).

    The first is the medoid, the path nearest to all others. Ties are broken by the lowest sample id.
    """
    if keep is None or len(paths) <= keep:
        return {item.path.sample_id for item in paths}
    ordered = sorted(paths, key=lambda item: item.path.sample_id)  # argmin and argmax take the first of several
    distances = np.rint(compute_distances(ordered) * 1e6).astype(np.int64)  # integer sums are equal on every processor
    selected = [int(distances.sum(axis=0).argmin())]
    while len(selected) < keep:
        gaps = distances[:, selected].min(axis=1)
        gaps[selected] = -1
        selected.append(int(gaps.argmax()))
    return {ordered[index].path.sample_id for index in selected}


def compute_distances(paths: Sequence[ParsedPath]) -> NDArray[np.float64]:
    """Compute the distance of every two paths, by method (Jaccard distance of their operations) and by wording.

    Returns:
        Shape (paths, paths), from 0 to 1.
    """
    by_words = 1 - measure_similarities([sort_words(item.plain) for item in paths])
    by_method = np.zeros_like(by_words)
    for i, k in combinations(range(len(paths)), 2):
        left, right = paths[i].method.operations, paths[k].method.operations
        if left or right:
            by_method[i, k] = by_method[k, i] = 1 - len(left & right) / len(left | right)
    return METHOD_WEIGHT * by_method + (1 - METHOD_WEIGHT) * by_words
