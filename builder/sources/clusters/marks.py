"""Bound what the frequent words that two templates share can weigh, from a few bits for each template.

Most pairs that share a rare word share little else. Their frequent words need not be compared one by one to see that:
each template gets a bit for each frequent word, a few words to a bit where there are many, and bits are counted many
pairs at once. The bound is never too low, and exact where no bit stands for two words of a template.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCKS = 8
"""How many blocks of 64 bits a template has."""

_BITS = 64

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Marks:
    """The bits of templates."""

    bits: NDArray[np.uint64]
    """Shape (templates, BLOCKS)."""
    weights: Ints
    """Shape (BLOCKS,): the most that a word of each block weighs."""
    lost: Ints
    """Shape (templates,): what the words of each template weigh that share a bit with one before them."""


def mark_words(words: Ints, owners: Ints, weights: Ints, templates: int) -> Marks:
    """Mark the words of templates.

    Args:
        words: their words, from 0 on, the heaviest first; sorted by template and word.
        owners: the template of each of them.
        weights: shape (different words,): what each word weighs, falling.
        templates: how many templates there are.
    """
    highest = np.zeros(BLOCKS, np.int64)
    bits = np.zeros(templates * BLOCKS, np.uint64)
    if not len(words):
        return Marks(bits.reshape(templates, BLOCKS), highest, np.zeros(templates, np.int64))
    places = np.arange(len(weights)) * min(BLOCKS * _BITS, len(weights)) // len(weights)
    np.maximum.at(highest, places // _BITS, weights)
    place = places[words]
    is_again = np.zeros(len(words), bool)
    is_again[1:] = (place[1:] == place[:-1]) & (owners[1:] == owners[:-1])
    lost = np.bincount(owners[is_again], weights[words[is_again]], minlength=templates).astype(np.int64)
    blocks = owners * BLOCKS + place // _BITS
    firsts = np.flatnonzero(np.concatenate([[True], blocks[1:] != blocks[:-1]]))
    ones = np.left_shift(np.uint64(1), (place % _BITS).astype(np.uint64))
    bits[blocks[firsts]] = np.bitwise_or.reduceat(ones, firsts)
    return Marks(bits.reshape(templates, BLOCKS), highest, lost)


def bound_shared(marks: Marks, left: Ints, right: Ints) -> Ints:
    """Bound what the words that the templates of each pair share weigh: at most so much."""
    counts = np.bitwise_count(marks.bits[left] & marks.bits[right])
    bound: Ints = counts.astype(np.int64) @ marks.weights + np.minimum(marks.lost[left], marks.lost[right])
    return bound
