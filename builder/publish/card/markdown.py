"""Texts of others in Markdown, where nothing of them may act: no markup, no HTML, no end of a fence (law 7)."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from textwrap import fill

_MARKUP = re.compile(r"([\\`*_\[\]!|~$])")
_AT_THE_START = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+#=]))")
"""What makes a line a list, a heading or a rule."""
_WIDTH = 96
"""Characters of a line that is shown as an example."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Make control characters and direction marks visible."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def plain(text: object) -> str:
    r"""Write a text on one line, as text and nothing else.

    >>> plain("<b>5 | *x*")
    '&lt;b&gt;5 \\| \\*x\\*'
    """
    line = _MARKUP.sub(r"\\\1", " ".join(clean(str(text)).split()))
    return _AT_THE_START.sub(r"\1\\", escape(line, quote=False))


def code(text: object) -> str:
    r"""Write a text on one line as code, in a table too.

    >>> code("a|b")
    '`a\\|b`'
    """
    line = " ".join(clean(str(text)).split())
    fence = "`" * (_longest_run(line) + 1)
    room = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{room}{line}{room}{fence}".replace("|", "\\|")


def fenced(text: str, language: str = "text") -> Iterator[str]:
    """Write a text in a fence that it can't end."""
    shown = clean(text)
    fence = "`" * max(3, _longest_run(shown) + 1)
    yield f"{fence}{language}"
    yield from shown.split("\n")
    yield fence


def folded(text: str) -> str:
    """Break long lines between words, for a fence that does not."""
    return "\n".join(
        fill(line, _WIDTH, break_long_words=False) if len(line) > _WIDTH else line for line in text.split("\n")
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: str = "") -> Iterator[str]:
    """Write rows of cells, each safe already.

    Args:
        head: names of the columns.
        rows: the cells.
        right: for each column, `r` where it is set to the right.
    """
    yield f"| {' | '.join(head)} |"
    marks = ["---:" if right[place : place + 1] == "r" else "---" for place in range(len(head))]
    yield f"|{'|'.join(marks)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
