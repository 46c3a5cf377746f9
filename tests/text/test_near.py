import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.text.near import nearest, normalised, similarity, sorted_words


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
    assert normalised(text) == plain


@given(st.text(alphabet=st.characters(codec="ascii")))
@settings(max_examples=100, deadline=None)
def test_normalising_again_changes_nothing(text):
    assert normalised(normalised(text)) == normalised(text)


@given(st.text(), st.text())
@settings(max_examples=100, deadline=None)
def test_similarity_is_a_symmetric_share(one, other):
    assert 0 <= similarity(one, other) <= 1
    assert similarity(one, other) == pytest.approx(similarity(other, one))


@given(st.text())
@settings(max_examples=50, deadline=None)
def test_a_text_is_wholly_similar_to_itself(text):
    assert similarity(text, text) == 1


def test_texts_without_a_common_character_are_not_similar():
    assert similarity("aaaa", "bbbb") == 0


def test_similarity_counts_the_characters_to_insert_and_delete():
    assert similarity("abcd", "abce") == pytest.approx(0.75)


def test_below_the_least_similarity_is_nothing():
    assert similarity("abcd", "abce", least=0.8) == 0
    assert similarity("abcd", "abce", least=0.75) == pytest.approx(0.75)


def test_sorted_words_do_not_mind_their_order():
    assert sorted_words("then add two") == sorted_words("two add then") == "add then two"


@pytest.mark.parametrize(
    ("others", "least", "place"),
    [
        ([], 0.5, None),
        (["bbbb"], 0.5, None),
        (["bbbb", "abcd"], 0.9, 1),
        (["abce", "abcd"], 0.7, 0),
        (["abce", "abcd"], 0.9, 1),
        (["abce"], 0.76, None),
    ],
)
def test_nearest_is_the_first_text_that_is_alike_enough(others, least, place):
    assert nearest("abcd", others, least) == place
