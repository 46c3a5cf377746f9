"""Escape text for a page that shows it: Markdown, HTML or an SVG figure (law 7). `terminal` escapes what is printed."""

import re
from html import escape

from ..terminal import UNSAFE, escape_terminal

_MARKUP = re.compile(r"[\\`*\[\]!|~$]|(?<![^\W_])_|_(?![^\W_])")
"""Characters that start Markdown markup. An underscore between two letters or digits starts none."""
_AT_THE_START = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+#=]))")
"""What makes a line a list item, a heading or a rule."""


def mask_controls(text: str) -> str:
    """Replace each unsafe character by U+FFFD. The length of the text, and with it every span, stays the same."""
    return UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def escape_markdown(value: object) -> str:
    r"""Write a text on one line of Markdown, without any markup or HTML in effect.

    >>> escape_markdown("<b>5 | *x* zero_shot")
    '&lt;b&gt;5 \\| \\*x\\* zero_shot'
    """
    line = _MARKUP.sub(lambda match: f"\\{match[0]}", " ".join(escape_terminal(value).split()))
    return _AT_THE_START.sub(r"\1\\", escape(line, quote=False))


def escape_html(value: object) -> str:
    """Write a text as the content or the quoted attribute of an HTML or SVG element."""
    return escape(escape_terminal(value))
