"""Read the question of a row: from one column or several, a template, or a conversation."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..cells import format_cell, read_cell
from .conversations import find_question, read_conversation

SEPARATOR = "\n"
"""What stands between the columns of a question."""


def list_question_columns(columns: str | Sequence[str]) -> tuple[str, ...]:
    """List the columns that a question is read from."""
    return (columns,) if isinstance(columns, str) else tuple(columns)


def read_question(values: Mapping[str, Any], columns: str | Sequence[str], *, before_reply: bool = False) -> str | None:
    r"""Read the question of a row; None where it is empty.

    Args:
        values: the row.
        columns: the column, or several in order: their texts stand below one another, empty ones are left out.
        before_reply: see `find_question`.

    Raises:
        KeyError: the row lacks a column.

    >>> read_question({"Body": "Ann has 3 pens.", "Question": "How many?"}, ["Body", "Question"])
    'Ann has 3 pens.\nHow many?'
    """
    if isinstance(columns, str):
        return _format_part(read_cell(values, columns), before_reply=before_reply)
    parts = [_format_part(read_cell(values, column), before_reply=before_reply) for column in columns]
    return SEPARATOR.join(part for part in parts if part is not None) or None


def _format_part(cell: Any, *, before_reply: bool) -> str | None:
    turns = None if isinstance(cell, int | float) else read_conversation(cell)
    return format_cell(cell if turns is None else find_question(turns, before_reply=before_reply))
