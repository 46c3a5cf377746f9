"""Clusters: what joins them, what does not, and that nothing depends on order."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.sources.clusters.joining import LINKED, join_templates
from cotloom.builder.sources.clusters.links import find_links, make_word_table

WORDS = st.lists(st.frozensets(st.integers(0, 14), max_size=6), min_size=1, max_size=14)


def make_table(templates):
    counts = np.array([len(each) for each in templates], np.int64)
    return make_word_table(counts, np.array([word for each in templates for word in sorted(each)], np.uint32))


def list_pairs(templates, least):
    """Compare all pairs of templates, word by word."""
    number = len(templates)
    frequency = {word: sum(word in each for each in templates) for each in templates for word in each}
    weights = {word: max(1, (number**2 // count**2).bit_length() - 1) for word, count in frequency.items()}

    def weigh(words):
        return sum(weights[word] for word in words)

    for left, right in combinations(range(number), 2):
        whole = weigh(templates[left]) + weigh(templates[right])
        similarity = 2 * weigh(templates[left] & templates[right]) / whole if whole else 0.0
        if similarity >= least and similarity:
            yield left, right, similarity


@settings(max_examples=200)
@given(WORDS, st.sampled_from([0.2, 0.4, 0.5, 1.0]), st.sampled_from([300, 1, 0]))
def test_links_are_what_comparing_all_pairs_gives(templates, least, pairs_per_template):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cotloom.builder.sources.clusters.links.PAIRS_PER_TEMPLATE", pairs_per_template)
        patch.setattr("cotloom.builder.sources.clusters.links._CHUNK", 7)
        links = find_links(make_table(templates), least)

    found = list(zip(links.left.tolist(), links.right.tolist(), links.similarity.tolist(), strict=True))
    expected = sorted(list_pairs(templates, least), key=lambda pair: (-pair[2], pair[:2]))
    if pairs_per_template == 300:
        assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
        assert [pair[2] for pair in found] == pytest.approx([pair[2] for pair in expected])
    else:  # words that are too frequent find no pairs, and count in those that are found
        assert set(found) <= set(expected)


@settings(max_examples=100)
@given(WORDS, st.lists(st.sampled_from([0, 0, 1, 2]), min_size=14, max_size=14), st.sets(st.integers(0, 13)))
def test_no_cluster_is_on_two_sides_whatever_it_is_made_of(templates, sides, known):
    table = make_table(templates)
    sides = [side if place in known else 0 for place, side in enumerate(sides)][: len(templates)]

    clusters = join_templates(table, find_links(table, LINKED), sides, frozenset(known), [])

    for place in range(len(templates)):
        root = clusters.find_root(place)
        assert clusters.sides[root] in {0, 1, 2}
        assert not sides[place] or clusters.sides[root] == sides[place]
    assert known.isdisjoint(clusters.crossing)


def test_a_chain_of_phrases_joins_no_giant():
    rng = random.Random(3)
    phrases = [[100 * number + word for word in range(4)] for number in range(300)]
    chain = [frozenset(phrases[number] + phrases[number + 1]) for number in range(299)]
    alone = [frozenset(rng.randrange(40_000, 90_000) for _ in range(8)) for _ in range(700)]
    table = make_table(chain + alone)

    clusters = join_templates(table, find_links(table, LINKED), [0] * 999, frozenset(), [])
    roots = [clusters.find_root(place) for place in range(999)]

    assert max(roots.count(root) for root in set(roots)) <= 12
