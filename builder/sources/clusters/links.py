"""Find the pairs of templates that share most of what they say.

The similarity of two templates is the weight of the words that both have, twice, of the weight of all words of both
(Dice coefficient). A word weighs the more the fewer templates have it: a phrase that every second problem of a set has
says nothing about any of them. Weights are whole numbers, so that a new problem changes few of them, and the same in
every process.

Candidates are the pairs that share a word that is not too frequent; so the time is linear in the number of templates.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PAIRS_PER_TEMPLATE = 300
"""About so many candidates are looked at for a template: words are taken from the rarest on until they make more."""

LINKS_PER_TEMPLATE = 50
"""At most so many links to templates with higher numbers are kept for each one, the nearest."""

_CHUNK = 500_000
"""How many candidates are in memory at once."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WordTable:
    """The words of templates. The words of template i are `words[starts[i] : starts[i + 1]]`, by rising frequency."""

    starts: Ints
    """Shape (templates + 1,)."""
    words: Ints
    """Numbers of words: 0 is the rarest one."""
    weights: Ints
    """Shape (different words,): what each word weighs, from 1 on."""
    frequencies: Ints
    """Shape (different words,): how many templates have it."""

    @property
    def templates(self) -> int:
        """How many templates there are."""
        return len(self.starts) - 1

    @property
    def owners(self) -> Ints:
        """The template of each entry of `words`."""
        return np.repeat(np.arange(self.templates), np.diff(self.starts))


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of templates, the most similar first; equal ones by their numbers."""

    left: Ints
    """The smaller number of each pair."""
    right: Ints
    """The larger one."""
    similarity: NDArray[np.float64]
    """From 0 to 1."""


def make_word_table(counts: Ints, hashes: NDArray[np.uint32]) -> WordTable:
    """Make the table of words of templates.

    Args:
        counts: how many words each template has.
        hashes: its words, each once; one template after another.
    """
    values, codes, frequencies = np.unique(hashes, return_inverse=True, return_counts=True)
    order = np.lexsort((values, frequencies))
    ranks = np.empty(len(values), np.int64)
    ranks[order] = np.arange(len(values))
    owners = np.repeat(np.arange(len(counts)), counts)
    words = ranks[codes]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    frequencies = frequencies[order].astype(np.int64)
    return WordTable(starts, words[np.lexsort((words, owners))], _weigh_words(frequencies, len(counts)), frequencies)


def _weigh_words(frequencies: Ints, templates: int) -> Ints:
    """Weigh words: twice the binary logarithm of all templates for each with the word, rounded down, at least 1."""
    different, places = np.unique(frequencies, return_inverse=True)
    ratios = (templates * templates // (count * count) for count in different.tolist())
    weights = np.array([max(1, ratio.bit_length() - 1) for ratio in ratios], np.int64)
    return weights[places]


def find_links(table: WordTable, least: float) -> Links:
    """Find the pairs of templates with at least a similarity.

    Args:
        table: the words of the templates.
        least: the similarity, from 0 to 1.
    """
    totals = _sum_words(table, table.words >= 0)
    limit = _limit_words(table)
    searched = _sum_words(table, table.words < limit)
    found = [_score_pairs(table, totals, totals - searched, limit, least, part) for part in _list_pairs(table, limit)]
    left, right, shared = (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else _EMPTY
    similarity = 2 * shared / (totals[left] + totals[right])
    order = np.lexsort((right, left, -similarity))
    return Links(left[order], right[order], similarity[order])


def _sum_words(table: WordTable, is_counted: NDArray[np.bool_]) -> Ints:
    """Sum the weights of some words of each template."""
    sums = np.concatenate([[0], np.cumsum(np.where(is_counted, table.weights[table.words], 0))])
    weights: Ints = sums[table.starts[1:]] - sums[table.starts[:-1]]
    return weights


_EMPTY = (np.empty(0, np.int64),) * 3


def _limit_words(table: WordTable) -> int:
    """Find the first word that is too frequent for a search."""
    pairs = np.cumsum(table.frequencies * (table.frequencies - 1) // 2)
    return int(np.searchsorted(pairs, table.templates * PAIRS_PER_TEMPLATE, side="right"))


def _list_pairs(table: WordTable, limit: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield pairs of templates that share a word below the limit, each as a number, and the weight of that word.

    A pair stands once for each word, and all its occurrences are in one part: those of a range of smaller templates.
    """
    is_searched = table.words < limit
    words, owners = table.words[is_searched], table.owners[is_searched]
    order = np.argsort(words, kind="stable")  # the templates of a word, rising
    holders = owners[order]
    ends = np.searchsorted(words[order], np.arange(limit), side="right")
    places = np.empty(len(words), np.int64)
    places[order] = np.arange(len(words))
    partners = ends[words] - places - 1 if len(words) else places  # behind it in the list of its word
    reached = np.concatenate([[0], np.cumsum(partners)])
    first_of_owner = np.searchsorted(owners, np.arange(table.templates + 1))
    start = 0
    while start < table.templates:
        so_far = reached[first_of_owner[start]]
        stop = int(np.searchsorted(reached[first_of_owner], so_far + _CHUNK, side="right")) - 1
        stop = max(stop, start + 1)
        entries = slice(first_of_owner[start], first_of_owner[stop])
        count = partners[entries]
        if count.sum():
            left = np.repeat(owners[entries], count)
            offsets = np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count)
            right = holders[np.repeat(places[entries], count) + 1 + offsets]
            yield left * table.templates + right, np.repeat(table.weights[words[entries]], count)
        start = stop


