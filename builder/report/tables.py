"""Tables, lines and indented texts for the terminal, written with rich. Texts are escaped, and markup has no effect."""

from collections.abc import Iterable, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..terminal import escape_terminal

MAX_SHOWN = 20_000
"""The most characters of a text that are shown on a terminal; the rest is counted."""

Cell = str | Text
"""A cell of a table; a `Text` brings a style of its own and must be escaped already."""


def make_table(
    head: Sequence[str], rows: Iterable[Sequence[Cell]], right: str = "", widths: Sequence[int] | None = None
) -> Table:
    """Make a table without borders.

    Args:
        head: names of the columns.
        rows: the cells.
        right: for each column, `r` where it is aligned to the right.
        widths: the characters of each column, whose cells have one line then; None where cells may have several.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    for index, name in enumerate(head):
        table.add_column(
            Text(escape_terminal(name)),
            justify="right" if right[index : index + 1] == "r" else "left",
            width=None if widths is None else widths[index],
            no_wrap=widths is not None,
        )
    for row in rows:
        table.add_row(*(shorten(cell) if isinstance(cell, Text) else _make_text(cell) for cell in row))
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
    content = shorten(text) if isinstance(text, Text) else _make_text(text, style)
    return Padding(content, (0, 0, 0, 2), expand=False)


def shorten(text: Text) -> Text:
    """Cut a text after `MAX_SHOWN` characters, and say how many more there are."""
    return _count_rest(text[:MAX_SHOWN], len(text) - MAX_SHOWN) if len(text) > MAX_SHOWN else text


def _make_text(text: object, style: str = "") -> Text:
    """Escape a text, of a very long one only what is shown."""
    whole = str(text)
    return _count_rest(Text(escape_terminal(whole[:MAX_SHOWN]), style=style), len(whole) - MAX_SHOWN)


def _count_rest(text: Text, rest: int) -> Text:
    return Text.assemble(text, f"... {rest:,} more characters") if rest > 0 else text
