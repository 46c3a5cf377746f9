"""Choose among the right paths of one problem: no duplicates, then those furthest apart.

Everything here depends on the set of paths alone, not on their order: ties fall by sample id, which is a hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from cotloom.builder.select.signature import Method, method_of
from cotloom.builder.text.similarity import normalised, similarities, sorted_words
from cotloom.schemas.reasons import Reason
from cotloom.schemas.recipe import Select
from numpy.typing import NDArray

METHOD_WEIGHT = 0.75
"""How much of the distance between two paths is their method; the rest is their wording."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    """One right path of a problem."""

    sample_id: str
    """Its sample."""
    text: str
    """What it says."""
    hinted: bool = False
    """Whether the teacher saw the answer; of two duplicates, the unhinted one stays."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What became of a path."""

    signature: str | None
    """Its method."""
    cluster: str
    """The path that stands for its method: its own id where it does itself."""
    reason: Reason | None = None
    """Why it is dropped; null where it is kept."""
    detail: str | None = None
    """More about it."""


@dataclass(frozen=True, slots=True)
class _Read:
    path: Path
    method: Method
    plain: str
    words: str


def choose(paths: Sequence[Path], policy: Select) -> dict[str, Choice]:
    """Choose the paths of one problem to keep.

    Args:
        paths: its right paths, in any order.
        policy: what makes two of them the same, and how many to keep.

    Returns:
        What became of each, by sample id.
    """
    read = [_read(path, policy) for path in sorted(paths, key=lambda path: (path.hinted, path.sample_id))]
    choices: dict[str, Choice] = {}
    kept = _without_exact(read, choices)
    kept = _without_same_method(kept, choices)
    kept = _without_near(kept, choices, policy.near_duplicate)
    far = furthest(kept, policy.keep)
    for item in kept:
        beyond = item.path.sample_id not in far
        detail = f"{policy.keep} more diverse paths are kept" if beyond else None
        _decide(choices, item, item, Reason.BEYOND_KEEP if beyond else None, detail)
    return {sample: replace(choice, cluster=_leader(choices, sample)) for sample, choice in choices.items()}


def _leader(choices: dict[str, Choice], sample: str) -> str:
    """The path at the end of a row of duplicates of duplicates."""
    while choices[sample].cluster != sample:
        sample = choices[sample].cluster
    return sample


def _read(path: Path, policy: Select) -> _Read:
    method = method_of(path.text) if policy.signature == "operations" else Method(None, frozenset())
    plain = normalised(path.text)
    return _Read(path, method, plain, sorted_words(plain))


def _decide(choices: dict[str, Choice], item: _Read, leader: _Read, reason: Reason | None, detail: str | None) -> None:
    choices[item.path.sample_id] = Choice(
        signature=item.method.signature, cluster=leader.path.sample_id, reason=reason, detail=detail
    )


def _without_exact(read: Sequence[_Read], choices: dict[str, Choice]) -> list[_Read]:
    """Drop texts that repeat another to the letter, or but for case, spaces and punctuation."""
    first: dict[str, _Read] = {}
    for item in read:
        leader = first.setdefault(item.plain, item)
        if leader is not item:
            how = "" if leader.path.text == item.path.text else ", apart from case, spaces and punctuation"
            _decide(choices, item, leader, Reason.EXACT_DUPLICATE, f"same text as {leader.path.sample_id}{how}")
    return list(first.values())


def _without_same_method(read: Sequence[_Read], choices: dict[str, Choice]) -> list[_Read]:
    """Drop paths whose equations come to the same method. Paths without equations are never the same one."""
    first: dict[str, _Read] = {}
    kept = []
    for item in read:
        signature = item.method.signature
        leader = item if signature is None else first.setdefault(signature, item)
        if leader is item:
            kept.append(item)
        else:
            _decide(
                choices, item, leader, Reason.PATH_DUPLICATE, f"same method as {leader.path.sample_id}: {signature}"
            )
    return kept


def _without_near(read: Sequence[_Read], choices: dict[str, Choice], least: float | None) -> list[_Read]:
    """Drop near-repetitions among paths that no signature tells apart."""
    if least is None or sum(item.method.signature is None for item in read) == 0:
        return list(read)
    alike = similarities([item.words for item in read])
    kept: list[int] = []
    for place, item in enumerate(read):
        rivals = [other for other in kept if not (item.method.signature and read[other].method.signature)]
        leader = next((other for other in rivals if alike[place, other] >= least), None)
        if leader is None:
            kept.append(place)
        else:
            detail = f"word similarity {alike[place, leader]:.0%} to {read[leader].path.sample_id}"
            _decide(choices, item, read[leader], Reason.NEAR_DUPLICATE, detail)
    return [read[place] for place in kept]


def furthest(read: Sequence[_Read], keep: int | None) -> set[str]:
    """Pick paths one by one, each the furthest from those already picked (Gonzalez 1985: within a factor of two).

    The first is the one nearest to all others, the plainest way. Ties fall to the lowest sample id.
    """
    if keep is None or len(read) <= keep:
        return {item.path.sample_id for item in read}
    order = sorted(read, key=lambda item: item.path.sample_id)  # argmin and argmax take the first of several
    apart = np.rint(distances(order) * 1e6).astype(np.int64)  # whole numbers add up alike on every processor
    picked = [int(apart.sum(axis=0).argmin())]
    while len(picked) < keep:
        gaps = apart[:, picked].min(axis=1)
        gaps[picked] = -1
        picked.append(int(gaps.argmax()))
    return {order[place].path.sample_id for place in picked}


def distances(read: Sequence[_Read]) -> NDArray[np.float64]:
    """How far every two paths are apart, by method (Jaccard distance of their operations) and by wording.

    Returns:
        Shape (paths, paths), from 0 to 1.
    """
    by_words = 1 - similarities([item.words for item in read])
    by_method = np.zeros_like(by_words)
    for one, other in combinations(range(len(read)), 2):
        mine, yours = read[one].method.operations, read[other].method.operations
        if mine or yours:
            by_method[one, other] = by_method[other, one] = 1 - len(mine & yours) / len(mine | yours)
    return METHOD_WEIGHT * by_method + (1 - METHOD_WEIGHT) * by_words
