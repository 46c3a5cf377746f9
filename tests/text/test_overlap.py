import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.fuzz import ratio

from cotloom.builder.text.overlap import find_nearest, find_shared_run, index_texts, split_words

words = st.lists(st.sampled_from("ann bob has finds 2 3 pens caps red old and then".split()), min_size=1, max_size=12)
texts = words.map(" ".join)


@settings(max_examples=300)
@given(st.lists(texts, max_size=8), texts, st.sampled_from([0.0, 0.3, 0.5, 2 / 3, 0.8, 0.9, 1.0]))
def test_the_nearest_text_is_what_comparing_with_each_of_them_gives(held, text, least):
    alike = [ratio(sorted(split_words(other)), sorted(split_words(text))) / 100 for other in held]
    best = max(alike, default=0.0)

    match = find_nearest(index_texts(held), split_words(text), least)

    if best == 0.0 or best < least - 1e-9:
        assert match is None
    else:
        assert match is not None
        assert match[0] == next(position for position, each in enumerate(alike) if abs(each - best) < 1e-9)
        assert match[1] == pytest.approx(best)


@settings(max_examples=300)
@given(st.lists(texts, max_size=8), texts, st.integers(3, 5))
def test_a_shared_run_is_found_wherever_there_is_one(held, text, ngram):
    def runs(content: str) -> set[str]:
        parts = split_words(content)
        return {" ".join(parts[start : start + ngram]) for start in range(len(parts) - ngram + 1)}

    sharing = [position for position, other in enumerate(held) if runs(other) & runs(text)]

    match = find_shared_run(index_texts(held, ngram), split_words(text))

    assert (match[0] if match else None) == (sharing[0] if sharing else None)
    assert match is None or match[1] in runs(text) & runs(held[match[0]])


def test_words_are_what_letters_and_digits_spell_and_each_character_of_chinese():
    assert split_words("It's $1,250 — déjà vu; 我有三本书") == ["it", "s", "1", "250", "déjà", "vu", *"我有三本书"]
