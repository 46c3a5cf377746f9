"""Split written arithmetic into numbers, operators, brackets, and the words between them."""

import re
from typing import NamedTuple

BINARY = {"times": "*", "divide": "/", "power": "^", "plus": "+", "minus": "-"}
"""Operators by their piece names."""

VALUES = frozenset({"number", "frac"})
"""Piece names of numbers."""

SIGNS = frozenset({"plus", "minus"})
"""Piece names of plus and minus."""


_LEXER = re.compile(
    r"""
    (?P<number>(?:\d{1,3}(?:,\d{3}){1,20}(?![\d,])|\d+)(?:\.\d+)?|\.\d+)
  | (?P<times>(?<!\*)\*(?!\*)|×|·|⋅|\\times|\\cdot|\b[xX]\b|(?<=\d)[xX](?=\d)|\btimes\b)
  | (?P<equals>=|≈|~=|\\approx|\bequals\b)
  | (?P<percent>\\?%|\bpercent\b)
  | (?P<plus>\+|\bplus\b)
  | (?P<minus>-|−|–|\bminus\b)
  | (?P<divide>/|÷|\\div|\bdivided[ ]by\b)
  | (?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)
  | (?P<mark><<[^<>]*>>)
  | (?P<frac>\\[dt]?frac\{\d+\}\{\d+\})
  | (?P<power>\^|(?<=[\d)])\*\*(?=[\d(])|(?<=[\d)][ ])\*\*(?=[ ][\d(]))
  | (?P<open>\()
  | (?P<close>\))
  | (?P<currency>\\?\$|€|£)
  | (?P<stop>\n|\S)
    """,
    re.VERBOSE,
)


class Piece(NamedTuple):
    """A token of the text with its character offsets."""

    name: str
    text: str
    start: int
    end: int


def split_pieces(text: str, shift: int = 0) -> list[Piece]:
    """Split a text into pieces; offsets start at `shift`."""
    return [
        Piece(match.lastgroup or "", match[0], match.start() + shift, match.end() + shift)
        for match in _LEXER.finditer(text)
        if match[0] != "*" or match.lastgroup == "times"  # the stars of Markdown bold are not operators
    ]
