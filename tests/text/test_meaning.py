"""Near in wording is not the same in meaning: pairs of sentences inside of a long text that both share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from cotloom.builder.text.meaning import _is_reworded, has_same_meaning, list_content, list_marks
from cotloom.builder.text.normalizing import normalize
from cotloom.builder.text.similarity import find_near_duplicates, measure_similarities, read_text

from .wording_pairs import DIFFERENT, DIFFERENT_HELD_OUT, SAME, SAME_HELD_OUT, list_pairs

BEFORE = "Let me think about what the question asks. We go through every sentence, and write down what it says. "
BEHIND = " With that we have what was asked for, and the rest of it follows from what the sentences above say to us."


def read_pair(pair):
    return [read_text(f"{BEFORE}\n{sentence}\n{BEHIND}") for sentence in pair]


def is_near(pair):
    return bool(find_near_duplicates(read_pair(pair), 0.9))


@pytest.mark.parametrize("pair", list_pairs(DIFFERENT), ids=" | ".join)
def test_another_meaning_is_no_near_duplicate_however_near_its_wording(pair):
    one, other = read_pair(pair)
    assert measure_similarities([one.plain], [other.plain]) > 0.9
    assert not is_near(pair)


def test_the_same_in_other_words_is_a_near_duplicate_nearly_always():
    """What stays apart: a number word that was added, a word that moved, and synonyms that no list has."""
    pairs = list_pairs(SAME)
    assert len(pairs) >= 80
    assert [pair[1] for pair in pairs if not is_near(pair)] == [
        "It costs 5 dollars for each one of them... so to say.",
        "He quickly walks to the school.",
        "Tom must pay the bill.",
        "企鹅的翅膀又短又硬，所以它们只能在水里迅速地游动。",
    ]


def test_pairs_that_were_written_after_the_rules_are_told_apart_too():
    assert [pair for pair in list_pairs(DIFFERENT_HELD_OUT) if is_near(pair)] == []
    split = [pair[1] for pair in list_pairs(SAME_HELD_OUT) if not is_near(pair)]
    assert split == ["He gets to the station.", "The loaf is baked in the oven.", "The car drives along the road."]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("She does not sell nine of 3 + x eggs.", "not 9 3 + x"),
        ("He can't, and cannot, pay $5.", "not not $ 5"),
        ("Tom's dog", ""),
        ("He has at least a dozen.", "least dozen"),
        ("他没有两个苹果 (3)", "没 两 ( 3 )"),
        ("the pH of CO", "pH CO"),
        ("", ""),
    ],
)
def test_marks_are_numbers_signs_symbols_negations_and_bounds(text, marks):
    assert list_marks(normalize(text)) == marks


WORDS = st.lists(st.sampled_from("red blue eggs left right she he apples sells bought".split()), max_size=9)


@given(WORDS, WORDS)
def test_meaning_does_not_depend_on_which_of_two_texts_comes_first(one, other):
    left, right = list_content(" ".join(one)), list_content(" ".join(other))
    assert has_same_meaning(left, left)
    assert has_same_meaning(left, right) == has_same_meaning(right, left)


def compare_all_words(left, right):
    """The same rules over whole texts: nothing is cut off, and every run of words that both share is looked at."""
    words, others = sorted(([*text.split()] for text in (left, right)), key=lambda words: " ".join(["", *words, ""]))
    gaps, start, other_start = [], 0, 0
    for begin, other_begin, size in Levenshtein.editops(words, others).as_matching_blocks():
        gaps.append((words[start:begin], others[other_start:other_begin]))
        start, other_start = begin + size, other_begin + size
    missing, new = ({word for gap in side for word in gap} for side in zip(*gaps, strict=True))
    return missing.isdisjoint(new) and all(_is_reworded(*gap) for gap in gaps)


@given(WORDS, WORDS, WORDS, WORDS)
def test_meaning_is_that_of_all_words_whatever_both_texts_begin_and_end_with(start, one, other, end):
    left, right = (list_content(" ".join([*start, *words, *end])) for words in (one, other))
    assert has_same_meaning(left, right) == compare_all_words(left, right)


@given(WORDS, st.integers(0, 9), st.integers(0, 9))
def test_two_different_words_that_change_places_always_change_the_meaning(words, place, other):
    if max(place, other) >= len(words) or words[place] == words[other]:
        return
    swapped = list(words)
    swapped[place], swapped[other] = words[other], words[place]
    one, another = (read_text(" ".join(each)) for each in (words, swapped))
    assert find_near_duplicates([one, another], 0.01) == {}
