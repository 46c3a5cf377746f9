import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotloom.builder.text.similarity import (
    _NOT_WORDS,
    measure_edit_distances,
    measure_similarities,
    normalize,
    sort_words,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("So,  3 + 4 = 7.", "so 3 4 7"),
        ("so 3+4=7", "so 3 4 7"),
        ("  A\tB\r\nC  ", "a b c"),
        ("ÉTÉ!", "été"),
        ("…!?", ""),
        ("", ""),
    ],
)
def test_a_normalised_text_is_its_words_in_small_letters(text, plain):
    assert normalize(text) == plain


@given(st.text(alphabet=st.characters(codec="ascii")))
@settings(max_examples=100, deadline=None)
def test_normalising_again_changes_nothing(text):
    assert normalize(normalize(text)) == normalize(text)


@given(st.text(alphabet=st.characters(codec="ascii")) | st.text())
@settings(max_examples=200, deadline=None)
def test_texts_of_ascii_characters_are_normalised_as_all_others(text):
    assert normalize(text) == _NOT_WORDS.sub(" ", text.lower()).strip()


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_similarities_are_symmetric_shares_with_ones_on_the_diagonal(texts):
    alike = measure_similarities(texts)
    assert alike.shape == (len(texts), len(texts))
    assert (alike == alike.T).all()
    assert ((alike >= 0) & (alike <= 1)).all()
    assert (alike.diagonal() == 1).all()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("aaaa", "bbbb", 0), ("abcd", "abce", 0.75), ("abcd", "abcd", 1), ("", "abcd", 0), ("ab", "abcd", 4 / 6)],
)
def test_similarity_counts_the_characters_to_insert_and_delete(one, other, expected):
    assert measure_similarities([one, other])[0, 1] == pytest.approx(expected)


def test_sorted_words_do_not_mind_their_order():
    assert sort_words("then add two") == sort_words("two add then") == "add then two"


def test_edit_distances_count_the_characters_to_insert_delete_or_replace():
    assert measure_edit_distances(["cat", ""], ["cat", "cut", "cats", ""]).tolist() == [[0, 1, 1, 3], [3, 3, 4, 0]]
