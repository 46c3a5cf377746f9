import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from cotloom.builder.text.meaning import has_same_meaning
from cotloom.builder.text.similarity import (
    MAX_CHARACTERS,
    find_near_duplicates,
    measure_edit_distances,
    measure_similarities,
    read_text,
)


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


def test_similarity_minds_the_order_of_words():
    assert measure_similarities(["then add two"], ["two add then"]) < 0.9


def test_edit_distances_count_the_characters_to_insert_delete_or_replace():
    assert measure_edit_distances(["cat", ""], ["cat", "cut", "cats", ""]).tolist() == [[0, 1, 1, 3], [3, 3, 4, 0]]


# Near duplicates

WORDS = "so then she sells nine 9 eggs left right not the at market home + - tom ann".split()
TEXTS = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join).map(read_text)
    | st.text(max_size=9).map(read_text),
    max_size=12,
)


def find_by_matrix(texts, least, labels):
    """The same rule, from every similarity: the nearest earlier text that is none itself, of no other label."""
    found, known = {}, list(labels)
    for place, text in enumerate(texts):
        near = [
            (-ratio(text.plain, texts[leader].plain), leader)
            for leader in range(place)
            if leader not in found
            and text.marks == texts[leader].marks
            and ratio(text.plain, texts[leader].plain) >= 100 * least
            and None in {known[place], known[leader], None if known[place] == known[leader] else 0}
            and has_same_meaning(text.content, texts[leader].content)
        ]
        if near:
            score, leader = min(near)
            found[place] = (leader, -score / 100)
            known[leader] = known[leader] or known[place]
    return found


@given(
    TEXTS, st.sampled_from([0.5, 0.8, 0.9, 1.0]), st.lists(st.sampled_from([None, "a", "b"]), min_size=12, max_size=12)
)
@settings(max_examples=300, deadline=None)
def test_near_duplicates_are_those_that_the_whole_matrix_shows(texts, least, labels):
    own = labels[: len(texts)]
    assert find_near_duplicates(texts, least, labels=own) == find_by_matrix(texts, least, own)
    assert find_near_duplicates(texts, least) == find_by_matrix(texts, least, [None] * len(texts))


def test_a_text_without_a_label_never_makes_two_labels_one():
    texts = [read_text(f"She sells the eggs at the market{end}") for end in ("", " so", " then", " now")]
    found = find_near_duplicates(texts, 0.7, labels=[None, "a", "b", "a"])
    assert {place: leader for place, (leader, _) in found.items()} == {1: 0, 3: 0}


def test_of_long_texts_the_first_characters_are_compared_in_wording():
    words = "she sold many clips to her friends in the town " * (MAX_CHARACTERS // 40)
    one, other, third = (read_text(text) for text in (words, words + "and more of them", words + "9"))
    assert find_near_duplicates([one, other, third], 1.0) == {1: (0, 1.0)}
