"""Drop the duplicates among the paths of one problem, and say of each what it repeats, by what, and how near.

Signatures come first: two paths with different signatures are never duplicates, whatever their wording. A path without
one may repeat any other, but never makes two signatures one. Skeletons of words make one of two paths that have the
same, and tell none apart.
"""

from collections.abc import Sequence
from dataclasses import replace

from ...schemas.problem import DuplicateMeasure
from ...schemas.reasons import Reason
from ...schemas.recipe import Select
from ..text.similarity import find_near_duplicates
from .paths import Choice, ParsedPath, ParsedProblem
from .preferences import sort_paths

_REASONS = {
    DuplicateMeasure.EXACT: Reason.EXACT_DUPLICATE,
    DuplicateMeasure.NORMALIZED: Reason.EXACT_DUPLICATE,
    DuplicateMeasure.METHOD: Reason.PATH_DUPLICATE,
    DuplicateMeasure.WORDING: Reason.NEAR_DUPLICATE,
}
"""The reason to drop what repeats another by each measure."""

_REPEATS = frozenset({DuplicateMeasure.EXACT, DuplicateMeasure.NORMALIZED})
"""The measures by which a text is the same, so that a recipe may want it as often as it was sampled."""

_LAYOUT = ", apart from case, spaces, punctuation and markup"


class _Comparison:
    """The duplicates found so far, and the signature of each path: its own, or that of a path that repeats it."""

    def __init__(self) -> None:
        self.choices: dict[str, Choice] = {}
        self.signatures: dict[str, str | None] = {}

    def record(
        self, item: ParsedPath, leader: ParsedPath, by: DuplicateMeasure, detail: str, similarity: float = 1.0
    ) -> None:
        own, other = item.path.sample_id, leader.path.sample_id
        self.choices[own] = Choice(
            signature=item.method.signature,
            cluster=other,
            duplicate_of=other,
            duplicate_by=by,
            similarity=similarity,
            on_reference_path=item.on_reference_path,
            reason=_REASONS[by],
            detail=detail,
        )
        if self.signatures[other] is None:
            self.signatures[other] = self.signatures[own]


def find_duplicates(
    paths: Sequence[ParsedPath], policy: Select, problem: ParsedProblem
) -> tuple[dict[str, Choice], list[ParsedPath]]:
    """Find the duplicates among the paths of one problem.

    Args:
        paths: its correct paths, in any order.
        policy: which are duplicates, which of them is preferred, and whether repeats of a text are dropped.
        problem: what is known of the problem.

    Returns:
        The choices for duplicates by sample id; and the paths that repeat none, in the order of preference. A repeat
        that the policy keeps has no reason.
    """
    found = _Comparison()
    distinct = sort_paths(paths, policy.choose, problem.seed)
    found.signatures = {
        item.path.sample_id: item.method.signature if item.method.tells_apart else None for item in distinct
    }
    distinct = _find_exact(distinct, found)
    distinct = _find_normalized(distinct, found)
    distinct = _find_same_method(distinct, found)
    distinct = _find_near(distinct, found, policy.near_duplicate)
    return _resolve_clusters(found.choices, policy), distinct


def _find_exact(paths: Sequence[ParsedPath], found: _Comparison) -> list[ParsedPath]:
    """Find texts that equal another."""
    first: dict[str, ParsedPath] = {}
    for item in paths:
        leader = first.setdefault(item.path.text, item)
        if leader is not item:
            found.record(item, leader, DuplicateMeasure.EXACT, f"same text as {leader.path.sample_id}")
    return list(first.values())


def _find_normalized(paths: Sequence[ParsedPath], found: _Comparison) -> list[ParsedPath]:
    """Find texts that equal another once they are normalized, and have no other signature."""
    groups: dict[str, list[ParsedPath]] = {}
    distinct = []
    for item in paths:
        own = found.signatures[item.path.sample_id]
        leaders = groups.setdefault(item.text.plain, [])
        known = ((leader, found.signatures[leader.path.sample_id]) for leader in leaders)
        leader = next((each for each, other in known if own is None or other is None or own == other), None)
        if leader is None:
            leaders.append(item)
            distinct.append(item)
        else:
            detail = f"same text as {leader.path.sample_id}{_LAYOUT}"
            found.record(item, leader, DuplicateMeasure.NORMALIZED, detail)
    return distinct


def _find_same_method(paths: Sequence[ParsedPath], found: _Comparison) -> list[ParsedPath]:
    """Find paths with the signature of another. Paths without one are never duplicates here."""
    first: dict[str, ParsedPath] = {}
    distinct = []
    for item in paths:
        signature = found.signatures[item.path.sample_id] or item.method.signature
        leader = item if signature is None else first.setdefault(signature, item)
        if leader is item:
            distinct.append(item)
        else:
            detail = f"same method as {leader.path.sample_id}: {signature}"
            found.record(item, leader, DuplicateMeasure.METHOD, detail)
    return distinct


def _find_near(paths: Sequence[ParsedPath], found: _Comparison, least: float | None) -> list[ParsedPath]:
    """Find near duplicates among paths that no signature tells apart."""
    labels = [found.signatures[item.path.sample_id] for item in paths]
    if least is None or None not in labels:
        return list(paths)
    near = find_near_duplicates([item.text for item in paths], least, labels)
    for place, (leader, similarity) in near.items():
        detail = f"wording {similarity:.0%} like {paths[leader].path.sample_id}"
        found.record(paths[place], paths[leader], DuplicateMeasure.WORDING, detail, similarity)
    return [item for place, item in enumerate(paths) if place not in near]


def _resolve_clusters(choices: dict[str, Choice], policy: Select) -> dict[str, Choice]:
    """Follow duplicates of duplicates to the path that is none; repeats that the policy keeps share its fate."""
    resolved = {}
    for sample_id, choice in choices.items():
        chain = [choice]
        while chain[-1].cluster in choices:
            chain.append(choices[chain[-1].cluster])
        last = chain[-1]
        kept = policy.exact == "keep" and choice.duplicate_by in _REPEATS
        reason, detail = choice.reason, choice.detail
        if kept:
            dropping = next((each for each in chain if each.duplicate_by not in _REPEATS), None)
            reason, detail = (dropping.reason, dropping.detail) if dropping else (None, None)
        resolved[sample_id] = replace(choice, cluster=last.cluster, reason=reason, detail=detail)
    return resolved
