"""Find the indexed text that a text overlaps: by a shared word n-gram, or by the similarity of their words.

Both results are exact, without comparing all pairs: n-grams are looked up by their hash, and similar texts by their
rarest words (prefix filter of Chaudhuri et al. 2006: two texts that share most of their words also share a rare one).
The cost grows with the number of texts, not with the number of pairs.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..languages import UNSPACED

_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")

SLACK = 1e-9
"""Tolerance of float comparisons: a similarity equal to the threshold counts."""

CountedWord = tuple[str, int]
"""A word and the number of its earlier occurrences in the text, so that a text becomes a set."""


@dataclass(frozen=True, slots=True)
class OverlapIndex:
    """An index of texts for `find_shared_run` and `find_nearest`. A text is identified by its position."""

    words: Sequence[Sequence[str]]
    """The words of each text, in order."""
    tokens: Sequence[frozenset[CountedWord]]
    """The words of each text as a set."""
    sizes: NDArray[np.int64]
    """The number of words of each text."""
    holders: Mapping[CountedWord, NDArray[np.int64]]
    """Positions of the texts that contain each word."""
    ngram: int
    """The number of words of a run; 0 where runs are not indexed."""
    runs: Mapping[int, Sequence[tuple[int, int]]]
    """By the hash of a run: the position of the text and of the run's first word, for each occurrence."""


def split_words(text: str) -> list[str]:
    """Split a text into lower-case words and numbers; in Chinese and Japanese, into characters.

    >>> split_words("Ann's 3 pens: 三支笔")
    ['ann', 's', '3', 'pens', '三', '支', '笔']
    """
    return _WORD.findall(text.lower())


def index_texts(texts: Sequence[str], ngram: int = 0) -> OverlapIndex:
    """Index texts for overlap searches.

    Args:
        texts: the texts; of several equal matches, a search returns the first.
        ngram: the number of words of the runs to index; 0 for no runs.
    """
    words = [split_words(text) for text in texts]
    tokens = [frozenset(_count_repeats(each)) for each in words]
    holders: dict[CountedWord, list[int]] = {}
    for position, token in ((position, token) for position, each in enumerate(tokens) for token in each):
        holders.setdefault(token, []).append(position)
    runs: dict[int, list[tuple[int, int]]] = {}
    for position, each in enumerate(words) if ngram else ():
        for start, run in enumerate(_list_ngrams(each, ngram)):
            runs.setdefault(hash(run), []).append((position, start))
    sizes = np.array([len(each) for each in tokens], dtype=np.int64)
    arrays = {token: np.array(positions) for token, positions in holders.items()}
    return OverlapIndex(words, tokens, sizes, arrays, ngram, runs)


def _count_repeats(words: Sequence[str]) -> Iterator[CountedWord]:
    seen: Counter[str] = Counter()
    for word in words:
        yield word, seen[word]
        seen[word] += 1


def _list_ngrams(words: Sequence[str], ngram: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(ngram)), strict=False)


def find_shared_run(index: OverlapIndex, words: Sequence[str]) -> tuple[int, str] | None:
    """Find a run of words that also occurs in one of the texts.

    Args:
        index: the texts, with runs.
        words: the result of `split_words`.

    Returns:
        The position of the first text that shares a run, and the first such run; None where no text shares one.
    """
    matches = [
        (position, start, run)
        for start, run in enumerate(_list_ngrams(words, index.ngram))
        for position, first in index.runs.get(hash(run), ())
        if tuple(index.words[position][first : first + index.ngram]) == run
    ]
    if not matches:
        return None
    position, _, run = min(matches)
    return position, " ".join(run)


def find_nearest(index: OverlapIndex, words: Sequence[str], least: float = 0.0) -> tuple[int, float] | None:
    """Find the text with the most similar words.

    The similarity of two texts is the share of their words that they have in common, from 0 to 1 (Dice coefficient;
    equal to rapidfuzz's ratio of the sorted words).

    Args:
        index: the texts.
        words: the result of `split_words`.
        least: texts below this similarity are skipped; the search is faster the higher it is.

    Returns:
        The position of the first nearest text and its similarity; None where all are below `least` or share no word.
    """
    tokens = set(_count_repeats(words))
    known = sorted((token for token in tokens if token in index.holders), key=lambda token: len(index.holders[token]))
    if not known:
        return None
    size = len(tokens)
    needed = ceil(least * size / (2 - least) - SLACK)
    rare = max(1, len(known) - max(0, needed - 1))
    counts = np.bincount(np.concatenate([index.holders[token] for token in known[:rare]]), minlength=len(index.words))
    sizes = size + index.sizes
    bounds = 2 * np.minimum(counts + len(known) - rare, index.sizes) / sizes
    (candidates,) = np.nonzero((counts > 0) & (bounds >= least - SLACK))
    best: tuple[float, int] | None = None
    for position in candidates[np.argsort(-bounds[candidates], kind="stable")].tolist():
        if best is not None and bounds[position] < best[0]:
            break
        shared = int(counts[position]) if rare == len(known) else len(tokens & index.tokens[position])
        similarity = 2 * shared / int(sizes[position])
        if similarity >= least - SLACK and (best is None or (similarity, -position) > best):
            best = (similarity, -position)
    return None if best is None else (-best[1], best[0])
