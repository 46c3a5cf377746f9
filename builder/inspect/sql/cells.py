"""The layout of a result for a person: one line a row, as wide as the terminal; a single row stands upright.

Cells are shortened, nested ones to a summary, and columns that do not fit are left out; what is left out is said.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest

import polars as pl
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from ...plain_json import format_json
from ...report.tables import Cell, make_line, make_table
from ...terminal import escape_terminal
from .query import FirstRows

GAP = 2
"""Characters between two columns."""
LEAST = 12
"""The least characters of a column that does not fit whole."""
TEXT_LINES = 20
"""Lines of a text in a row that stands upright."""
_NESTED_LINES = 4
"""Lines of a nested cell there."""
_MEASURED = 1_000
"""Characters of a cell that are looked at in a table: no terminal is wider."""
_ITEMS = 8
"""Items of a list in its summary."""
_LEFT_OUT = "…"


def render_head(head: FirstRows, width: int) -> RenderableType:
    """Render the first rows of a result.

    Args:
        head: the rows, and the number of the others.
        width: the characters of a line.
    """
    rows = head.rows
    if not rows.width:
        return make_line("(no result)", style="dim")
    is_upright = rows.height == 1 and not head.more and rows.width > 1
    parts = _render_upright(rows, width) if is_upright else _render_table(rows, width)
    return Group(*parts, *_describe_rest(head))


def _describe_rest(head: FirstRows) -> Iterator[Text]:
    if not head.rows.height:
        yield make_line("(no rows)", style="dim")
    if head.more:
        count = f"more than {head.more:,}" if head.is_bounded else f"{head.more:,}"
        rows = head.rows.height + head.more
        way = "" if head.is_bounded else f"--rows {rows} shows all, "
        yield make_line(f"… {count} more rows; {way}--format csv prints all", style="dim")


# A table


def _render_table(rows: pl.DataFrame, width: int) -> Iterator[RenderableType]:
    cells = {name: [summarise(value) for value in rows[name].to_list()] for name in rows.columns}
    natural = [
        max(map(cell_len, chain([escape_terminal(name)], map(escape_terminal, column))))
        for name, column in cells.items()
    ]
    kept, widths = choose_columns(natural, width)
    names = [rows.columns[index] for index in kept]
    columns = [_style_nulls(rows[name], cells[name]) for name in names]
    gap = _find_gap(kept)
    if gap is not None:
        names.insert(gap, _LEFT_OUT)
        columns.insert(gap, [_LEFT_OUT] * rows.height)
        widths.insert(gap, 1)
    right = "".join("r" if name in rows.columns and rows[name].dtype.is_numeric() else "l" for name in names)
    yield make_table(names, list(zip(*columns, strict=True)), right, widths)
    if gap is not None:
        left_out = [name for index, name in enumerate(rows.columns) if index not in kept]
        listed = f"… {len(left_out)} of {rows.width} columns do not fit: {', '.join(left_out)}"
        yield make_line(listed if len(listed) <= 2 * width else f"{listed[: 2 * width]}…", style="dim")
        yield make_line("SELECT those that you want; LIMIT 1 shows one row with all", style="dim")


def _style_nulls(values: pl.Series, cells: Sequence[str]) -> list[Cell]:
    pairs = zip(values.is_null(), cells, strict=True)
    return [make_line(cell, style="dim") if is_null else cell for is_null, cell in pairs]


def _find_gap(kept: Sequence[int]) -> int | None:
    """Find before which of the kept columns some are left out; None where none are."""
    steps = zip_longest(kept, range(len(kept)))
    # `choose_columns` leaves out the middle, so that the first column out of place stands behind the gap
    return next((place for place, (index, _) in enumerate(steps) if index != place), None)


def choose_columns(natural: Sequence[int], width: int) -> tuple[list[int], list[int]]:
    """Choose the columns that fit into a line, and how wide each is; those in the middle are left out first.

    Args:
        natural: the characters that each column would need.
        width: the characters of the line.

    Returns:
        The indices of the columns, and their widths. Where columns are left out, there is room for a mark.

    >>> choose_columns([5, 100], 60), choose_columns([30] * 9, 40)
    (([0, 1], [5, 53]), ([0, 8], [17, 18]))
    """
    least = [min(one, LEAST) for one in natural]
    if sum(least) + GAP * (len(least) - 1) <= width:
        kept, room = list(range(len(natural))), width
    else:
        room = width - 1 - GAP
        kept = _take_outer(least, room)
    room -= GAP * (len(kept) - 1)
    return kept, _share_room([natural[index] for index in kept], room)


def _take_outer(least: Sequence[int], room: int) -> list[int]:
    """Take columns from both ends, as many as there is room for; at least one."""
    count = len(least)
    order = [index for pair in zip(range(count), range(count - 1, -1, -1), strict=True) for index in pair][:count]
    kept, used = [order[0]], least[order[0]]
    for index in order[1:]:
        used += GAP + least[index]
        if used > room:
            break
        kept.append(index)
    return sorted(kept)


def _share_room(natural: Sequence[int], room: int) -> list[int]:
    """Give narrow columns what they need, and share the rest among the others."""
    widths, left = dict.fromkeys(range(len(natural)), 1), room
    for place, index in enumerate(sorted(widths, key=lambda index: natural[index])):
        widths[index] = max(1, min(natural[index], left // (len(natural) - place)))
        left -= widths[index]
    return [widths[index] for index in range(len(natural))]


def summarise(value: object) -> str:
    r"""Summarise a cell as one line: a list by its first items, records in a list by their number and fields.

    >>> summarise({"answer": "7", "share": 1.0}), summarise([{"kind": "loop", "span": None}] * 3), summarise("a\nb")
    ('{answer: 7, share: 1.0}', '3 × {kind, span}', 'a ↵ b')
    """
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {summarise(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return _summarise_list(value)
    text = str(value)
    return " ↵ ".join(text[:_MEASURED].splitlines()) + (_LEFT_OUT if len(text) > _MEASURED else "")


def _summarise_list(values: Sequence[object]) -> str:
    if values and all(isinstance(value, Mapping) for value in values):
        first = values[0]
        return f"{len(values)} × {{{', '.join(first)}}}" if isinstance(first, Mapping) else ""
    rest = f", {_LEFT_OUT} {len(values):,} in all" if len(values) > _ITEMS else ""
    return f"[{', '.join(map(summarise, values[:_ITEMS]))}{rest}]"


# A row that stands upright


def _render_upright(rows: pl.DataFrame, width: int) -> Iterator[RenderableType]:
    (row,) = rows.iter_rows()
    room = max(LEAST, width - GAP - max(cell_len(escape_terminal(name)) for name in rows.columns))
    cells = [
        (make_line(name, style="bold"), _write_upright(value, room))
        for name, value in zip(rows.columns, row, strict=True)
    ]
    yield make_table(("column", "value"), cells)


def _write_upright(value: object, width: int) -> Cell:
    if value is None:
        return make_line("null", style="dim")
    if isinstance(value, Mapping | list):
        return _limit_lines(format_json(value, indent=None), width, _NESTED_LINES)
    return _limit_lines(str(value), width, TEXT_LINES)


def _limit_lines(text: str, width: int, limit: int) -> str:
    """Cut a text after so many lines of the terminal, and say how many characters more it has."""
    shown, left = [], limit
    for line in text.splitlines() or [""]:
        if left <= 0:
            break
        shown.append(line[: left * width])
        left -= max(1, -(-len(line) // width))
    cut = "\n".join(shown)
    return cut if len(cut) >= len(text.rstrip("\n")) else f"{cut}\n… {len(text) - len(cut):,} more characters"
