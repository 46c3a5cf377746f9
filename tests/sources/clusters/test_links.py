"""Links are what a comparison of all pairs finds, and bounds are never too low."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.sources.clusters import links, marks
from cotloom.builder.sources.clusters.links import WordTable, find_links, make_word_table

TEMPLATES = st.lists(st.sets(st.integers(0, 40), max_size=12), min_size=2, max_size=14)
"""The words of templates."""
LEAST = 0.4


def make_table(templates: list[set[int]]) -> WordTable:
    """Make the table of words of templates."""
    counts = np.array([len(words) for words in templates], np.int64)
    hashes = np.array([word for words in templates for word in sorted(words)], np.uint32)
    return make_word_table(counts, hashes)


def list_words(table: WordTable, template: int) -> set[int]:
    """List the words of a template by their numbers."""
    return set(table.words[table.starts[template] : table.starts[template + 1]].tolist())


def weigh_words(table: WordTable, words: set[int]) -> int:
    """Weigh words."""
    return int(table.weights[list(words)].sum()) if words else 0


def compare_all(table: WordTable, limit: int) -> dict[tuple[int, int], float]:
    """Compare all pairs that share a word below the limit, one by one."""
    found = {}
    for left, right in combinations(range(table.templates), 2):
        words = [list_words(table, left), list_words(table, right)]
        both = words[0] & words[1]
        if any(word < limit for word in both):
            similarity = 2 * weigh_words(table, both) / sum(weigh_words(table, each) for each in words)
            if similarity >= LEAST:
                found[left, right] = similarity
    return found


@given(TEMPLATES, st.integers(1, 6), st.sampled_from([1, 3, 1_000]))
def test_links_are_those_of_a_comparison_of_all_pairs(templates: list[set[int]], pairs: int, chunk: int) -> None:
    """Whatever the number of candidates for a template, the bits of a word, and the size of a part."""
    table = make_table(templates)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "PAIRS_PER_TEMPLATE", pairs)
        patch.setattr(links, "_CHUNK", chunk)
        patch.setattr(marks, "_BITS", 3)
        found = find_links(table, LEAST)
        expected = compare_all(table, links._limit_words(table))
    named = zip(found.left.tolist(), found.right.tolist(), strict=True)
    assert dict(zip(named, found.similarity.tolist(), strict=True)) == pytest.approx(expected)
    assert found.similarity.tolist() == sorted(found.similarity.tolist(), reverse=True)


@given(TEMPLATES, st.integers(1, 8))
def test_a_bound_is_never_below_what_is_shared(templates: list[set[int]], bits: int) -> None:
    """Also where one bit stands for many words of a template."""
    table = make_table(templates)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marks, "_BITS", bits)
        made = marks.mark_words(table.words, table.owners, table.weights, table.templates)
        left, right = (np.array(side) for side in zip(*combinations(range(table.templates), 2), strict=True))
        bounds = marks.bound_shared(made, left, right).tolist()
    shared = [
        weigh_words(table, list_words(table, one) & list_words(table, other))
        for one, other in zip(left.tolist(), right.tolist(), strict=True)
    ]
    assert all(bound >= weight for bound, weight in zip(bounds, shared, strict=True))
    if not made.lost.any() and bits * marks.BLOCKS >= len(table.weights) > 0 and len(set(table.weights.tolist())) == 1:
        assert bounds == shared
