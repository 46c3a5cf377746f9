"""One side of a written equation: tokens read as an expression, units passed over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cotloom.builder.text.arithmetic import Kind, Node, NotUnderstoodError, Operation, Token, parse
from cotloom.builder.text.lexer import BINARY, VALUES, Piece

MAX_UNIT_WORDS = 3
"""A number may be followed by so many words before the next operator: `3 large red apples + 4 = 7`."""

_BRACKETS = {"open": Token(Kind.OPEN, ""), "close": Token(Kind.CLOSE, ""), "percent": Token(Kind.PERCENT, "")}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an equation."""

    node: Node
    """The expression, worked out with a percent sign as a hundredth."""
    readings: tuple[Fraction, ...]
    """Its possible values: with a percent sign as a hundredth, and as a mere unit."""
    start: int
    """First character in the text."""
    end: int
    """One past the last character."""
    first: Fraction
    """The number it begins with."""
    pieces: tuple[Piece, ...]
    """Its tokens, and the words behind it."""
    cut: bool = False
    """Whether something that may belong to it stands directly beside it."""

    @property
    def computed(self) -> bool:
        """Whether it is more than a bare number."""
        return isinstance(self.node, Operation)


def read_side(pieces: Sequence[Piece], trailing: Sequence[Piece] = ()) -> Side | None:
    """Read all of the pieces as one expression, units passed over."""
    tokens = _tokens(pieces)
    if tokens is None:
        return None
    try:
        node = parse(tokens)
        percent = any(token.kind is Kind.PERCENT for token in tokens)
        unit = parse(tokens, percent=Fraction(1)) if percent else node
    except NotUnderstoodError:
        return None
    return Side(
        node=node,
        readings=(node.value,) if unit is node else (node.value, unit.value),
        start=pieces[0].start,
        end=next(piece.end for piece in reversed(pieces) if piece.name != "word"),
        first=next(token.value for token in tokens if token.kind is Kind.NUMBER),
        pieces=(*pieces, *trailing),
    )


def _tokens(pieces: Sequence[Piece]) -> list[Token] | None:
    """Turn pieces into an expression's tokens; None where words stand elsewhere than behind a number."""
    tokens: list[Token] = []
    words = 0
    for piece in pieces:
        if piece.name == "word" and piece.text != "of":
            words += 1
            if words > MAX_UNIT_WORDS or not tokens or tokens[-1].kind in {Kind.OPERATOR, Kind.OPEN}:
                return None
            continue
        if words and (piece.name in VALUES or piece.name in {"open", "currency"}):
            return None
        words = 0
        tokens += _token(piece)
    return tokens


def _token(piece: Piece) -> list[Token]:
    if piece.name in VALUES:
        value = _value(piece)
        return [Token(Kind.NUMBER, "", value)] if value is not None else [Token(Kind.CLOSE, "")]
    if piece.name in _BRACKETS:
        return [_BRACKETS[piece.name]]
    operator = "*" if piece.text == "of" else BINARY.get(piece.name)
    return [Token(Kind.OPERATOR, operator)] if operator else []


def _value(piece: Piece) -> Fraction | None:
    """The number's value; None where it is too long or divides by zero."""
    if len(piece.text) > 60:
        return None
    if piece.name == "frac":
        above, below = map(int, re.findall(r"\d+", piece.text))
        return Fraction(above, below) if below else None
    text = piece.text.replace(",", "")
    return Fraction(int(text)) if text.isdigit() else Fraction(text)
