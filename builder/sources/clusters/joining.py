"""Join templates into clusters of variations.

A link joins two clusters where their templates are alike on average too, not the two of the link alone: else a chain
of links joins everything that is told in the same phrases. This is average linkage (Sokal and Michener 1958), with
links as the only candidates. Templates that are nearly the same are joined in any case.

No link joins clusters that are on two sides of the split already: there the new template of the two is left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt

from .links import Links, WordTable

LINKED = 0.4
"""The least similarity of a link."""

AVERAGE = 0.2
"""The least average similarity (cosine) of the templates of two clusters that a link joins."""

NEARLY = 0.8
"""Templates of at least this similarity are joined whatever else is in their clusters."""

TRAIN, TEST, BOTH = 1, 2, 3
"""The sides that a cluster is on already, as bits; 0 where none is decided."""


@dataclass(slots=True)
class Clusters:
    """Disjoint sets of templates. A cluster is known by its smallest template, its root."""

    table: WordTable
    """The words of the templates."""
    sides: list[int]
    """Of each root: the sides that its cluster is on already."""
    parents: list[int] = field(init=False)
    """A template of the same cluster, nearer to its root."""
    sizes: dict[int, int] = field(default_factory=dict)
    """Of each root with several templates: how many."""
    sums: dict[int, dict[int, float]] = field(default_factory=dict)
    """Of roots that were looked at: the sum of their templates' words, each template with length 1."""
    crossing: dict[int, int] = field(default_factory=dict)
    """The templates that would join two sides, each with the one on the other side that it is linked to."""

    def __post_init__(self) -> None:
        """Begin with each template alone."""
        self.parents = list(range(self.table.templates))

    def find_root(self, template: int) -> int:
        """Find the root of a template's cluster."""
        parents = self.parents
        while parents[template] != template:
            parents[template] = parents[parents[template]]
            template = parents[template]
        return template


def join_templates(
    table: WordTable, links: Links, sides: Sequence[int], known: frozenset[int], groups: Iterable[tuple[int, int]]
) -> Clusters:
    """Join templates into clusters.

    Args:
        table: the words of the templates.
        links: pairs of similar ones, the most similar first.
        sides: the sides that each template is on already.
        known: the templates of which an earlier version has problems: no link leaves them out.
        groups: pairs that are in one group, as a source or an earlier version says.
    """
    clusters = Clusters(table, list(sides))
    for left, right in groups:
        left_root, right_root = clusters.find_root(left), clusters.find_root(right)
        if left_root != right_root and not _is_crossing(clusters, left_root, right_root):
            _join(clusters, left_root, right_root)
    for left, right, similarity in zip(
        links.left.tolist(), links.right.tolist(), links.similarity.tolist(), strict=True
    ):
        if similarity >= LINKED and left not in clusters.crossing and right not in clusters.crossing:
            _follow_link(clusters, left, right, known, is_near=similarity >= NEARLY)
    return clusters


def _follow_link(clusters: Clusters, left: int, right: int, known: frozenset[int], *, is_near: bool) -> None:
    left_root, right_root = clusters.find_root(left), clusters.find_root(right)
    if left_root == right_root or not (is_near or _measure_average(clusters, left_root, right_root) >= AVERAGE):
        return
    if not _is_crossing(clusters, left_root, right_root):
        _join(clusters, left_root, right_root)
    elif right not in known:
        clusters.crossing[right] = left
    elif left not in known:
        clusters.crossing[left] = right


def _is_crossing(clusters: Clusters, left: int, right: int) -> bool:
    return bool(clusters.sides[left] and clusters.sides[right]) and clusters.sides[left] | clusters.sides[right] == BOTH


def _join(clusters: Clusters, left: int, right: int) -> None:
    root, other = min(left, right), max(left, right)
    clusters.parents[other] = root
    clusters.sides[root] |= clusters.sides[other]
    clusters.sizes[root] = clusters.sizes.get(root, 1) + clusters.sizes.pop(other, 1)
    large, small = sorted([_sum_words(clusters, root), _sum_words(clusters, other)], key=len, reverse=True)
    for word, weight in small.items():
        large[word] = large.get(word, 0.0) + weight
    clusters.sums[root] = large
    del clusters.sums[other]


def _measure_average(clusters: Clusters, left: int, right: int) -> float:
    """Measure the mean cosine of the templates of two clusters, all pairs."""
    small, large = sorted([_sum_words(clusters, left), _sum_words(clusters, right)], key=len)
    product = sum(weight * large.get(word, 0.0) for word, weight in small.items())
    return product / (clusters.sizes.get(left, 1) * clusters.sizes.get(right, 1))


def _sum_words(clusters: Clusters, root: int) -> dict[int, float]:
    """Sum the words of a cluster's templates; those of a single template are made here."""
    known = clusters.sums.get(root)
    if known is None:
        table = clusters.table
        words = table.words[table.starts[root] : table.starts[root + 1]]
        weights = table.weights[words].tolist()
        length = sqrt(sum(weight * weight for weight in weights)) or 1.0
        known = {word: weight / length for word, weight in zip(words.tolist(), weights, strict=True)}
        clusters.sums[root] = known
    return known
