"""Near in wording is not the same in meaning: pairs of sentences inside of a long text that both share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.text.meaning import has_same_meaning, list_content, list_marks, split_words
from cotloom.builder.text.normalizing import normalize
from cotloom.builder.text.similarity import find_near_duplicates, measure_similarity, read_text

from .wording_pairs import DIFFERENT, SAME, list_pairs

BEFORE = "Let me think about what the question asks. We go through every sentence, and write down what it says. "
BEHIND = " With that we have what was asked for, and the rest of it follows from what the sentences above say to us."


def read_pair(pair):
    return [read_text(f"{BEFORE}\n{sentence}\n{BEHIND}") for sentence in pair]


def is_near(pair):
    return bool(find_near_duplicates(read_pair(pair), 0.9))


@pytest.mark.parametrize("pair", list_pairs(DIFFERENT), ids=" | ".join)
def test_another_meaning_is_no_near_duplicate_however_near_its_wording(pair):
    one, other = read_pair(pair)
    assert measure_similarity(one.plain, other.plain) > 0.9
    assert not is_near(pair)


def test_the_same_in_other_words_is_a_near_duplicate_nearly_always():
    """What stays apart: a word that moved, and a number word that was added."""
    pairs = list_pairs(SAME)
    assert len(pairs) >= 80
    assert [pair[1] for pair in pairs if not is_near(pair)] == [
        "It costs 5 dollars for each one of them... so to say.",
        "He quickly walks to the school.",
    ]


def test_two_words_of_the_question_do_not_stand_for_each_other():
    one, other = (read_text(f"{BEFORE}The {who} pays.{BEHIND}") for who in ("farmer", "butcher"))
    question = frozenset(split_words(normalize("The farmer and the butcher meet. Who pays?")))
    assert find_near_duplicates([one, other], 0.9)
    assert find_near_duplicates([one, other], 0.9, question) == {}


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


@given(WORDS, st.integers(0, 9), st.integers(0, 9))
def test_two_different_words_that_change_places_always_change_the_meaning(words, place, other):
    if max(place, other) >= len(words) or words[place] == words[other]:
        return
    swapped = list(words)
    swapped[place], swapped[other] = words[other], words[place]
    one, another = (read_text(" ".join(each)) for each in (words, swapped))
    assert find_near_duplicates([one, another], 0.01) == {}
