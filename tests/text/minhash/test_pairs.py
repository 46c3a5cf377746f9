"""Near-duplicates among many texts are found, each with its exact similarity."""

import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.languages import UNSPACED
from cotloom.builder.text.minhash import find_near_pairs, hash_shingles, join_shingles

WORDS = [f"word{number}" for number in range(400)]


def list_shingles(text: str) -> set[tuple[str, ...]]:
    """The shingles of a text, word by word."""
    words = re.findall(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+", text.lower())
    return {tuple(words[start : start + 3]) for start in range(max(1, len(words) - 2))} if words else set()


def measure(left: str, right: str) -> float:
    one, two = list_shingles(left), list_shingles(right)
    return len(one & two) / max(1, len(one | two))


def find(texts, least=0.8, owners=None):
    pairs = find_near_pairs(hash_shingles(texts), np.arange(len(texts)) if owners is None else owners, least)
    return dict(zip(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True), pairs.similarities, strict=True))


def grow(seed: int, count: int = 90) -> list[str]:
    """Texts of which many are near-duplicates of others."""
    draw, texts = random.Random(seed), []
    for _ in range(count):
        words = (
            list(draw.choice(texts).split())
            if texts and draw.random() < 0.6
            else draw.choices(WORDS, k=draw.randint(2, 60))
        )
        for _ in range(draw.choice([0, 1, 1, 2, 5])):
            words[draw.randrange(len(words))] = draw.choice(WORDS)
        texts.append(" ".join(words))
    return texts


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text("ab 1.,_é中文，。—", max_size=12), max_size=6))
def test_each_text_has_as_many_shingles_as_it_has(texts):
    shingles = hash_shingles(texts)

    assert np.diff(shingles.starts).tolist() == [len(list_shingles(text)) for text in texts]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_found_is_what_comparing_all_pairs_finds(seed):
    texts = grow(seed)
    exact = {
        (left, right): similarity
        for left in range(len(texts))
        for right in range(left + 1, len(texts))
        if (similarity := measure(texts[left], texts[right])) >= 0.8
    }

    found = find(texts)

    assert set(found) <= set(exact)
    assert all(found[pair] == pytest.approx(exact[pair]) for pair in found)
    assert len(found) >= 0.95 * len(exact)


@pytest.mark.parametrize("seed", range(3))
def test_law_5_the_order_of_the_texts_decides_nothing(seed):
    texts = list(dict.fromkeys(grow(seed)))
    order = random.Random(seed).sample(range(len(texts)), len(texts))

    one = {frozenset((texts[left], texts[right])) for left, right in find(texts)}
    shuffled = [texts[place] for place in order]
    two = {frozenset((shuffled[left], shuffled[right])) for left, right in find(shuffled)}

    assert one == two


def test_texts_hashed_apart_are_as_texts_hashed_together():
    texts = grow(1)

    together, apart = hash_shingles(texts), join_shingles([hash_shingles(texts[:40]), hash_shingles(texts[40:])])

    assert np.array_equal(together.hashes, apart.hashes)
    assert np.array_equal(together.starts, apart.starts)


def test_two_texts_of_one_owner_are_no_pair():
    text = "one two three four five six"

    assert find([text, text, text], owners=np.array([7, 7, 8])) == {(0, 2): 1.0, (1, 2): 1.0}


def test_layout_and_case_do_not_count_and_order_does():
    assert find(["Ann has 3 pens, and Bob has 4.", "ann  has 3 pens and\nBob has 4"]) == {(0, 1): 1.0}
    assert find(["Ann gives a pen to Bob today", "Bob gives a pen to Ann today"], 0.6) == {}


def test_chinese_is_compared_by_characters():
    assert find(["小明有12个红苹果，送给妹妹5个。还剩几个？", "小明有12个红苹果, 送给妹妹5个. 还剩几个"]) == {
        (0, 1): 1.0
    }


def test_boilerplate_does_not_count():
    common = " ".join(WORDS[:60])
    texts = [f"{common} {' '.join(random.Random(number).choices(WORDS[60:], k=12))}" for number in range(200)]

    assert find(texts) == {}
    assert find([*texts, texts[3]]) == {(3, 200): 1.0}


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "7 " * 500_000, "", "…—!", "中" * 300_000, "é1中 ا" * 100_000, "\ud800 half"], ids=repr
)
def test_hostile_texts_are_bounded(text):
    assert len(hash_shingles([text]).hashes) <= 20_000
    assert set(find([text, "three plain words", text])) <= {(0, 2)}
