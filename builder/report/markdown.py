"""Blocks of Markdown that hold texts of others: inline code, and fences that a text can't end (law 7)."""

import re
from collections.abc import Iterator
from textwrap import fill

from ..terminal import escape_terminal

_WIDTH = 96
"""Characters of a line that is shown as an example."""


def format_code(text: object) -> str:
    r"""Write a text on one line as code, in a table too.

    >>> format_code("a|b")
    '`a\\|b`'
    """
    line = " ".join(escape_terminal(text).split())
    fence = "`" * (_count_longest_run(line) + 1)
    room = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{room}{line}{room}{fence}".replace("|", "\\|")


def format_fence(text: str, language: str = "text") -> Iterator[str]:
    """Write a text as the lines of a fenced block that it can't end."""
    shown = escape_terminal(text)
    fence = "`" * max(3, _count_longest_run(shown) + 1)
    yield f"{fence}{language}"
    yield from shown.split("\n")
    yield fence


def fold_lines(text: str) -> str:
    """Break long lines between words; a fence does not wrap them."""
    return "\n".join(
        fill(line, _WIDTH, break_long_words=False) if len(line) > _WIDTH else line for line in text.split("\n")
    )


def _count_longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
