"""Split written arithmetic into numbers, operators, brackets, and the words between them."""

import re
from functools import partial
from typing import NamedTuple

BINARY = {"times": "*", "product": "*", "divide": "/", "power": "^", "plus": "+", "minus": "-"}
"""Operators by their piece names. A product has no sign: 40(.50)."""

VALUES = frozenset({"number", "frac"})
"""Piece names of numbers."""

SIGNS = frozenset({"plus", "minus"})
"""Piece names of plus and minus."""


# Words come first, being the most frequent, and a space behind a token is taken with it: it begins none. A slash
# before a word is a part of it: $20/shirt.
_LEXER = re.compile(
    r"""
    (?:
        (?P<word>
            \b0(?:[xX][0-9A-Fa-f]|[bB][01]|[oO][0-7])[0-9A-Fa-f]*\b
          | (?:/[ ]?(?=[^\W\d_]{2}))?
            (?!
                \b(?:equals|percent|plus|minus|divided[ ]by|multiplied[ ]by|[xX])\b
              | \btimes\b(?=[ ](?:[a-z]{1,5}[ ])?[-$(.\\\d])
              | (?<=\d)[xX][ ]?[$]?\d
            )
            [^\W\d_]+(?:['’-][^\W\d_]+)*
        )
      | (?P<number>(?:\d{1,3}(?:(?:,|\{,\})\d{3}){1,20}(?!,?\d)|\d+)(?:\.\d+)?|\.\d+)
      | (?P<product>(?<=[\d)])(?=\())
      | (?P<times>(?<!\*)\*(?!\*)|×|·|⋅|\\times|\\cdot|[xX]|times(?=[ ](?:[a-z]{1,5}[ ])?[-$(.\\\d])|multiplied[ ]by\b)
      | (?P<equals>==?|≈|~=|\\approx|equals\b)
      | (?P<percent>\\?%|percent\b)
      | (?P<plus>\+|plus\b)
      | (?P<minus>-|−|–|minus\b)
      | (?P<divide>/|÷|\\div\b|divided[ ]by\b)
      | (?P<mark><<[^<>]*>>)
      | (?P<frac>\\[dt]?frac\{\d+\}\{\d+\})
      | (?P<power>\^|(?<=[\d)])\*\*(?=[\d(])|(?<=[\d)][ ])\*\*(?=[ ][\d(]))
      | (?P<open>\()
      | (?P<close>\))
      | (?P<currency>\\?\$|€|£|¥|₹)
      | (?P<stop>\n|\S)
    )
    [ ]?
    """,
    re.VERBOSE,
)
_NAMES = ("", *sorted(_LEXER.groupindex, key=_LEXER.groupindex.__getitem__))


class Piece(NamedTuple):
    """A token of the text with its character offsets."""

    name: str
    text: str
    start: int
    end: int


_make_piece = partial(tuple.__new__, Piece)
"""Makes a piece of a tuple in half the time: pieces are made by the million."""


def split_pieces(text: str, start: int = 0, stop: int | None = None) -> list[Piece]:
    """Split a text into pieces.

    Args:
        text: the text.
        start: where to begin; no piece may lie across it.
        stop: split up to the first piece behind it that is no mark, and no further; None for the whole text.
    """
    pieces = []
    stop = len(text) if stop is None else stop
    for match in _LEXER.finditer(text, start):
        kind = match.lastindex or 0
        first, end = match.span(kind)
        name, part = _NAMES[kind], text[first:end]
        if (part == "*" and name != "times") or (first > stop and name == "mark"):
            continue  # the stars of Markdown bold are not operators
        pieces.append(_make_piece((name, part, first, end)))
        if first > stop:
            break
    return pieces


def split_mark(mark: Piece) -> list[Piece]:
    """Split the inside of a calculator annotation, `<<48/2=24>>`, into pieces."""
    shift = mark.start + 2
    return [
        _make_piece((name, part, start + shift, end + shift))
        for name, part, start, end in split_pieces(mark.text[2:-2])
    ]
