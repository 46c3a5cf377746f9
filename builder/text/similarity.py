"""Normalize texts, and measure how similar they are."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from ..languages import has_unspaced, part_unspaced

MAX_CHARACTERS = 10_000
"""Of a longer text, this many characters of its words are compared: the first ones. The time of comparing two texts
grows with the product of their lengths."""

_NOT_WORDS = re.compile(r"\W+")
_SPACES = {code: " " for code in range(128) if not chr(code).isalnum() and chr(code) != "_"}
"""What `_NOT_WORDS` replaces in a text of ASCII characters, for `str.translate`, which is three times as fast."""


def normalize(text: str) -> str:
    """Reduce a text to its words and numbers, in lower case, separated by single spaces.

    >>> normalize("So,  3 + 4 = 7.") == normalize("so 3+4=7")
    True
    """
    if text.isascii():
        return " ".join(text.lower().translate(_SPACES).split())
    return _NOT_WORDS.sub(" ", text.lower()).strip()


def sort_words(text: str) -> str:
    """Sort the words of a normalized text, up to `MAX_CHARACTERS`, so that `measure_similarity` ignores their order.

    Where words are not spaced, as in Chinese and Japanese, characters are sorted, behind the words.

    >>> sort_words("then add two"), sort_words("再加 2 支笔")
    ('add then two', '2 再加支笔')
    """
    text = text[:MAX_CHARACTERS]
    if not has_unspaced(text):
        return " ".join(sorted(text.split()))
    spaced, characters = part_unspaced(text)
    return " ".join([*sorted(spaced.split()), "".join(sorted(characters))])


def measure_similarity(left: str, right: str, least: float = 0.0) -> float:
    """Measure the similarity of two texts, from 0 to 1, by the characters to insert and delete (rapidfuzz's ratio).

    Args:
        left: a text; apply `sort_words` to ignore the order of words.
        right: another text.
        least: a similarity below this is returned as 0, which is faster.
    """
    return ratio(left, right, score_cutoff=100 * least) / 100


def measure_similarities(texts: Sequence[str], least: float = 0.0) -> NDArray[np.float64]:
    """Measure the similarity of every pair of texts.

    Args:
        texts: the texts.
        least: a similarity below this is returned as 0, which is faster.

    Returns:
        Shape (texts, texts), from 0 to 1, symmetric, with ones on the diagonal.
    """
    cutoff = max(0.0, 100 * least - 1e-9)  # 100 * 0.07 is more than 7
    return cdist(texts, texts, scorer=ratio, score_cutoff=cutoff, dtype=np.float64) / 100


def measure_edit_distances(left: Sequence[str], right: Sequence[str]) -> NDArray[np.int64]:
    """Measure the edit distance of every pair: characters to insert, delete or replace (Levenshtein 1966).

    Returns:
        Shape (left, right).
    """
    return cdist(left, right, scorer=Levenshtein.distance, dtype=np.int64)
