"""Tables, lines and indented texts for the terminal, written with rich. Texts are escaped, and markup has no effect."""

from collections.abc import Iterable, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..terminal import escape_terminal

Cell = str | Text
"""A cell of a table; a `Text` brings a style of its own and must be escaped already."""


def make_table(head: Sequence[str], rows: Iterable[Sequence[Cell]], right: str = "") -> Table:
    """Make a table without borders.

    Args:
        head: names of the columns.
        rows: the cells.
        right: for each column, `r` where it is aligned to the right.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    for index, name in enumerate(head):
        table.add_column(Text(escape_terminal(name)), justify="right" if right[index : index + 1] == "r" else "left")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(escape_terminal(cell)) for cell in row))
    return table


def make_line(*parts: str | tuple[str, str], style: str = "") -> Text:
    """Make a line of texts, each with or without a style of its own. What it holds is escaped, and is no markup.

    Args:
        parts: the texts, or pairs of a text and rich's name of a style.
        style: the style of the whole line.
    """
    pairs = [(part, "") if isinstance(part, str) else part for part in parts]
    return Text.assemble(*((escape_terminal(text), own) for text, own in pairs), style=style)


def indent(text: Cell, style: str = "") -> Padding:
    """Indent a text of any length by two characters.

    Args:
        text: the text; a `Text` brings a style of its own and must be escaped already.
        style: rich's name of a style, for a plain text.
    """
    content = text if isinstance(text, Text) else Text(escape_terminal(text), style=style)
    return Padding(content, (0, 0, 0, 2), expand=False)
