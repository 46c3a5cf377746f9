"""The columns of a table with the cells of its first rows, and what their cells look like."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..cells import format_cell, list_columns, read_cell
from ..text.conversations import find_question, find_reply, read_conversation
from .names import Certainty, count_words, rank_name

MOST = 0.9
"""Share of the rows that must satisfy a condition; a file may have a few bad rows."""

SHOWN = 60
"""Characters of a cell that are shown in a message."""


@dataclass(frozen=True)
class Column:
    """A column with its cells."""

    name: str
    """The column, or a nested key."""
    cells: Sequence[Any]
    """Its cells; None where a row lacks it."""

    @cached_property
    def texts(self) -> list[str]:
        """The cells that hold text; of a conversation what is asked."""
        return [text for text in self.spoken if text]

    @cached_property
    def spoken(self) -> list[str]:
        """The text of each cell, empty where it holds none."""
        return [_find_text(cell) for cell in self.cells]

    @cached_property
    def has_replies(self) -> bool:
        """Whether most cells are conversations with a turn of the assistant."""
        return measure_share(self.cells, _has_reply) >= MOST

    @cached_property
    def is_constant(self) -> bool:
        """Whether all of several cells are the same."""
        return len(self.cells) > 1 and len(set(self.spoken)) == 1


def _find_text(cell: Any) -> str:
    turns = None if isinstance(cell, int | float) else read_conversation(cell)
    text = cell if turns is None else find_question(turns)
    return text.strip() if isinstance(text, str) else ""


def _has_reply(cell: Any) -> bool:
    turns = read_conversation(cell)
    return turns is not None and find_reply(turns) is not None


def collect_columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Collect the columns of some rows, nested ones too; a conversation is one column."""
    names = dict.fromkeys(name for row in rows for name in _list_names(row))
    return [Column(name, [get_cell(row, name) for row in rows]) for name in names]


def _list_names(row: Mapping[str, Any]) -> Iterator[str]:
    for name, cell in row.items():
        whole = not isinstance(cell, Mapping) or read_conversation(cell) is not None
        yield from [name] if whole else list_columns({name: cell})


def get_cell(row: Mapping[str, Any], name: str) -> Any:
    """Read a cell; None where it is missing, or has no text (NaN)."""
    try:
        cell = read_cell(row, name)
        format_cell(cell)
    except KeyError:
        return None
    return cell


def measure_share(cells: Sequence[Any], holds: Callable[[Any], bool]) -> float:
    """Measure the share of the filled cells that satisfy a condition."""
    filled = [item for item in cells if item is not None and item != ""]
    return sum(map(holds, filled)) / len(filled) if filled else 0.0


def has_words(column: Column, least: int) -> bool:
    """Whether most cells are texts, or lists of texts, of so many words."""
    lists = [item for item in column.cells if isinstance(item, list) and read_conversation(item) is None]
    texts = [item for each in lists for item in each if isinstance(item, str)] or column.texts
    return measure_share(texts, lambda text: count_words(text) >= least) >= MOST


def find_named(columns: Sequence[Column], role: str, fits: Callable[[Column], bool]) -> list[Column]:
    """Find the columns whose names name a role most surely, among those that fit; the most likely first."""
    ranked = [
        (*rank, index)
        for index, column in enumerate(columns)
        if (rank := rank_name(column.name, role)) is not None and fits(column)
    ]
    surest: Certainty | None = min((level for level, _, _ in ranked), default=None)
    return [columns[index] for level, _, index in sorted(ranked) if level is surest]


def has_text(column: Column) -> bool:
    """Whether a cell of a column is a text, or a list of texts."""
    lists = [item for cell in column.cells if isinstance(cell, list) for item in cell]
    return any(column.texts) or any(isinstance(item, str) and item.strip() for item in lists)


def show_cell(column: Column) -> str:
    """Show the first text of a column, shortened."""
    first = next((" ".join(str(text).split()) for text in (column.texts or column.cells) if text), "")
    return repr(first if len(first) <= SHOWN else f"{first[:SHOWN]}...")
