"""What two texts of nearly the same wording must share to say the same: numbers, signs, negations, and who does what.

Similarity of wording alone takes `turn left` for `turn right`. Three rules come before it (docs/decisions/0050):

1. The sequence of numbers, signs, negations and bounds is the same (`list_marks`).
2. No word of content stands in another place: it is not missing here and new there.
3. No word is replaced by its opposite, by another of a closed set (days, colours, directions), or by another word of
   the question.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import product

from rapidfuzz.distance import Levenshtein, Postfix, Prefix

from ..languages import has_unspaced, part_unspaced
from .meaning_words import CONTRASTS, FILLERS, MARKS, NEGATIVE_PREFIXES, UNSPACED_MARKS

_LOOSE = FILLERS - set(CONTRASTS)
"""Words that may stand anywhere, or be missing."""

_STEM = 4
"""Words that share so many first letters, and three quarters of the shorter one, are forms of one word."""


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
    return " ".join([word for word in split_words(text) if word not in _LOOSE])


def _reduce_contraction(word: str) -> str:
    """Take `n't` for `not`, and other words with an apostrophe for words."""
    return word if "'" not in word else "not" if word.endswith("n't") else ""


def has_same_meaning(left: str, right: str, question: Collection[str] = ()) -> bool:
    """Whether two texts with the same marks differ in wording alone, by the rules 2 and 3.

    Args:
        left: the content of a text, from `list_content`.
        right: that of another text with the same `list_marks`.
        question: the words of the question, from `split_words`.
    """
    if left == right:
        return True
    one, other = _cut_shared(left, right) if left < right else _cut_shared(right, left)
    if not one or not other:
        return True  # words more, none moved and none replaced
    words, others = one.split(" "), other.split(" ")
    if set(words).isdisjoint(others):
        return not _has_contrast(words, others, question)
    gaps = list(_find_gaps(words, others))
    missing = {word for gap, _ in gaps for word in gap}
    if any(not missing.isdisjoint(gap) for _, gap in gaps):
        return False
    return not any(_has_contrast(*gap, question) for gap in gaps)


def _has_contrast(words: Sequence[str], others: Sequence[str], question: Collection[str]) -> bool:
    """Whether a word stands in the place of one that says something else."""
    return any(_is_contrast(one, other, question) for one, other in product(words, others))


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


def _is_contrast(one: str, other: str, question: Collection[str]) -> bool:
    """Whether a word in the place of another changes what is said."""
    if other in CONTRASTS.get(one, ()) or _is_negated(one, other) or _is_negated(other, one):
        return True
    return one in question and other in question and one != other and not _is_form(one, other)


def _is_negated(word: str, other: str) -> bool:
    """Whether a word is another with a prefix or an ending that denies it."""
    if word.endswith(other) and len(other) > 2:
        return word[: -len(other)] in NEGATIVE_PREFIXES
    return word.endswith("less") and word[:-4] in {other, other.removesuffix("ful")}


def _is_form(one: str, other: str) -> bool:
    """Whether two words are forms of one, by their first letters: `sell`, `sells`."""
    shorter = min(len(one), len(other))
    shared = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    return shared >= min(_STEM, shorter) and 4 * shared >= 3 * shorter
