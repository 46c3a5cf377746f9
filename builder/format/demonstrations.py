"""Demonstrations: which other solved problems a row shows before its own (law 6).

They come from the training split, from other groups, and none shows a problem twice. Groups and the samples of each
stand in a ring by keyed hash; a row starts at its own place and goes on until it has enough. So a new problem is shown
by the rows just before it in the ring, and all others keep what they show.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from cotloom.schemas.ids import rank

Item = TypeVar("Item")
Row = dict[str, Any]
"""A kept sample with its problem, as `format_examples` joins them."""


@dataclass(frozen=True, slots=True)
class Ring(Generic[Item]):
    """Items in the order of their places, the last followed by the first."""

    places: list[int]
    """Their places, from the lowest."""
    items: list[Item]
    """The items."""

    def after(self, place: int) -> Iterator[Item]:
        """Go once around, from a place on."""
        start = bisect_left(self.places, place)
        return (self.items[(start + step) % len(self.items)] for step in range(len(self.items)))


Pool = Ring[tuple[str, Ring[Row]]]
"""What may be shown: a ring of groups, each a ring of samples."""


def pool_of(rows: Iterable[Row], seed: int) -> Pool:
    """Lay out what may be shown.

    Args:
        rows: kept samples of the training split and of one answer type.
        seed: key of the order.
    """
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[group_of(row)].append(row)
    key = f"demonstrations:{seed}"
    rings = [(group, _ring([(rank(key, row["sample_id"]), row) for row in own])) for group, own in groups.items()]
    return _ring([(rank(key, group), (group, ring)) for group, ring in rings])


def _ring(placed: Sequence[tuple[int, Item]]) -> Ring[Item]:
    order = sorted(placed, key=lambda item: item[0])
    return Ring([place for place, _ in order], [item for _, item in order])


def group_of(row: Row) -> str:
    """The group of a row's problem: itself, where it has none."""
    return str(row["group"] or row["problem_id"])


def draw(pool: Pool, row: Row, shots: tuple[int, int], seed: int) -> list[Row]:
    """Draw the demonstrations of a row.

    Args:
        pool: what may be shown.
        row: the row.
        shots: the fewest and the most; how many is drawn too. Fewer come where there are no more.
        seed: key of the draw.

    Returns:
        Samples of other groups, each of another problem, and of as many groups as there are.
    """
    fewest, most = shots
    place = rank(f"shown:{seed}", row["sample_id"])
    count = fewest + rank(f"shots:{seed}", row["sample_id"]) % (most - fewest + 1)
    others = (ring for group, ring in pool.after(place) if group != group_of(row))
    lines = [ring.after(place) for ring in islice(others, count)]
    shown: dict[str, Row] = {}
    while lines and len(shown) < count:
        lines = [line for line in lines if len(shown) < count and _took(line, shown)]
    return list(shown.values())


def _took(line: Iterator[Row], shown: dict[str, Row]) -> bool:
    """Show the next sample of a group whose problem is not shown yet; false where the group has no more."""
    found = next((row for row in line if row["problem_id"] not in shown), None)
    if found is not None:
        shown[found["problem_id"]] = found
    return found is not None
