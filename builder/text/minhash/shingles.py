"""The shingles of many texts as numbers: each run of three words, hashed, once for each text.

Where words are not spaced, characters stand for them. All texts of a batch are hashed at once: the hash of a word is a
polynomial over its bytes, from sums that all words share (Karp and Rabin 1987), so that no word is looked at alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ...languages import UNSPACED, has_unspaced

SIZE = 3
"""Words of a shingle."""

MAX_CHARACTERS = 20_000
"""Of a longer text, so many characters are compared: the first ones."""

_BATCH = 4_000_000
"""About so many characters are hashed at once."""

_NO_WORD = re.compile(r"[\W_]+")
_LETTER = re.compile(f"([{UNSPACED}])")
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""The multipliers of splitmix64 (Steele et al. 2014)."""

_IS_WORD = np.array([code >= 128 or chr(code).isalnum() for code in range(256)])
_LOWER = np.array([code + 32 if 65 <= code <= 90 else code for code in range(256)], np.uint64)

Hashes = NDArray[np.uint32]
Positions = NDArray[np.int64]
Number = TypeVar("Number", np.uint64, np.int64)


@dataclass(frozen=True, slots=True)
class Shingles:
    """The shingles of many texts."""

    hashes: Hashes
    """The distinct shingles of each text, ascending, one text after the other."""
    starts: Positions
    """Where each text begins in `hashes`; one more than there are texts."""


def hash_shingles(texts: Sequence[str]) -> Shingles:
    """Hash the shingles of texts.

    A text of fewer words than a shingle has is one shingle; a text without a word has none.
    """
    parts, batch, size = [], [], 0
    for text in texts:
        batch.append(_prepare(text))
        size += len(batch[-1])
        if size > _BATCH:
            parts.append(_hash_batch(batch))
            batch, size = [], 0
    return join_shingles([*parts, _hash_batch(batch)])


def join_shingles(parts: Sequence[Shingles]) -> Shingles:
    """Join the shingles of several lists of texts."""
    sizes = np.concatenate([np.empty(0, np.int64), *(np.diff(part.starts) for part in parts)])
    hashes = np.concatenate([np.empty(0, np.uint32), *(part.hashes for part in parts)])
    return Shingles(hashes, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def _prepare(text: str) -> bytes:
    """Lower the letters of a text that is not ASCII, drop its signs, and part characters that are words."""
    text = text[:MAX_CHARACTERS]
    if text.isascii():
        return text.encode()
    text = _NO_WORD.sub(" ", text.lower())
    return (_LETTER.sub(r" \1 ", text) if has_unspaced(text) else text).encode(errors="replace")


def _hash_batch(texts: Sequence[bytes]) -> Shingles:
    words, owners = _hash_words(texts)
    counts = np.bincount(owners, minlength=len(texts))
    shingles = words.copy()
    for step in range(1, SIZE):
        shifted = np.append(words[step:], np.zeros(min(step, len(words)), np.uint64))
        is_same = np.append(owners[step:], np.full(min(step, len(owners)), -1)) == owners
        shingles = np.where(is_same, _mix(shingles + shifted * np.uint64(2 * step + 1)), shingles)
    place = np.arange(len(words)) - np.repeat(np.cumsum(counts) - counts, counts)
    is_whole = (place <= np.repeat(counts, counts) - SIZE) | (place == 0)
    keys = (owners[is_whole].astype(np.uint64) << np.uint64(32)) | (_mix(shingles[is_whole]) >> np.uint64(32))
    keys = drop_repeats(np.sort(keys))
    sizes = np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=len(texts))
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Shingles(keys.astype(np.uint32), starts)


def drop_repeats(ascending: NDArray[Number]) -> NDArray[Number]:
    """Drop the repeats among ascending numbers. `np.unique` hashes them, which takes ten times as long."""
    is_first = np.ones(len(ascending), np.bool_)
    is_first[1:] = ascending[1:] != ascending[:-1]
    return ascending[is_first]


def _hash_words(texts: Sequence[bytes]) -> tuple[NDArray[np.uint64], Positions]:
    """Hash the words of texts. Returns the hash of each word, and the number of its text."""
    data = np.frombuffer(b" ".join([*texts, b""]) or b" ", np.uint8)
    is_word = _IS_WORD[data]
    edges = np.diff(np.concatenate([[False], is_word, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    limits = np.cumsum([len(text) + 1 for text in texts]) if texts else np.empty(0, np.int64)
    powers = np.multiply.accumulate(np.full(len(data), _BASE, np.uint64))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum((_LOWER[data] + np.uint64(1)) * powers, dtype=np.uint64)])
    inverses = np.multiply.accumulate(np.full(len(data), _INVERSE, np.uint64))
    hashes = _mix((sums[ends] - sums[starts]) * inverses[starts])
    return hashes, np.searchsorted(limits, starts, side="right").astype(np.int64)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread numbers over all bits."""
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    mixed: NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return mixed
