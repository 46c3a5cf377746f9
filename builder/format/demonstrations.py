"""Sample demonstrations: the solved problems that a row shows before its own (law 6).

They come from the training split and from other groups, and a problem is shown at most once. Groups, and the samples of
each, are ordered in a ring by keyed hash. A row starts at its own hash and takes what follows until it has enough. So
only the rows just before a new problem in the ring show it; all others keep their demonstrations (law 9).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from ...schemas.ids import rank

Item = TypeVar("Item")
Row = dict[str, Any]
"""A kept sample with its problem, as `format_examples` joins them."""


@dataclass(frozen=True, slots=True)
class Ring(Generic[Item]):
    """Items in the order of their positions; the first follows the last."""

    positions: list[int]
    """The keyed hash of each item, in ascending order."""
    items: list[Item]
    """The items, in the same order."""

    def iterate_from(self, position: int) -> Iterator[Item]:
        """Iterate over all items once, from a position on."""
        start = bisect_left(self.positions, position)
        return (self.items[(start + step) % len(self.items)] for step in range(len(self.items)))


Pool = Ring[tuple[str, Ring[Row]]]
"""The candidates for demonstrations: a ring of groups, each a ring of samples."""


def build_pool(rows: Iterable[Row], seed: int) -> Pool:
    """Build the pool of demonstrations.

    Args:
        rows: kept samples of the training split and of one answer type.
        seed: key of the order.
    """
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[get_group(row)].append(row)
    key = f"demonstrations:{seed}"
    rings = [
        (group, _build_ring([(rank(key, row["sample_id"]), row) for row in members]))
        for group, members in groups.items()
    ]
    return _build_ring([(rank(key, group), (group, ring)) for group, ring in rings])


def _build_ring(positioned: Sequence[tuple[int, Item]]) -> Ring[Item]:
    ordered = sorted(positioned, key=lambda item: item[0])
    return Ring([position for position, _ in ordered], [item for _, item in ordered])


def get_group(row: Row) -> str:
    """The group of a row's problem; the id of the problem where it has none."""
    return str(row["group"] or row["problem_id"])


def sample_demonstrations(pool: Pool, row: Row, shots: tuple[int, int], seed: int) -> list[Row]:
    """Sample the demonstrations of a row.

    Args:
        pool: the candidates.
        row: the row, by its sample_id, problem_id and group.
        shots: the fewest and the most; the number is sampled too. The result is shorter where the pool is too small.
        seed: key of the sampling.

    Returns:
        Samples of other groups, each of another problem, from as many groups as possible.
    """
    fewest, most = shots
    position = rank(f"shown:{seed}", row["sample_id"])
    count = fewest + rank(f"shots:{seed}", row["sample_id"]) % (most - fewest + 1)
    groups = (ring for group, ring in pool.iterate_from(position) if group != get_group(row))
    queues = [ring.iterate_from(position) for ring in islice(groups, count)]
    shown: dict[str, Row] = {}
    while queues and len(shown) < count:
        queues = [queue for queue in queues if len(shown) < count and _take_next(queue, shown)]
    return list(shown.values())


def _take_next(queue: Iterator[Row], shown: dict[str, Row]) -> bool:
    """Add the next sample of a group whose problem is not shown yet; False where the group has no more."""
    sample = next((row for row in queue if row["problem_id"] not in shown), None)
    if sample is not None:
        shown[sample["problem_id"]] = sample
    return sample is not None
