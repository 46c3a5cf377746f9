"""What two texts of nearly the same wording must share to say the same: numbers, signs, negations, and who does what.

Similarity of wording alone takes `turn left` for `turn right`. Three rules come before it (docs/decisions/0050):

1. The sequence of numbers, signs, negations and bounds is the same (`list_marks`).
2. No word of content stands in another place: it is not missing here and new there.
3. No word of content is replaced by another, unless it is a form or a known synonym of it. Words may be added.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from rapidfuzz.distance import Levenshtein, Postfix, Prefix

from ..languages import has_unspaced, part_unspaced
from .meaning_words import ENDINGS, LOOSE, MARKS, SYNONYMS, UNSPACED_MARKS

_STEM = 3
"""Forms of one word share at least so many first letters."""


def list_marks(text: str) -> str:
    """List what two texts must have in common, in its order, to have the same meaning.

    Args:
        text: a normalized text.

    Returns:
        Numbers (in digits, where a single word states one), signs, symbols, negations and bounds.

    >>> list_marks("she does not sell nine of 3 + x eggs")
    'not 9 3 + x'
    """
    if has_unspaced(text):
        return " ".join(_list_unspaced_marks(text))
    marks = [MARKS.get(word, word) for word in text.split(" ") if _is_mark(word)]
    return " ".join([mark for mark in map(_reduce_contraction, marks) if mark])


def _is_mark(word: str) -> bool:
    """Whether a word is a number, a sign, a symbol, a negation or a bound; letters that kept their case are symbols."""
    if word in MARKS or not word.isalpha() or word != word.lower():
        return True
    return len(word) == 1 and word not in "ai"


def _list_unspaced_marks(text: str) -> Iterator[str]:
    for piece in text.split(" "):
        if not has_unspaced(piece):
            yield list_marks(piece)
            continue
        spaced, letters = part_unspaced(piece)
        yield from (letter for letter in letters if letter in UNSPACED_MARKS)
        yield from (word for word in spaced.split() if not word.isalpha())


def list_content(text: str) -> str:
    """List the words of a normalized text without those whose place changes little, with a space around each.

    >>> list_content("so she then sells the eggs") == list_content("now she sells eggs")
    True
    """
    words = " ".join([_reduce_word(word) for word in split_words(text) if word not in LOOSE])
    return f" {words} "


def _reduce_word(word: str) -> str:
    """Write a number word, a negation or a bound as it counts among the marks."""
    return MARKS.get(word) or ("not" if word.endswith("n't") else word)


def _reduce_contraction(word: str) -> str:
    """Take `n't` for `not`, and other words with an apostrophe for words."""
    return word if "'" not in word else "not" if word.endswith("n't") else ""


def has_same_meaning(left: str, right: str) -> bool:
    """Whether two texts with the same marks differ in wording alone, by the rules 2 and 3.

    Args:
        left: the content of a text, from `list_content`.
        right: that of another text with the same `list_marks`.
    """
    if left == right:
        return True
    one, other = _cut_shared(left, right) if left < right else _cut_shared(right, left)
    if not one or not other:
        return True  # words more, none moved and none replaced
    words, others = one.split(" "), other.split(" ")
    edits: list[tuple[str, int, int]] = Levenshtein.editops(words, others).as_list()  # type: ignore[assignment]
    missing = {words[place] for kind, place, _ in edits if kind != "insert"}
    new = {others[place] for kind, _, place in edits if kind != "delete"}
    if not missing or not new:
        return True
    return missing.isdisjoint(new) and all(_is_reworded(*gap) for gap in _join_edits(words, others, edits))


def _is_reworded(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether each word of the shorter side has a form or a synonym on the other; what is left over was added."""
    fewer, more = (words, others) if len(words) <= len(others) else (others, words)
    for one in fewer:
        for other in more:
            if _is_same_word(one, other):
                break
        else:
            return False
    return True


def _cut_shared(left: str, right: str) -> tuple[str, str]:
    """Cut off the words that two contents begin and end with."""
    begin = left.rfind(" ", 0, Prefix.similarity(left, right))
    left, right = left[begin:], right[begin:]
    stop = left.find(" ", len(left) - Postfix.similarity(left, right))
    return left[1:stop], right[1 : stop - len(left)]


def split_words(text: str) -> list[str]:
    """Split a normalized text into words; where words are not spaced, into characters."""
    if not has_unspaced(text):
        return text.split(" ")
    return [part for piece in text.split(" ") for part in (list(piece) if has_unspaced(piece) else [piece])]


def _join_edits(
    left: Sequence[str], right: Sequence[str], edits: Sequence[tuple[str, int, int]]
) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Yield the words that differ between runs of words that two texts share."""
    begin, other_begin = stop, other_stop = edits[0][1:]
    for kind, place, other in edits:
        if (place, other) != (stop, other_stop):
            yield left[begin:stop], right[other_begin:other_stop]
            begin, other_begin = place, other
        stop, other_stop = place + (kind != "insert"), other + (kind != "delete")
    yield left[begin:stop], right[other_begin:other_stop]


@lru_cache(maxsize=1 << 16)
def _is_same_word(one: str, other: str) -> bool:
    """Whether two words are forms of one, or synonyms."""
    if other in SYNONYMS.get(one, ()):
        return True
    shorter = min(len(one), len(other))
    shared = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    return shared >= _STEM and one[shared:] in ENDINGS and other[shared:] in ENDINGS
