"""Sample demonstrations: the solved problems that a row shows before its own (law 6).

They come from the training split and from other groups, and a problem is shown at most once. Groups, and the samples of
each, are ordered in a ring by keyed hash. A row starts at its own hash and takes what follows until it has enough. So
only the rows just before a new problem in the ring show it; all others keep their demonstrations (law 9).

The ring holds ranks and addresses, some 32 bytes a sample, never texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ranks = NDArray[np.uint64]
Integers = NDArray[np.int64]

ADDRESS_BITS = 32
"""An address is the number of a bucket, and in its last bits the number of a row among the bucket's texts."""

RING_COLUMNS = ("ring", "group_rank", "sample_rank", "problem", "address")
"""The columns of the table that a ring is built from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ring:
    """The candidates of one answer type and language: a ring of groups, each a ring of samples."""

    groups: Ranks
    """The rank of each group, ascending."""
    starts: Integers
    """Where the samples of each group start; one more entry, the number of all samples, at the end."""
    samples: Ranks
    """The rank of each sample, ascending within its group."""
    problems: Ranks
    """A number for the problem of each sample."""
    addresses: Integers
    """The address of each sample."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """The demonstrations of some rows."""

    addresses: Integers
    """The addresses of all demonstrations, row after row."""
    counts: Integers
    """How many each row has."""


def build_rings(candidates: pl.DataFrame) -> dict[str, Ring]:
    """Build a ring for each answer type and language.

    Args:
        candidates: the columns `RING_COLUMNS`, a row for each sample that may be shown.
    """
    ordered = candidates.sort("ring", "group_rank", "sample_rank", "address")
    return {str(part["ring"][0]): _build_ring(part) for part in ordered.partition_by("ring")}


def _build_ring(part: pl.DataFrame) -> Ring:
    groups, starts = np.unique(part["group_rank"].to_numpy(), return_index=True)
    return Ring(
        groups=groups,
        starts=np.append(starts, part.height).astype(np.int64),
        samples=part["sample_rank"].to_numpy(),
        problems=part["problem"].to_numpy(),
        addresses=part["address"].to_numpy(),
    )


def sample_demonstrations(ring: Ring | None, positions: Ranks, counts: Integers, own_groups: Ranks) -> Shown:
    """Sample the demonstrations of some rows: each of another problem, from as many other groups as possible.

    Args:
        ring: the candidates; None where there are none.
        positions: the rank at which each row starts.
        counts: how many demonstrations each row should have; it gets fewer where there are not enough.
        own_groups: the rank of the group of each row.
    """
    if ring is None or not len(positions):
        return Shown(addresses=np.array([], dtype=np.int64), counts=np.zeros(len(positions), dtype=np.int64))
    is_own = ring.groups[np.searchsorted(ring.groups, own_groups) % len(ring.groups)] == own_groups
    others = len(ring.groups) - is_own
    if (others >= counts).all():
        return _sample_one_each(ring, positions, counts, own_groups)
    rows = [
        _sample_row(ring, position, count, own)
        for position, count, own in zip(positions, counts.tolist(), own_groups, strict=True)
    ]
    flat = [address for row in rows for address in row]
    return Shown(addresses=np.array(flat, dtype=np.int64), counts=np.array([len(row) for row in rows], dtype=np.int64))


def _sample_one_each(ring: Ring, positions: Ranks, counts: Integers, own_groups: Ranks) -> Shown:
    """Sample one demonstration from each of the next groups, where every row has enough other groups."""
    most = int(counts.max(initial=0))
    first = np.searchsorted(ring.groups, positions)
    numbers = (first[:, None] + np.arange(most + 1)) % len(ring.groups)
    is_other = ring.groups[numbers] != own_groups[:, None]
    is_taken = is_other & (np.cumsum(is_other, axis=1) <= counts[:, None])
    rows, _ = np.nonzero(is_taken)
    found = _find_next(ring, numbers[is_taken], positions[rows])
    return Shown(addresses=ring.addresses[found], counts=counts)


def _find_next(ring: Ring, groups: Integers, positions: Ranks) -> Integers:
    """Find the first sample of some groups from a position on; the first follows the last.

    A binary search in all groups at once: they lie one after another, each sorted.
    """
    begin, end = ring.starts[groups], ring.starts[groups + 1]
    low, high = begin.copy(), end.copy()
    while (low < high).any():
        middle = (low + high) // 2
        is_below = (low < high) & (ring.samples[np.minimum(middle, len(ring.samples) - 1)] < positions)
        low, high = np.where(is_below, middle + 1, low), np.where(is_below | (low >= high), high, middle)
    return np.where(low == end, begin, low)


def _sample_row(ring: Ring, position: np.uint64, count: int, own_group: np.uint64) -> list[int]:
    """Sample the demonstrations of one row, group by group and round by round, where there are few groups."""
    first, size = int(np.searchsorted(ring.groups, position)), len(ring.groups)
    groups = [(first + step) % size for step in range(size) if ring.groups[(first + step) % size] != own_group]
    queues = [_Queue(ring, group, position) for group in groups[:count]]
    shown: dict[int, int] = {}
    while queues and len(shown) < count:
        queues = [queue for queue in queues if len(shown) < count and queue.take_next(shown)]
    return list(shown.values())


class _Queue:
    """The samples of one group, from a position on, each once."""

    def __init__(self, ring: Ring, group: int, position: np.uint64) -> None:
        self._ring = ring
        self._begin, self._end = int(ring.starts[group]), int(ring.starts[group + 1])
        self._first = int(_find_next(ring, np.array([group]), np.array([position]))[0])
        self._taken = 0

    def take_next(self, shown: dict[int, int]) -> bool:
        """Add the next sample whose problem is not shown yet, by problem; False where there is none."""
        size = self._end - self._begin
        while self._taken < size:
            index = self._begin + (self._first - self._begin + self._taken) % size
            self._taken += 1
            problem = int(self._ring.problems[index])
            if problem not in shown:
                shown[problem] = int(self._ring.addresses[index])
                return True
        return False


def save_rings(rings: Mapping[str, Ring]) -> dict[str, Sequence[object]]:
    """List the arrays of rings by name, as `numpy.savez` takes them."""
    return {
        f"{kind}.{name}": getattr(ring, name)
        for kind, ring in rings.items()
        for name in ("groups", "starts", "samples", "problems", "addresses")
    }


def load_rings(arrays: Mapping[str, NDArray[np.generic]]) -> dict[str, Ring]:
    """Make rings of the arrays that `save_rings` listed."""
    kinds = dict.fromkeys(name.rpartition(".")[0] for name in arrays)
    names = ("groups", "starts", "samples", "problems", "addresses")
    return {kind: Ring(**{name: arrays[f"{kind}.{name}"] for name in names}) for kind in kinds}  # type: ignore[arg-type]
