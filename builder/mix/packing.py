"""How full sequences of a fixed length are when rows are packed into them, as trainers do to waste no padding."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping

from ..errors import InputError


def choose_length(longest: int) -> int:
    """Choose a length of sequences that holds the longest row: the next power of two.

    >>> choose_length(300), choose_length(512)
    (512, 512)
    """
    return 1 << max(longest - 1, 0).bit_length()


def pack_rows(lengths: Mapping[int, int], length: int) -> int:
    """Count the sequences that hold all rows, by best fit decreasing: the packing of TRL's `bfd`.

    The longest row comes first; each goes where the least room is left behind it. Equal rows are placed together, so
    the work grows with the number of distinct lengths.

    Args:
        lengths: the number of rows by their length in tokens.
        length: the tokens of a sequence.

    Raises:
        InputError: a row is longer than a sequence.

    >>> pack_rows({60: 2, 40: 2, 30: 1}, 100)
    3
    """
    sizes = sorted((size for size, rows in lengths.items() if rows), reverse=True)
    if sizes and sizes[0] > length:
        raise InputError(f"a row of {sizes[0]:,} tokens doesn't fit into sequences of {length:,}")
    rooms: Counter[int] = Counter()  # sequences by the tokens that they have left
    order: list[int] = []
    sequences = 0
    for size in sizes:
        rows = lengths[size]
        while rows and size:
            place = bisect_left(order, size)
            room = order[place] if place < len(order) else length
            each = room // size  # a sequence that took one row is the best fit for the next
            wanted = -(-rows // each)
            used = min(rooms[room], wanted) if place < len(order) else wanted
            sequences += used if place == len(order) else 0
            if place < len(order):
                _move(rooms, order, room, -used)
            full = min(used, rows // each)
            _move(rooms, order, room - each * size, full)
            if used > full:
                _move(rooms, order, room - (rows - each * full) * size, 1)
            rows -= min(rows, each * used)
    return sequences


def _move(rooms: Counter[int], order: list[int], room: int, count: int) -> None:
    """Add or remove sequences with so much room; full ones are forgotten."""
    if not count or not room:
        return
    if not rooms[room]:
        insort(order, room)
    rooms[room] += count
    if not rooms[room]:
        del rooms[room]
        order.remove(room)
