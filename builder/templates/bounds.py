"""Bounds on what a template does: work is counted in steps, so that every machine stops at the same place."""

from collections.abc import Mapping
from typing import Any

MAX_TEMPLATE = 10_000
"""The longest template, in characters."""

MAX_DEPTH = 50
"""How deep a template may nest, and a value that it prints or compares."""

MAX_TEXT = 1_000_000
"""The longest text that a template makes, in characters, results on the way included."""

MAX_STEPS = 200_000
"""The most steps for one row: parts evaluated, items gone through, and one for each hundred characters."""

MAX_ROW = 100_000
"""A row with more characters and items than this is itself the cause of an excess; otherwise the template is."""

CHARACTERS = 100
"""So many characters of a text are one step."""


class Excess(Exception):  # noqa: N818 - what happened, told on as an InputError or a malformed row
    """A template does more than it may. The message completes a sentence: `makes more than ... characters`."""


def check_length(length: int) -> None:
    """Check the length of a text before it is made, in characters.

    Raises:
        Excess: it is longer than `MAX_TEXT`.
    """
    if length > MAX_TEXT:
        message = f"makes more than {MAX_TEXT:,} characters"
        raise Excess(message)


class Work:
    """The steps of one rendering."""

    def __init__(self) -> None:
        """Begin with all steps left."""
        self.left = MAX_STEPS

    def count(self, steps: int = 1) -> None:
        """Count steps.

        Raises:
            Excess: more than `MAX_STEPS` were taken.
        """
        self.left -= steps
        if self.left < 0:
            message = f"takes more than {MAX_STEPS:,} steps"
            raise Excess(message)

    def count_text(self, text: str) -> str:
        """Count a text that was made, and return it.

        Raises:
            Excess: it is longer than `MAX_TEXT`, or the steps are used up.
        """
        check_length(len(text))
        self.count(len(text) // CHARACTERS)
        return text

    def count_inside(self, value: Any, depth: int = 0) -> None:
        """Count everything inside a value, before it is printed or compared as a whole.

        Raises:
            Excess: the steps are used up.
            ValueError: it is nested deeper than `MAX_DEPTH`.
        """
        self.count()
        if depth > MAX_DEPTH:
            message = f"a value is nested more than {MAX_DEPTH} deep"
            raise ValueError(message)
        if isinstance(value, str | bytes):
            self.count(len(value) // CHARACTERS)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                self.count_inside(key, depth + 1)
                self.count_inside(item, depth + 1)
        elif isinstance(value, list | tuple):
            for item in value:
                self.count_inside(item, depth + 1)


def measure_size(value: Any) -> int:
    """Measure a row: its characters and items, up to a little more than `MAX_ROW`."""
    size, stack = 0, [value]
    while stack and size <= MAX_ROW:
        item = stack.pop()
        size += len(item) if isinstance(item, str | bytes) else 1
        if isinstance(item, Mapping):
            stack += item.values()
        elif isinstance(item, list | tuple):
            stack += item
    return size
