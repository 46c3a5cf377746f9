"""Random choices that are the same in every process: each is a keyed hash, not the next number of a stream."""

from collections.abc import Sequence
from typing import TypeVar

from .ids import RANKS, rank

Item = TypeVar("Item")


def draw_share(key: str, purpose: str) -> float:
    """Draw a number in [0, 1) for a key and a purpose.

    >>> draw_share("a", "slip") == draw_share("a", "slip")
    True
    """
    return rank(key, purpose) / RANKS


def pick(items: Sequence[Item], key: str, purpose: str) -> Item:
    """Draw one of the items for a key and a purpose."""
    return items[rank(key, purpose) % len(items)]
