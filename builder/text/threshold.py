"""Find the most similar of many texts, where only those from one fixed similarity on count.

The result is that of `overlap.find_nearest`, at a cost that hardly grows with the number of texts. Two texts that
share so many words share one of their rarest (prefix filter of Chaudhuri et al. 2006, applied to both of them), and
how many of the rarest depends on the sizes of both. So a text is indexed by a few of its words only, and of those
that a search meets, most are told apart by the bits of their words (bitmap filter of Sandes et al. 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from .overlap import SLACK, split_words

_LANES = 4
"""64-bit numbers in the bitmap of a text."""

_SPREAD, _ALL_BITS = 0x9E3779B97F4A7C15, 2**64 - 1
"""An odd number that spreads neighbouring words over the bits of a bitmap."""

_LONG = 256
"""From so many entries on, those of a word are looked up by size and place; fewer are filtered one by one."""

_PLACE_BITS, _SIZE_BITS = 16, 20
"""Bits of a place and of a size in the sorting key of an entry; longer texts are counted as of the longest size."""

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ThresholdIndex:
    """An index of texts for `find_at_threshold`. A text is identified by its position.

    A word and the number of its earlier occurrences in the text have one number, the lower the rarer: a text is a set
    of numbers. Its place of a word is the number of rarer words in the text.
    """

    least: float
    """The similarity that counts."""
    numbers: dict[str, int]
    """The number of each word."""
    words: NDArray[np.int32]
    """The words of all texts, one text after the other, each from the rarest on."""
    starts: Ids
    """Where each text begins in `words`; one more than there are texts."""
    bitmaps: NDArray[np.uint64]
    """The bitmap of each text."""
    keys: NDArray[np.uint64]
    """Word, size of the text and place of each entry, sorted."""
    holders: NDArray[np.int32]
    """The text of each entry."""


def index_at_threshold(texts: Sequence[str], least: float) -> ThresholdIndex:
    """Index texts for searches at one similarity.

    Args:
        texts: the texts; of several equal matches, a search returns the first.
        least: the similarity from which on a text counts, above 0.
    """
    numbers: dict[str, int] = {}
    found = [
        np.array([numbers.setdefault(word, len(numbers)) for word in _mark_repeats(text)], np.int32) for text in texts
    ]
    sizes = np.array([len(each) for each in found], np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    words = np.concatenate([np.empty(0, np.int32), *found])
    del found
    by_rarity = np.argsort(np.bincount(words, minlength=len(numbers)), kind="stable")
    ranks = np.empty(len(numbers), np.int32)
    ranks[by_rarity] = np.arange(len(numbers), dtype=np.int32)
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), sizes)
    words = ranks[words]
    words = words[np.lexsort((words, owners))]
    keys, holders = _list_entries(words, owners, sizes, starts, least)
    return ThresholdIndex(
        least,
        {word: int(ranks[number]) for word, number in numbers.items()},
        words,
        starts,
        _draw_bitmaps(words, starts),
        keys,
        holders,
    )


def _mark_repeats(text: str) -> list[str]:
    """Split a text into words, the second occurrence of one made another word."""
    words = split_words(text)
    if len(set(words)) == len(words):
        return words
    seen: dict[str, int] = {}
    marked = []
    for word in words:
        count = seen.get(word, 0)
        seen[word] = count + 1
        marked.append(f"{word} {count}" if count else word)
    return marked


def _list_entries(
    words: NDArray[np.int32], owners: NDArray[np.int32], sizes: Ids, starts: Ids, least: float
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """List the rarest words of each text, as many as the threshold asks for against texts of the least size."""
    places = np.arange(len(words), dtype=np.int64) - np.repeat(starts[:-1], sizes)
    shared = np.ceil((least - 2 * SLACK) * sizes / (2 - least)).astype(np.int64)  # with the smallest that can match
    is_rare = places <= np.repeat(sizes - np.maximum(shared, 1), sizes)
    holders = owners[is_rare]
    keys = _make_key(words[is_rare].astype(np.int64), sizes[holders], places[is_rare])
    order = np.argsort(keys, kind="stable")
    return keys[order], holders[order]


def _make_key(words: Ids, sizes: Ids, places: Ids) -> NDArray[np.uint64]:
    """Combine word, size and place to a number that sorts by them."""
    size = np.minimum(sizes, 2**_SIZE_BITS - 1)
    place = np.clip(places, 0, 2**_PLACE_BITS - 1)
    key: NDArray[np.uint64] = ((words << (_SIZE_BITS + _PLACE_BITS)) | (size << _PLACE_BITS) | place).astype(np.uint64)
    return key


def _draw_bitmaps(words: NDArray[np.int32], starts: Ids) -> NDArray[np.uint64]:
    """Draw the words of each text as bits: texts differ in at least as many words as bits."""
    bitmaps = np.zeros((len(starts) - 1, _LANES), np.uint64)
    filled = np.flatnonzero(np.diff(starts))
    if not len(filled):
        return bitmaps
    bits = words.astype(np.uint64) * np.uint64(_SPREAD) >> np.uint64(56)
    for lane in range(_LANES):
        here: NDArray[np.uint64] = np.where(
            bits >> np.uint64(6) == lane, np.uint64(1) << (bits & np.uint64(63)), np.uint64(0)
        )
        bitmaps[filled, lane] = np.bitwise_xor.reduceat(here, starts[filled])
    return bitmaps


def _draw_bitmap(words: Sequence[int]) -> NDArray[np.uint64]:
    """Draw the words of one text as `_draw_bitmaps` does."""
    lanes = [0] * _LANES
    for word in words:
        bit = (word * _SPREAD & _ALL_BITS) >> 56
        lanes[bit >> 6] ^= 1 << (bit & 63)
    bitmap: NDArray[np.uint64] = np.array(lanes, np.uint64)
    return bitmap


def find_at_threshold(index: ThresholdIndex, text: str) -> tuple[int, float] | None:
    """Find the text with the most similar words; the similarity is that of `overlap.find_nearest`.

    Returns:
        The position of the first nearest text and its similarity; None where all are below the index's similarity.
    """
    marked = _mark_repeats(text)
    known = sorted(number for word in marked if (number := index.numbers.get(word)) is not None)
    if not known or not len(index.holders):
        return None
    candidates = _find_candidates(index, np.array(known, np.int64), len(marked))
    if not len(candidates):
        return None
    return _choose_nearest(index, candidates, known, len(marked))


def _find_candidates(index: ThresholdIndex, known: Ids, size: int) -> NDArray[np.int32]:
    """Find the texts that share one of the rarest words, as many as both sizes ask for; some more than once."""
    unknown = size - len(known)
    smallest = max(1, ceil((index.least - 2 * SLACK) * size / (2 - index.least)))
    rare = known[: size - smallest + 1 - unknown]
    if not len(rare):
        return np.empty(0, np.int32)
    places = np.arange(unknown, unknown + len(rare))
    largest = ((size - places) * (2 / (index.least - 2 * SLACK)) - size).astype(np.int64)  # that can still match
    first_word = rare << (_SIZE_BITS + _PLACE_BITS)
    longest = 2**_SIZE_BITS - 1
    low = first_word + (min(smallest, longest) << _PLACE_BITS)
    high = first_word + ((np.minimum(largest, longest) + 1) << _PLACE_BITS)
    found = np.searchsorted(index.keys, np.concatenate([low, high]).astype(np.uint64))
    low, counts = found[: len(rare)], found[len(rare) :] - found[: len(rare)]
    slices = []
    for word, first, count, most in zip(rare.tolist(), low.tolist(), counts.tolist(), largest.tolist(), strict=True):
        if count >= _LONG:
            slices += _narrow_slice(index, word, size, smallest, most)
        elif count > 0:
            slices.append(index.holders[first : first + count])
    return np.concatenate(slices) if slices else np.empty(0, np.int32)


def _narrow_slice(index: ThresholdIndex, word: int, size: int, smallest: int, most: int) -> list[NDArray[np.int32]]:
    """List the texts with a word at a place that lets them match, size by size."""
    sizes = np.arange(smallest, most + 1, dtype=np.int64)
    shared = np.maximum(np.ceil((index.least - 2 * SLACK) * (size + sizes) / 2).astype(np.int64), 1)
    possible = shared <= sizes
    sizes, shared = sizes[possible], shared[possible]
    words = np.full(len(sizes), word, np.int64)
    low = np.searchsorted(index.keys, _make_key(words, sizes, np.zeros(len(sizes), np.int64)))
    high = np.searchsorted(index.keys, _make_key(words, sizes, sizes - shared), side="right")
    return [index.holders[first:last] for first, last in zip(low.tolist(), high.tolist(), strict=True) if last > first]


def _choose_nearest(
    index: ThresholdIndex, candidates: NDArray[np.int32], known: list[int], size: int
) -> tuple[int, float] | None:
    """Choose the nearest of the candidates: those whose bits promise most are compared first."""
    sizes = index.starts[candidates + 1] - index.starts[candidates]
    differing = np.bitwise_count(index.bitmaps[candidates] ^ _draw_bitmap(known)).sum(axis=1, dtype=np.int64)
    most = np.minimum((len(known) + sizes - differing) // 2, np.minimum(sizes, len(known)))
    bounds = 2 * most / (size + sizes)
    is_promising = bounds >= index.least - SLACK
    candidates, firsts = np.unique(candidates[is_promising], return_index=True)
    bounds = bounds[is_promising][firsts]
    promising = np.argsort(-bounds, kind="stable")
    mine, best = set(known), None
    for place in promising.tolist():
        position, bound = int(candidates[place]), float(bounds[place])
        if best is not None and (bound, -position) < best:
            if bound < best[0]:
                break
            continue
        theirs = index.words[index.starts[position] : index.starts[position + 1]].tolist()
        similarity = 2 * len(mine.intersection(theirs)) / (size + len(theirs))
        if similarity >= index.least - SLACK and (best is None or (similarity, -position) > best):
            best = (similarity, -position)
    return None if best is None else (-best[1], best[0])
