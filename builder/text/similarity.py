"""Texts made comparable, and how alike two of them are."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

_NOT_WORDS = re.compile(r"[^\w]+")


def normalised(text: str) -> str:
    """The words and numbers of a text in small letters, with single spaces between them.

    >>> normalised("So,  3 + 4 = 7.") == normalised("so 3+4=7")
    True
    """
    return _NOT_WORDS.sub(" ", text.lower()).strip()


def sorted_words(text: str) -> str:
    """The words of a normalised text in alphabetical order, so that `similarity` does not mind their order."""
    return " ".join(sorted(text.split()))


def similarity(one: str, other: str, least: float = 0.0) -> float:
    """How alike two texts are, from 0 to 1, by the characters to insert and delete (rapidfuzz's ratio).

    Args:
        one: a text; use `sorted_words` to compare without order.
        other: the other.
        least: below this the answer is 0, which is faster.
    """
    return ratio(one, other, score_cutoff=100 * least) / 100


def similarities(texts: Sequence[str]) -> NDArray[np.float64]:
    """How alike every two of some texts are.

    Returns:
        Shape (texts, texts), from 0 to 1, symmetric, with ones on the diagonal.
    """
    return cdist(texts, texts, scorer=ratio, dtype=np.float64) / 100


def edit_distances(left: Sequence[str], right: Sequence[str]) -> NDArray[np.int64]:
    """How many characters to insert, delete or replace make one text of another (Levenshtein 1966).

    Returns:
        Shape (left, right).
    """
    return cdist(left, right, scorer=Levenshtein.distance, dtype=np.int64)
