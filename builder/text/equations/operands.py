"""Read one side of a written equation as an expression, skipping units."""

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from .arithmetic import (
    Exact,
    ExpressionError,
    Node,
    Number,
    Operation,
    Token,
    TokenKind,
    WrittenFraction,
    parse_expression,
)
from .lexer import BINARY, VALUES, Piece
from .words import is_determiner

MAX_UNIT_WORDS = 3
"""The most words between a number and the next operator: `3 large red apples + 4 = 7`."""

MAX_RATE_WORDS = 6
"""The most of them where they name a rate: `4 paper clips per small box * 3 = 12`."""

_RATES = frozenset({"per", "a", "an", "each", "every"})

MAX_REMEMBERED = 100
"""The most characters of an expression that is remembered: the answers to a problem repeat their expressions."""

_SIGNS = {
    "open": Token(TokenKind.OPEN, ""),
    "close": Token(TokenKind.CLOSE, ""),
    "percent": Token(TokenKind.PERCENT, ""),
    **{name: Token(TokenKind.OPERATOR, sign) for name, sign in BINARY.items()},
}
_OF = Token(TokenKind.OPERATOR, "*")
_BEFORE_UNITS = frozenset({TokenKind.NUMBER, TokenKind.CLOSE, TokenKind.PERCENT})
_NOT_BEHIND_UNITS = VALUES | {"open", "currency"}

Symbol = tuple[str, str]
"""Name and text of a piece, wherever it stands."""


class Expression(NamedTuple):
    """An expression as read from pieces, wherever they stand."""

    node: Node
    """The expression, computed with a percent sign as 1/100."""
    readings: tuple[Exact, ...]
    """Its possible values: with a percent sign as 1/100, and as a unit."""
    first: Exact
    """Its first number."""
    size: int
    """The number of its pieces without the units at its end."""


class Side(NamedTuple):
    """One side of an equation."""

    node: Node
    """The expression, computed with a percent sign as 1/100."""
    readings: tuple[Exact, ...]
    """Its possible values: with a percent sign as 1/100, and as a unit."""
    start: int
    """Offset of its first character."""
    end: int
    """Offset after its last character."""
    first: Exact
    """Its first number."""
    pieces: tuple[Piece, ...]
    """Its pieces, and the words after it."""
    cut: bool = False
    """Whether an adjacent piece may belong to it."""

    @property
    def computed(self) -> bool:
        """Whether it contains an operation."""
        return isinstance(self.node, Operation)


def read_side(pieces: Sequence[Piece], trailing: Sequence[Piece] = (), *, cut: bool = False) -> Side | None:
    """Read all pieces as one expression, skipping units; None where that is impossible."""
    if len(pieces) == 1:
        return _read_number_side(pieces[0], trailing, cut=cut)
    symbols = tuple([piece[:2] for piece in pieces])
    is_short = pieces[-1].end - pieces[0].start <= MAX_REMEMBERED
    expression = _recall_expression(symbols) if is_short else _read_expression(symbols)
    if expression is None:
        return None
    node, readings, first, size = expression
    return Side(node, readings, pieces[0].start, pieces[size - 1].end, first, (*pieces, *trailing), cut)


def _read_number_side(piece: Piece, trailing: Sequence[Piece], *, cut: bool) -> Side | None:
    """Read the most frequent side: one number."""
    name, text, start, end = piece
    value = _parse_number(name, text) if name in VALUES else None
    if value is None:
        return None
    return Side(Number(value), (value,), start, end, value, (piece, *trailing), cut)


def _read_expression(symbols: tuple[Symbol, ...]) -> Expression | None:
    tokens = _convert_pieces(symbols)
    if tokens is None:
        return None
    try:
        node = parse_expression(tokens)
        percent = any(token.kind is TokenKind.PERCENT for token in tokens)
        unit = parse_expression(tokens, percent=1) if percent else node
    except ExpressionError:
        return None
    return Expression(
        node=node,
        readings=(node.value,) if unit is node else (node.value, unit.value),
        first=next(token.value for token in tokens if token.kind is TokenKind.NUMBER),
        size=max(index for index, (name, _) in enumerate(symbols, 1) if name != "word"),
    )


_recall_expression = lru_cache(maxsize=4096)(_read_expression)


def forget_expressions() -> None:
    """Forget the expressions that are remembered."""
    _recall_expression.cache_clear()


def _convert_pieces(pieces: Sequence[Symbol | Piece]) -> list[Token] | None:
    """Convert pieces to the tokens of an expression; None where a word does not follow a number."""
    tokens: list[Token] = []
    words, most = 0, MAX_UNIT_WORDS
    for piece in pieces:
        name, text = piece[:2]
        if name == "word" and text != "of":
            if tokens and tokens[-1].kind is TokenKind.OPERATOR and is_determiner(text):
                continue  # + Tom's 8 pens
            words += 1
            most = MAX_RATE_WORDS if text in _RATES else most
            if words > most or not tokens or tokens[-1].kind not in _BEFORE_UNITS:
                return None
            continue
        if words and (name in _NOT_BEHIND_UNITS or name == "power"):
            return None
        words, most = 0, MAX_UNIT_WORDS
        token = _convert_piece(name, text)
        if token is not None:
            tokens.append(token)
    return tokens


def _convert_piece(name: str, text: str) -> Token | None:
    """Convert a piece to a token; None for a currency sign."""
    if name in VALUES:
        value = _parse_number(name, text)
        return Token(TokenKind.NUMBER, "", value) if value is not None else _SIGNS["close"]
    return _OF if text == "of" else _SIGNS.get(name)


def _parse_number(name: str, text: str) -> Exact | None:
    """Parse a number; None where it is too long or its denominator is zero."""
    if len(text) > 60:
        return None
    if name == "frac":
        numerator, denominator = map(int, re.findall(r"\d+", text))
        return WrittenFraction.read(numerator, denominator) if denominator else None
    text = text.replace("{,}", "").replace(",", "")
    return int(text) if text.isdigit() else Fraction(text)
