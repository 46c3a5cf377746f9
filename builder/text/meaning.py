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
    """List the words of a normalized text without those whose place changes little.

    >>> list_content("so she then sells the eggs") == list_content("now she sells eggs")
    True
    """
    return " ".join([_reduce_word(word) for word in split_words(text) if word not in LOOSE])


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
    if set(words).isdisjoint(others):
        return _is_reworded(words, others)
    gaps = list(_find_gaps(words, others))
    missing = {word for gap, _ in gaps for word in gap}
    if any(not missing.isdisjoint(gap) for _, gap in gaps):
        return False
    return all(_is_reworded(*gap) for gap in gaps)


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
    """Cut off the words that two texts begin and end with."""
    begin = Prefix.similarity(left, right)
    if begin < len(left) or begin < len(right):
        begin = left.rfind(" ", 0, begin) + 1
    left, right = left[begin:], right[begin:]
    end = Postfix.similarity(left, right)
    if end < len(left) or end < len(right):
        blank = left.find(" ", len(left) - end)
        end = len(left) - blank if blank >= 0 else 0
    return left[: len(left) - end].strip(), right[: len(right) - end].strip()


def split_words(text: str) -> list[str]:
    """Split a normalized text into words; where words are not spaced, into characters."""
    if not has_unspaced(text):
        return text.split(" ")
    return [part for piece in text.split(" ") for part in (list(piece) if has_unspaced(piece) else [piece])]


def _find_gaps(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Find the words that differ between runs of words that two texts share."""
    start_left = start_right = 0
    for begin, other_begin, size in Levenshtein.editops(left, right).as_matching_blocks():
        if begin > start_left or other_begin > start_right:
            yield left[start_left:begin], right[start_right:other_begin]
        start_left, start_right = begin + size, other_begin + size


@lru_cache(maxsize=1 << 16)
def _is_same_word(one: str, other: str) -> bool:
    """Whether two words are forms of one, or synonyms."""
    if other in SYNONYMS.get(one, ()):
        return True
    shorter = min(len(one), len(other))
    shared = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    return shared >= _STEM and one[shared:] in ENDINGS and other[shared:] in ENDINGS
