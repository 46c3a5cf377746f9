"""Read one side of a written equation as an expression, skipping units."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .arithmetic import ExpressionError, Node, Operation, Token, TokenKind, parse_expression
from .lexer import BINARY, VALUES, Piece

MAX_UNIT_WORDS = 3
"""The most words between a number and the next operator: `3 large red apples + 4 = 7`."""

_BRACKETS = {
    "open": Token(TokenKind.OPEN, ""),
    "close": Token(TokenKind.CLOSE, ""),
    "percent": Token(TokenKind.PERCENT, ""),
}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an equation."""

    node: Node
    """The expression, computed with a percent sign as 1/100."""
    readings: tuple[Fraction, ...]
    """Its possible values: with a percent sign as 1/100, and as a unit."""
    start: int
    """Offset of its first character."""
    end: int
    """Offset after its last character."""
    first: Fraction
    """Its first number."""
    pieces: tuple[Piece, ...]
    """Its pieces, and the words after it."""
    cut: bool = False
    """Whether an adjacent piece may belong to it."""

    @property
    def computed(self) -> bool:
        """Whether it contains an operation."""
        return isinstance(self.node, Operation)


def read_side(pieces: Sequence[Piece], trailing: Sequence[Piece] = ()) -> Side | None:
    """Read all pieces as one expression, skipping units; None where that is impossible."""
    tokens = _convert_pieces(pieces)
    if tokens is None:
        return None
    try:
        node = parse_expression(tokens)
        percent = any(token.kind is TokenKind.PERCENT for token in tokens)
        unit = parse_expression(tokens, percent=Fraction(1)) if percent else node
    except ExpressionError:
        return None
    return Side(
        node=node,
        readings=(node.value,) if unit is node else (node.value, unit.value),
        start=pieces[0].start,
        end=next(piece.end for piece in reversed(pieces) if piece.name != "word"),
        first=next(token.value for token in tokens if token.kind is TokenKind.NUMBER),
        pieces=(*pieces, *trailing),
    )


def _convert_pieces(pieces: Sequence[Piece]) -> list[Token] | None:
    """Convert pieces to the tokens of an expression; None where a word does not follow a number."""
    tokens: list[Token] = []
    words = 0
    for piece in pieces:
        if piece.name == "word" and piece.text != "of":
            words += 1
            if words > MAX_UNIT_WORDS or not tokens or tokens[-1].kind in {TokenKind.OPERATOR, TokenKind.OPEN}:
                return None
            continue
        if words and (piece.name in VALUES or piece.name in {"open", "currency"}):
            return None
        words = 0
        tokens += _convert_piece(piece)
    return tokens


def _convert_piece(piece: Piece) -> list[Token]:
    if piece.name in VALUES:
        value = _parse_number(piece)
        return [Token(TokenKind.NUMBER, "", value)] if value is not None else [Token(TokenKind.CLOSE, "")]
    if piece.name in _BRACKETS:
        return [_BRACKETS[piece.name]]
    operator = "*" if piece.text == "of" else BINARY.get(piece.name)
    return [Token(TokenKind.OPERATOR, operator)] if operator else []


def _parse_number(piece: Piece) -> Fraction | None:
    """Parse a number; None where it is too long or its denominator is zero."""
    if len(piece.text) > 60:
        return None
    if piece.name == "frac":
        numerator, denominator = map(int, re.findall(r"\d+", piece.text))
        return Fraction(numerator, denominator) if denominator else None
    text = piece.text.replace(",", "")
    return Fraction(int(text)) if text.isdigit() else Fraction(text)
