"""Find the pairs of templates that share most of what they say.

The similarity of two templates is the weight of the words that both have, twice, of the weight of all words of both
(Dice coefficient). A word weighs the more the fewer templates have it: a phrase that every second problem of a set has
says nothing about any of them. Weights are whole numbers, so that a new problem changes few of them, and the same in
every process.

Candidates are the pairs that share a word that is not too frequent; so the time is linear in the number of templates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .marks import Ints, Marks, bound_shared, mark_words

PAIRS_PER_TEMPLATE = 300
"""About so many candidates are looked at for a template: words are taken from the rarest on until they make more."""

LINKS_PER_TEMPLATE = 50
"""At most so many links to templates with higher numbers are kept for each one, the nearest."""

_CHUNK = 250_000
"""How many candidates are in memory at once."""


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


@dataclass(frozen=True, slots=True)
class _Search:
    """What all parts of a search need."""

    table: WordTable
    limit: int
    """The first word that is too frequent for a search."""
    least: float
    """The least similarity of a link."""
    totals: Ints
    """What the words of each template weigh."""
    others: Ints
    """What those of them weigh that are too frequent."""
    firsts: Ints
    """The first entry of each template with such a word."""
    marks: Marks
    """The bits of these words."""


def find_links(table: WordTable, least: float) -> Links:
    """Find the pairs of templates with at least a similarity.

    Args:
        table: the words of the templates.
        least: the similarity, from 0 to 1.
    """
    search = _prepare_search(table, least)
    found = [_score_pairs(search, *part) for part in _list_pairs(table, search.limit)]
    left, right, shared = (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else _EMPTY
    similarity = 2 * shared / (search.totals[left] + search.totals[right])
    order = np.lexsort((right, left, -similarity))
    return Links(left[order], right[order], similarity[order])


def _prepare_search(table: WordTable, least: float) -> _Search:
    limit, owners = _limit_words(table), table.owners
    is_frequent = table.words >= limit
    totals, others = _sum_words(table, table.words >= 0), _sum_words(table, is_frequent)
    frequent, of_frequent = table.words[is_frequent] - limit, owners[is_frequent]
    firsts = table.starts[1:] - np.bincount(of_frequent, minlength=table.templates)
    marks = mark_words(frequent, of_frequent, table.weights[limit:], table.templates)
    return _Search(table, limit, least, totals, others, firsts, marks)


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
    reached = reached[first_of_owner]
    start = 0
    while start < table.templates:
        stop = int(np.searchsorted(reached, reached[start] + _CHUNK, side="right")) - 1
        stop = max(stop, start + 1)
        entries = slice(first_of_owner[start], first_of_owner[stop])
        count = partners[entries]
        if count.sum():
            left = np.repeat(owners[entries], count)
            offsets = np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count)
            right = holders[np.repeat(places[entries], count) + 1 + offsets]
            yield left * table.templates + right, np.repeat(table.weights[words[entries]], count)
        start = stop


def _score_pairs(search: _Search, pairs: Ints, weights: Ints) -> tuple[Ints, Ints, Ints]:
    """Score candidates.

    Args:
        search: what the templates are.
        pairs: pairs of templates, each as a number.
        weights: what a word weighs that they share.

    Returns:
        The pairs that are similar enough, and the weight of all words that they share.
    """
    order = np.argsort(pairs, kind="stable")
    pairs, weights = pairs[order], weights[order]
    firsts = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
    shared, totals = np.add.reduceat(weights, firsts), search.totals
    left, right = np.divmod(pairs[firsts], search.table.templates)
    lacking = search.least * (totals[left] + totals[right]) / 2 - _SLACK - shared  # what frequent words must add
    by_marks = partial(bound_shared, search.marks)
    for bound in (partial(_bound_by_total, search), by_marks, partial(_share_frequent, search)):
        added = bound(left, right)
        (kept,) = np.nonzero(added >= lacking)
        left, right, lacking, shared, added = left[kept], right[kept], lacking[kept], shared[kept], added[kept]
    shared = shared + added
    return _take_nearest(left, right, shared, 2 * shared / (totals[left] + totals[right]))


def _bound_by_total(search: _Search, left: Ints, right: Ints) -> Ints:
    return np.minimum(search.others[left], search.others[right])


def _take_nearest(left: Ints, right: Ints, shared: Ints, similarity: NDArray[np.float64]) -> tuple[Ints, Ints, Ints]:
    """Take the nearest links of each template to later ones: many more say nothing new, and would fill the memory."""
    order = np.lexsort((right, -similarity, left))
    left, right, shared = left[order], right[order], shared[order]
    firsts = np.searchsorted(left, left)
    (taken,) = np.nonzero(np.arange(len(left)) - firsts < LINKS_PER_TEMPLATE)
    return left[taken], right[taken], shared[taken]


_SLACK = 1e-6
"""A similarity equal to the least one counts; weights are whole numbers."""


def _share_frequent(search: _Search, left: Ints, right: Ints) -> Ints:
    """Weigh the words too frequent for a search that both templates of each pair have."""
    table = search.table
    both = [_list_entries(table, search.firsts, side) for side in (left, right)]
    pairs, words = (np.concatenate(parts) for parts in zip(*both, strict=True))
    keys = np.sort(pairs * len(table.weights) + words)
    twice = keys[1:][keys[1:] == keys[:-1]]
    pairs, words = np.divmod(twice, max(len(table.weights), 1))
    return np.bincount(pairs, table.weights[words], minlength=len(left)).astype(np.int64)


def _list_entries(table: WordTable, first: Ints, side: Ints) -> tuple[Ints, Ints]:
    """List the words of templates from an entry on: the place of the template in `side`, and the word."""
    counts = table.starts[side + 1] - first[side]
    places = np.repeat(np.arange(len(side)), counts)
    offsets = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    return places, table.words[np.repeat(first[side], counts) + offsets]
