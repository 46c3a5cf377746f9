"""The pairs of texts that have most of their shingles in common, found without comparing all pairs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from .shingles import Hashes, Positions, Shingles, drop_repeats

MIN_SIMILARITY = 0.6
"""Of pairs less similar than this, too many are missed for a search."""

_ROWS, _BANDS = 5, 16
"""Two texts are candidates where all `_ROWS` values of one of `_BANDS` bands agree: at a similarity of 0.8 with a
probability of 99.8 %, at 0.6 of 73 %, at 0.3 of 4 %."""

_SEED = 20_261_122
_CHUNK = 20_000
"""So many texts are signed at once, and so many pairs compared."""

_CROWD = 24
"""In a band, each of more texts with the same values is a candidate with so many that follow only."""

_TIES = 3
"""So many further bands order the texts of a crowd."""

_COMMON_SHARE, _COMMON_FROM, _SAMPLE = 0.5, 100, 20_000
"""A shingle that this share of at least so many texts has is boilerplate; of more texts, so many are counted: those
of the lowest hash."""


@dataclass(frozen=True, slots=True)
class NearPairs:
    """Pairs of texts of different owners, each once, in the order of their places."""

    left: Positions
    """The place of one text."""
    right: Positions
    """The place of the other, which comes later."""
    similarities: NDArray[np.float64]
    """Shingles in common of all that one of them has (Jaccard), without boilerplate."""


def find_near_pairs(shingles: Shingles, owners: Positions, least: float) -> NearPairs:
    """Find the texts that are nearly the same as another one's.

    Args:
        shingles: the texts. Shingles that half of them share are left out.
        owners: a number for each text; two texts of one owner are no pair.
        least: the similarity from which on a pair counts, `MIN_SIMILARITY` at least.
    """
    shingles = _drop_boilerplate(shingles)
    candidates = _find_candidates(_sign_bands(shingles), owners, shingles)
    left, right = candidates // len(owners), candidates % len(owners)
    parts = [
        _compare(shingles, left[start : start + _CHUNK], right[start : start + _CHUNK])
        for start in range(0, len(left), _CHUNK)
    ]
    similarities = np.concatenate([np.empty(0, np.float64), *parts])
    is_near = similarities >= least - 1e-9
    return NearPairs(left[is_near], right[is_near], similarities[is_near])


def _drop_boilerplate(shingles: Shingles) -> Shingles:
    """Leave out the shingles that half of the texts have, where there are many texts."""
    sizes = np.diff(shingles.starts)
    filled = np.flatnonzero(sizes)
    if len(filled) < _COMMON_FROM:
        return shingles
    firsts = shingles.hashes[shingles.starts[filled]]
    limit = np.partition(firsts, min(_SAMPLE, len(filled)) - 1)[min(_SAMPLE, len(filled)) - 1]
    sampled = filled[firsts <= limit]
    values, counts = np.unique(_gather(shingles, sampled), return_counts=True)
    common = values[counts >= _COMMON_SHARE * len(sampled)]
    if not len(common):
        return shingles
    is_kept = ~np.isin(shingles.hashes, common)
    owners = np.repeat(np.arange(len(sizes)), sizes)[is_kept]
    starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(sizes)))]).astype(np.int64)
    return Shingles(shingles.hashes[is_kept], starts)


def _gather(shingles: Shingles, texts: Positions) -> Hashes:
    """Gather the shingles of some texts."""
    sizes = shingles.starts[texts + 1] - shingles.starts[texts]
    places = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    gathered: Hashes = shingles.hashes[np.repeat(shingles.starts[texts], sizes) + places]
    return gathered


def _sign_bands(shingles: Shingles) -> NDArray[np.uint64]:
    """Sign each text by MinHash. Returns a number for each band and text; texts without shingles have any."""
    count = len(shingles.starts) - 1
    bands = np.zeros((_BANDS, count), np.uint64)
    for start in range(0, count, _CHUNK):
        stop = min(start + _CHUNK, count)
        offsets = shingles.starts[start : stop + 1]
        hashes = shingles.hashes[offsets[0] : offsets[-1]].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets - offsets[0], _ROWS * _BANDS, _SEED)
        values = np.array(matrix.to_rows(), np.uint64).reshape(stop - start, _BANDS, _ROWS)
        keys = np.zeros((stop - start, _BANDS), np.uint64)
        for row in range(_ROWS):
            keys = (keys ^ values[:, :, row]) * np.uint64(0xBF58476D1CE4E5B9)
            keys ^= keys >> np.uint64(29)
        bands[:, start:stop] = keys.T
    return bands


def _find_candidates(bands: NDArray[np.uint64], owners: Positions, shingles: Shingles) -> Positions:
    """Find the pairs that agree in a band: numbers of the first text times all texts, plus the second, ascending."""
    filled = np.flatnonzero(np.diff(shingles.starts))
    found = np.empty(0, np.int64)
    for number in range(len(bands)):
        chosen = bands[(number + np.arange(1 + _TIES)) % len(bands)]
        pairs = np.concatenate([np.empty(0, np.int64), *_list_pairs(chosen, filled, owners)])
        found = drop_repeats(np.sort(np.concatenate([found, drop_repeats(np.sort(pairs))]), kind="stable"))
    return found


def _list_pairs(bands: NDArray[np.uint64], filled: Positions, owners: Positions) -> Iterator[Positions]:
    """List the pairs that agree in the first of some bands: of each crowd, texts up to `_CROWD` places apart.

    A crowd is in the order of the other bands: texts that agree in a second one are the likeliest, and stand together.
    """
    order = filled[np.lexsort(bands[::-1, filled])]
    keys = bands[0, order]
    for step in range(1, _CROWD + 1):
        if len(order) <= step:
            return
        is_pair = keys[step:] == keys[:-step]
        if not is_pair.any():
            return
        left, right = order[:-step][is_pair], order[step:][is_pair]
        is_other = owners[left] != owners[right]
        yield np.minimum(left, right)[is_other] * len(owners) + np.maximum(left, right)[is_other]


def _compare(shingles: Shingles, left: Positions, right: Positions) -> NDArray[np.float64]:
    """Compute the similarity of pairs exactly."""
    sizes = np.diff(shingles.starts)
    pairs = np.arange(len(left), dtype=np.uint64)
    keys = np.concatenate([
        (np.repeat(pairs, sizes[texts]) << np.uint64(32)) | _gather(shingles, texts) for texts in (left, right)
    ])  # fmt: skip
    keys.sort()
    shared = np.bincount((keys[1:][keys[1:] == keys[:-1]] >> np.uint64(32)).astype(np.int64), minlength=len(left))
    similarity: NDArray[np.float64] = shared / np.maximum(sizes[left] + sizes[right] - shared, 1)
    return similarity
