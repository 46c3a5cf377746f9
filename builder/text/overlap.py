"""Which of many texts another one overlaps: a shared run of words, or nearly the same words.

Both answers are exact. Nothing here compares every text with every other: runs are looked up by their hash, and the
similar ones are found by their rarest words (prefix filter of Chaudhuri et al. 2006: of two texts that share most of
their words, each has a rare one of the other's), so that the work grows with the texts and not with their pairs.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")

_SLACK = 1e-9
"""Shares are compared as floats; a share that is exactly the least one counts."""

Token = tuple[str, int]
"""A word of a text, and how many times it stood there before: with these, a text is a set."""


@dataclass(frozen=True, slots=True)
class Index:
    """Texts, ready to be asked which of them another text overlaps. A text is named by its place."""

    words: Sequence[Sequence[str]]
    """The words of each text, in order."""
    tokens: Sequence[frozenset[Token]]
    """The same as sets."""
    sizes: NDArray[np.int64]
    """How many tokens each text has."""
    holders: Mapping[Token, NDArray[np.int64]]
    """The texts that hold each token."""
    ngram: int
    """How long a run is; 0 where runs were not indexed."""
    runs: Mapping[int, Sequence[tuple[int, int]]]
    """By the hash of a run: text and first word of each of its places."""


def words_of(text: str) -> list[str]:
    """The words and numbers of a text in small letters; in Chinese and Japanese, each character.

    >>> words_of("Ann's 3 pens: 三支笔")
    ['ann', 's', '3', 'pens', '三', '支', '笔']
    """
    return _WORD.findall(text.lower())


def index_texts(texts: Sequence[str], ngram: int = 0) -> Index:
    """Make texts ready to be asked about.

    Args:
        texts: the texts; where several answer alike, the first is named.
        ngram: index runs of so many words too.
    """
    words = [words_of(text) for text in texts]
    tokens = [frozenset(_tokens(each)) for each in words]
    holders: dict[Token, list[int]] = {}
    for place, token in ((place, token) for place, each in enumerate(tokens) for token in each):
        holders.setdefault(token, []).append(place)
    runs: dict[int, list[tuple[int, int]]] = {}
    for place, each in enumerate(words) if ngram else ():
        for start, run in enumerate(_runs(each, ngram)):
            runs.setdefault(hash(run), []).append((place, start))
    sizes = np.array([len(each) for each in tokens], dtype=np.int64)
    return Index(words, tokens, sizes, {token: np.array(places) for token, places in holders.items()}, ngram, runs)


def _tokens(words: Sequence[str]) -> Iterator[Token]:
    seen: Counter[str] = Counter()
    for word in words:
        yield word, seen[word]
        seen[word] += 1


def _runs(words: Sequence[str], ngram: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(ngram)), strict=False)


def shared_run(index: Index, words: Sequence[str]) -> tuple[int, str] | None:
    """Find a run of words that stands in one of the texts too.

    Args:
        index: the texts, with runs.
        words: what `words_of` gives.

    Returns:
        The first text that shares a run, and the first such run; None where none does.
    """
    found = [
        (place, start, run)
        for start, run in enumerate(_runs(words, index.ngram))
        for place, there in index.runs.get(hash(run), ())
        if tuple(index.words[place][there : there + index.ngram]) == run
    ]
    if not found:
        return None
    place, _, run = min(found)
    return place, " ".join(run)


def nearest(index: Index, words: Sequence[str], least: float = 0.0) -> tuple[int, float] | None:
    """Find the text with the most similar words.

    The similarity of two texts is the share of their words that they have in common, from 0 to 1 (Dice's
    coefficient; rapidfuzz's ratio of the sorted words gives the same number).

    Args:
        index: the texts.
        words: what `words_of` gives.
        least: texts below this similarity are passed over, which is faster the higher it is.

    Returns:
        The first of the nearest texts and its similarity; None where all are below `least`, or share no word.
    """
    tokens = set(_tokens(words))
    known = sorted((token for token in tokens if token in index.holders), key=lambda token: len(index.holders[token]))
    if not known:
        return None
    size = len(tokens)
    needed = ceil(least * size / (2 - least) - _SLACK)
    rare = max(1, len(known) - max(0, needed - 1))
    counts = np.bincount(np.concatenate([index.holders[token] for token in known[:rare]]), minlength=len(index.words))
    both = size + index.sizes
    most = 2 * np.minimum(counts + len(known) - rare, index.sizes) / both
    (hopeful,) = np.nonzero((counts > 0) & (most >= least - _SLACK))
    best: tuple[float, int] | None = None
    for place in hopeful[np.argsort(-most[hopeful], kind="stable")].tolist():
        if best is not None and most[place] < best[0]:
            break
        shared = int(counts[place]) if rare == len(known) else len(tokens & index.tokens[place])
        alike = 2 * shared / int(both[place])
        if alike >= least - _SLACK and (best is None or (alike, -place) > best):
            best = (alike, -place)
    return None if best is None else (-best[1], best[0])
