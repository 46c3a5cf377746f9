"""The index for one similarity gives what comparing with every text gives."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.text import threshold
from cotloom.builder.text.overlap import find_nearest, index_texts, split_words
from cotloom.builder.text.threshold import find_at_threshold, index_at_threshold
from tests.text.test_overlap import texts

LEAST = [0.01, 0.3, 0.5, 2 / 3, 0.8, 0.9, 18 / 20, 1.0]


@settings(max_examples=400)
@given(st.lists(texts, max_size=12), texts, st.sampled_from(LEAST))
def test_the_nearest_text_is_that_of_the_search_without_a_threshold(held, text, least):
    expected = find_nearest(index_texts(held), split_words(text), least)

    assert find_at_threshold(index_at_threshold(held, least), text) == expected


@pytest.mark.parametrize("long", [1, 256])
@pytest.mark.parametrize("seed", range(6))
def test_near_copies_are_found_among_many_texts_of_a_few_templates(seed, long, monkeypatch):
    monkeypatch.setattr(threshold, "_LONG", long)
    chance = random.Random(seed)
    vocabulary = [f"word{number}" for number in range(60)]
    templates = [" ".join(chance.choices(vocabulary, k=chance.randint(3, 45))) for _ in range(6)]

    def write_text() -> str:
        words = f"{chance.choice(templates)} {chance.randint(1, 9)} {chance.randint(1, 9)}".split()
        for _ in range(chance.randint(0, 4)):
            words[chance.randrange(len(words))] = chance.choice(vocabulary)
        return " ".join(words)

    held = [write_text() for _ in range(400)]
    least = chance.choice(LEAST[3:])
    slow, fast = index_texts(held), index_at_threshold(held, least)
    for text in [write_text() for _ in range(200)]:
        assert find_at_threshold(fast, text) == find_nearest(slow, split_words(text), least)


@pytest.mark.parametrize("held", [[], ["", "?"], ["one two"]])
@pytest.mark.parametrize("text", ["", "three"])
def test_without_a_shared_word_nothing_is_near(held, text):
    assert find_at_threshold(index_at_threshold(held, 0.5), text) is None


def test_the_first_of_equal_texts_is_found():
    index = index_at_threshold(["a b c", "a b d", "d b a", "a b d"], 0.9)

    assert find_at_threshold(index, "d a b") == (1, 1.0)


def test_a_similarity_equal_to_the_threshold_counts():
    index = index_at_threshold(["a b c d e f g h i j"], 0.9)

    assert find_at_threshold(index, "a b c d e f g h i k") == (0, 0.9)
    assert find_at_threshold(index, "a b c d e f g h k l") is None
