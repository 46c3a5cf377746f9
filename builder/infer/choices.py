"""Find the options of multiple-choice questions: a column with lists, or a series of columns."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..sources.gold import UnreadableError, read_options
from ..text.conversations import read_conversation
from ..text.options import LETTERS
from .columns import MOST, Column, find_named, get_cell, measure_share
from .names import rank_name

_OPTION = re.compile(r"(.*?)([A-Ha-h0-8])")

FEWEST = 3
"""The fewest columns that form a series of options."""


def find_choices(columns: Sequence[Column]) -> tuple[str | None, str, set[str]]:
    """Find the options: one column with lists, or a series of columns (A, B, ...; option_1, ...) as a template.

    Returns:
        The column or template, the reason, and the names of the columns in it.
    """
    listed = [column for column in columns if measure_share(column.cells, _is_options) >= MOST]
    named = find_named(listed, "choices", lambda _column: True)
    if named:
        return named[0].name, "by its name", {named[0].name}
    plain = [column for column in listed if _has_distinct_texts(column) and rank_name(column.name, "responses") is None]
    if plain:
        return plain[0].name, "its cells are lists", {plain[0].name}
    series: dict[str, dict[str, str]] = {}
    for column in columns:
        match = _OPTION.fullmatch(column.name)
        if match and all(part.isidentifier() for part in column.name.split(".")):
            series.setdefault(match[1], {})[match[2].lower()] = column.name
    several = max(series.values(), key=len, default={})
    if len(several) < FEWEST or not any(
        run.startswith("".join(several)) for run in ("abcdefgh", "12345678", "01234567")
    ):
        return None, "", set()
    template = "[" + ", ".join(f"{{{{ {name}|tojson }}}}" for name in several.values()) + "]"
    return template, f"one option in each of {', '.join(several.values())}", set(several.values())


def _is_options(value: Any) -> bool:
    if read_conversation(value) is not None:
        return False
    try:
        options = read_options(value)
    except UnreadableError:
        return False
    return options != tuple(LETTERS[: len(options)])


def _has_distinct_texts(column: Column) -> bool:
    """Whether the cells are lists of different texts or numbers: labels that repeat, true and false are no options."""

    def is_distinct(cell: Any) -> bool:
        items = cell if isinstance(cell, list) else []
        return len({str(item) for item in items}) == len(items) and not any(isinstance(item, bool) for item in items)

    return measure_share(column.cells, is_distinct) >= MOST


def read_option_lists(rows: Sequence[Mapping[str, Any]], choices: str) -> Iterator[tuple[str, ...]]:
    """Read the options of each row; none where they can't be read."""
    for row in rows:
        try:
            yield read_options(get_cell(row, choices))
        except UnreadableError:
            yield ()
