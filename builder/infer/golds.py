"""Infer the answer type of a source whose recipe says `answer_type: auto`, from its first gold answers."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from ...schemas.manifest import InferredType
from ...schemas.source import TableSource
from ..cells import format_cell
from ..errors import InputError
from ..files import Row
from ..sources.gold import UnreadableError, read_options
from .answer import infer_type
from .columns import Column, get_cell

MOST_GOLDS = 1_000
"""So many gold answers are looked at, the first ones of the source."""


def infer_source_type(source: TableSource, rows: Iterable[Row]) -> InferredType:
    """Infer the answer type of a source.

    Args:
        source: its `fields` name the columns, and its `answer_pattern` where the gold answer stands in a solution.
        rows: its rows, of which the first are read.

    Raises:
        InputError: they have no gold answers.
    """
    found = list(islice(_list_golds(source, rows), MOST_GOLDS))
    if not found:
        raise InputError(
            f"source {source.name}: answer_type: auto is inferred from gold answers, and no row has one",
            hint=f"set answer_type; the answers should be in the column {source.fields.answer}",
            keys=(f"sources.{source.name}.answer_type",),
        )
    cells = Column(source.fields.answer or "", [gold for gold, _ in found])
    options = [choices for _, choices in found] if source.fields.choices else []
    kind, why = infer_type(cells, source.answer_pattern, options)
    return InferredType(source=source.name, answer_type=kind.value, why=why, golds=len(found))


def _list_golds(source: TableSource, rows: Iterable[Row]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yield the gold answers with the options of their questions; rows that can't be read are left out."""
    for row in rows:
        gold = None if row.values is None else get_cell(row.values, source.fields.answer or "")
        if row.values is not None and gold is not None and format_cell(gold) is not None:
            options = _read_row_options(source, row.values)
            if options is not None:
                yield gold, options


def _read_row_options(source: TableSource, values: Mapping[str, Any]) -> tuple[str, ...] | None:
    if source.fields.choices is None:
        return ()
    try:
        return read_options(get_cell(values, source.fields.choices))
    except UnreadableError:
        return None
