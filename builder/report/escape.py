"""Escape text for the place where it is shown: a terminal, a Markdown page, an HTML page or an SVG figure (law 7)."""

import re
from html import escape

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and newline, line separators, and marks that change the direction of text."""
_MARKUP = re.compile(r"[\\`*\[\]!|~$]|(?<![^\W_])_|_(?![^\W_])")
"""Characters that start Markdown markup. An underscore between two letters or digits starts none."""
_AT_THE_START = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+#=]))")
"""What makes a line a list item, a heading or a rule."""


def escape_terminal(value: object) -> str:
    r"""Replace control characters and direction marks by their Python escapes; tab and newline stay.

    >>> escape_terminal("\x1b[31mred\u202e")
    '\\x1b[31mred\\u202e'
    """
    return _CONTROL.sub(lambda match: _format_code_point(match[0]), str(value))


def mask_controls(text: str) -> str:
    """Replace each control character by U+FFFD. The length of the text, and with it every span, stays the same."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


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


def _format_code_point(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
