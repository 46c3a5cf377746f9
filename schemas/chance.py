"""Choices by chance that are the same in every process: each is a keyed hash, not a stream's next number."""

from collections.abc import Sequence
from typing import TypeVar

from cotloom.schemas.ids import RANKS, rank

Item = TypeVar("Item")


def share(key: str, what: str) -> float:
    """Draw a number from 0 (included) to 1 (excluded) for a key and a purpose.

    >>> share("a", "slip") == share("a", "slip")
    True
    """
    return rank(key, what) / RANKS


def pick(items: Sequence[Item], key: str, what: str) -> Item:
    """Draw one of the items for a key and a purpose."""
    return items[rank(key, what) % len(items)]