def _score_pairs(
    table: WordTable, totals: Ints, others: Ints, limit: int, least: float, part: tuple[Ints, Ints]
) -> tuple[Ints, Ints, Ints]:
    """Score candidates.

    Args:
        table: the words.
        totals: what the words of each template weigh.
        others: what those of them weigh that are too frequent for a search.
        limit: the first such word.
        least: the similarity.
        part: the pairs, and the weight of a word that they share.

    Returns:
        The pairs that are similar enough, and the weight of all words that they share.
    """
    pairs, weights = part
    order = np.argsort(pairs, kind="stable")
    pairs, weights = pairs[order], weights[order]
    firsts = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
    shared = np.add.reduceat(weights, firsts)
    left, right = pairs[firsts] // table.templates, pairs[firsts] % table.templates
    needed = least * (totals[left] + totals[right]) / 2
    (possible,) = np.nonzero(shared + np.minimum(others[left], others[right]) >= needed - _SLACK)
    left, right, needed = left[possible], right[possible], needed[possible]
    shared = shared[possible] + _share_frequent(table, limit, left, right)
    (linked,) = np.nonzero(shared >= needed - _SLACK)
    left, right, shared = left[linked], right[linked], shared[linked]
    return _take_nearest(left, right, shared, 2 * shared / (totals[left] + totals[right]))


def _take_nearest(left: Ints, right: Ints, shared: Ints, similarity: NDArray[np.float64]) -> tuple[Ints, Ints, Ints]:
    """Take the nearest links of each template to later ones: many more say nothing new, and would fill the memory."""
    order = np.lexsort((right, -similarity, left))
    left, right, shared = left[order], right[order], shared[order]
    firsts = np.searchsorted(left, left)
    (taken,) = np.nonzero(np.arange(len(left)) - firsts < LINKS_PER_TEMPLATE)
    return left[taken], right[taken], shared[taken]


_SLACK = 1e-6
"""A similarity equal to the least one counts; weights are whole numbers."""


def _share_frequent(table: WordTable, limit: int, left: Ints, right: Ints) -> Ints:
    """Weigh the words from the limit on that both templates of each pair have."""
    first = np.searchsorted(table.words + table.owners * len(table.weights), _locate(table, limit))
    both = [_list_entries(table, first, side) for side in (left, right)]
    pairs, words = (np.concatenate(parts) for parts in zip(*both, strict=True))
    keys = np.sort(pairs * len(table.weights) + words)
    twice = keys[1:][keys[1:] == keys[:-1]]
    pairs, words = twice // max(len(table.weights), 1), twice % max(len(table.weights), 1)
    return np.bincount(pairs, table.weights[words], minlength=len(left)).astype(np.int64)


def _locate(table: WordTable, limit: int) -> Ints:
    """Make the key behind which the words from the limit on stand, for each template."""
    return np.arange(table.templates) * len(table.weights) + limit


def _list_entries(table: WordTable, first: Ints, side: Ints) -> tuple[Ints, Ints]:
    """List the words of templates from an entry on: the place of the template in `side`, and the word."""
    counts = table.starts[side + 1] - first[side]
    places = np.repeat(np.arange(len(side)), counts)
    offsets = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    return places, table.words[np.repeat(first[side], counts) + offsets]
