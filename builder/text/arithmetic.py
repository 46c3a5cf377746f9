"""Exact arithmetic over written expressions: a small grammar, fractions instead of floats, and never `eval`.

    expression = term  { ("+" | "-") term }
    term       = signed { ("*" | "/") signed }
    signed     = { "+" | "-" } power
    power      = atom [ "^" { "+" | "-" } atom ]
    atom       = number [ "%" ] | "(" expression ")"

Texts come from models, so sizes are bounded: what is longer or larger than the bounds is not understood.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

MAX_TOKENS = 120
"""Tokens of one expression."""

MAX_DEPTH = 20
"""Nested brackets, signs and powers."""

MAX_DIGITS = 400
"""Digits of a value's numerator or denominator."""

MAX_EXPONENT = 64
"""The largest exponent that is worked out."""


class Kind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    OPERATOR = "operator"
    OPEN = "open"
    CLOSE = "close"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an expression."""

    kind: Kind
    """What it is."""
    text: str
    """The operator: one of + - * / ^. Empty for other kinds."""
    value: Fraction = Fraction(0)
    """The number's value."""


@dataclass(frozen=True, slots=True)
class Number:
    """A leaf of an expression."""

    value: Fraction
    """Its value."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An inner node of an expression, with its value worked out."""

    op: str
    """One of + - * / ^."""
    left: "Node"
    """Left operand."""
    right: "Node"
    """Right operand."""
    value: Fraction
    """Exact value."""


Node = Number | Operation


class NotUnderstoodError(ValueError):
    """The tokens are no expression of this grammar, or it has no value within the bounds."""


def parse(tokens: Sequence[Token], *, percent: Fraction = Fraction(1, 100)) -> Node:
    """Read tokens as one whole expression and work it out.

    Args:
        tokens: the expression.
        percent: what a percent sign multiplies by: 1/100, or 1 where it is only a unit.

    Raises:
        NotUnderstoodError: they are no expression, divide by zero, or grow past the bounds.
    """
    if len(tokens) > MAX_TOKENS:
        raise NotUnderstoodError("too long")
    node, place = _Parser(tokens, percent).expression(0, 0)
    if place != len(tokens):
        raise NotUnderstoodError("more follows")
    return node


@dataclass(frozen=True, slots=True)
class _Parser:
    tokens: Sequence[Token]
    percent: Fraction

    def expression(self, place: int, depth: int) -> tuple[Node, int]:
        node, place = self.term(place, depth)
        while (op := self.operator(place)) in {"+", "-"}:
            right, place = self.term(place + 1, depth)
            node = operate(op, node, right)
        return node, place

    def term(self, place: int, depth: int) -> tuple[Node, int]:
        node, place = self.signed(place, depth, self.power)
        while (op := self.operator(place)) in {"*", "/"}:
            right, place = self.signed(place + 1, depth, self.power)
            node = operate(op, node, right)
        return node, place

    def power(self, place: int, depth: int) -> tuple[Node, int]:
        node, place = self.atom(place, depth)
        if self.operator(place) == "^":
            right, place = self.signed(place + 1, depth, self.atom)
            node = operate("^", node, right)
        return node, place

    def signed(self, place: int, depth: int, inner: Callable[[int, int], tuple[Node, int]]) -> tuple[Node, int]:
        sign = self.operator(place)
        if sign not in {"+", "-"}:
            return inner(place, depth)
        if depth > MAX_DEPTH:
            raise NotUnderstoodError("too many signs")
        node, place = self.signed(place + 1, depth + 1, inner)
        return (node if sign == "+" else _negated(node)), place

    def atom(self, place: int, depth: int) -> tuple[Node, int]:
        if place >= len(self.tokens) or depth > MAX_DEPTH:
            raise NotUnderstoodError("an operand is missing")
        token = self.tokens[place]
        if token.kind is Kind.OPEN:
            node, place = self.expression(place + 1, depth + 1)
            if place >= len(self.tokens) or self.tokens[place].kind is not Kind.CLOSE:
                raise NotUnderstoodError("a bracket is not closed")
            return node, place + 1
        if token.kind is not Kind.NUMBER:
            raise NotUnderstoodError("an operand is missing")
        return self.percentage(token.value, place + 1)

    def percentage(self, value: Fraction, place: int) -> tuple[Node, int]:
        if place < len(self.tokens) and self.tokens[place].kind is Kind.PERCENT:
            return Number(value * self.percent), place + 1
        return Number(value), place

    def operator(self, place: int) -> str:
        return self.tokens[place].text if place < len(self.tokens) else ""


def operate(op: str, left: Node, right: Node) -> Operation:
    """Join two nodes by an operator and work out the value.

    Raises:
        NotUnderstoodError: a division by zero, or a value past the bounds.
    """
    value = _bounded(_value(op, left.value, right.value))
    return Operation(op, left, right, value)


def _value(op: str, left: Fraction, right: Fraction) -> Fraction:
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    if op == "/":
        if right == 0:
            raise NotUnderstoodError("a division by zero")
        return left / right
    return _power(left, right)


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT or (base == 0 and exponent < 0):
        raise NotUnderstoodError("an exponent past the bounds")
    size = max(abs(base.numerator), base.denominator).bit_length() * abs(exponent.numerator)
    if size > MAX_DIGITS * 4:
        raise NotUnderstoodError("a value past the bounds")
    return Fraction(base**exponent.numerator)


def _bounded(value: Fraction) -> Fraction:
    if max(abs(value.numerator), value.denominator).bit_length() > MAX_DIGITS * 4:
        raise NotUnderstoodError("a value past the bounds")
    return value


def _negated(node: Node) -> Node:
    return Number(-node.value) if isinstance(node, Number) else operate("-", Number(Fraction(0)), node)


def operations(node: Node) -> Iterator[Operation]:
    """All operations of an expression, operands before what uses them."""
    if isinstance(node, Operation):
        yield from operations(node.left)
        yield from operations(node.right)
        yield node


def written(value: Fraction) -> str:
    """Write a value exactly: as a decimal where it ends, else as a fraction.

    >>> written(Fraction(5, 2)), written(Fraction(1, 3)), written(Fraction(-7))
    ('2.5', '1/3', '-7')
    """
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > MAX_DIGITS:
        return str(value)
    if places == 0:
        return str(value.numerator)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return ("-" if value < 0 else "") + f"{digits[:-places]}.{digits[-places:]}"
