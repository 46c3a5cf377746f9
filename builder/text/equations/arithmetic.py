"""Parse and compute arithmetic expressions exactly: a small grammar, fractions instead of floats, never `eval`.

    expression = term  { ("+" | "-") term }
    term       = signed { ("*" | "/") signed }
    signed     = { "+" | "-" } power
    power      = atom [ "^" { "+" | "-" } atom ]
    atom       = number [ "%" ] | "(" expression ")"

Expressions come from model output, so their size is bounded; an expression beyond the bounds is an error.
Whole numbers are computed as `int`, which is ten times as fast as `Fraction`, compares equal and has the same hash.
Tokens and nodes are named tuples because millions of them are made.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

MAX_TOKENS = 120
"""The most tokens of an expression."""

MAX_DEPTH = 20
"""The deepest nesting of brackets, signs and powers."""

MAX_DIGITS = 400
"""The most digits of a value's numerator or denominator."""

MAX_EXPONENT = 64
"""The largest absolute exponent."""


Exact = int | Fraction
"""An exact value. A whole one may be either."""

_CHAINED = frozenset({"+", "-", "*", "/"})


class TokenKind(StrEnum):
    """The kind of a token."""

    NUMBER = "number"
    OPERATOR = "operator"
    OPEN = "open"
    CLOSE = "close"
    PERCENT = "percent"


class Token(NamedTuple):
    """One token of an expression."""

    kind: TokenKind
    """Its kind."""
    text: str
    """The operator: one of + - * / ^. Empty for other kinds."""
    value: Exact = 0
    """The number's value."""


class Number(NamedTuple):
    """A leaf of an expression."""

    value: Exact
    """Its value."""


class Operation(NamedTuple):
    """An inner node of an expression, with its value."""

    op: str
    """One of + - * / ^."""
    left: "Node"
    """Left operand."""
    right: "Node"
    """Right operand."""
    value: Exact
    """Exact value."""


Node = Number | Operation


class WrittenFraction(Fraction):
    r"""A number that was written as a fraction, `\frac{240}{12}`; it is equal to its value."""

    __slots__ = ("bottom", "top")

    top: int
    """What was written above."""
    bottom: int
    """What was written below."""

    @classmethod
    def read(cls, top: int, bottom: int) -> "WrittenFraction":
        """Make one of what was written."""
        made = cls(top, bottom)
        made.top, made.bottom = top, bottom
        return made

    def __reduce__(self) -> tuple[object, tuple[int, int]]:
        return WrittenFraction.read, (self.top, self.bottom)


class ExpressionError(ValueError):
    """The tokens do not form an expression of this grammar, or its value is undefined or out of bounds."""


def parse_expression(tokens: Sequence[Token], *, percent: Exact = Fraction(1, 100)) -> Node:
    """Parse tokens as one complete expression and compute its value.

    Args:
        tokens: the expression.
        percent: the factor of a percent sign: 1/100, or 1 to read it as a unit.

    Raises:
        ExpressionError: the tokens are not an expression, divide by zero, or exceed the bounds.
    """
    if len(tokens) > MAX_TOKENS:
        raise ExpressionError("too long")
    if _is_chain(tokens):
        return _parse_chain(tokens)
    node, index = _Parser(tokens, percent).parse_sum(0, 0)
    if index != len(tokens):
        raise ExpressionError("tokens follow the expression")
    return node


def _is_chain(tokens: Sequence[Token]) -> bool:
    """Whether an expression has nothing but numbers and one of + - * / between them, as most have."""
    kinds = [token.kind for token in tokens[::2]]
    signs = {token.text for token in tokens[1::2]}
    return len(tokens) % 2 == 1 and kinds.count(TokenKind.NUMBER) == len(kinds) and signs <= _CHAINED


def _parse_chain(tokens: Sequence[Token]) -> Node:
    """Parse a chain as `_Parser` does, in one loop."""
    term: Node = Number(tokens[0].value)
    total: Node | None = None
    joined = ""
    for index in range(1, len(tokens), 2):
        op, right = tokens[index].text, Number(tokens[index + 1].value)
        if op in "*/":
            term = apply_operator(op, term, right)
        else:
            total = term if total is None else apply_operator(joined, total, term)
            joined, term = op, right
    return term if total is None else apply_operator(joined, total, term)


@dataclass(frozen=True, slots=True)
class _Parser:
    tokens: Sequence[Token]
    percent: Exact

    def parse_sum(self, index: int, depth: int) -> tuple[Node, int]:
        node, index = self.parse_term(index, depth)
        while (op := self.get_operator(index)) in {"+", "-"}:
            right, index = self.parse_term(index + 1, depth)
            node = apply_operator(op, node, right)
        return node, index

    def parse_term(self, index: int, depth: int) -> tuple[Node, int]:
        node, index = self.parse_signed(index, depth, self.parse_power)
        while (op := self.get_operator(index)) in {"*", "/"}:
            right, index = self.parse_signed(index + 1, depth, self.parse_power)
            node = apply_operator(op, node, right)
        return node, index

    def parse_power(self, index: int, depth: int) -> tuple[Node, int]:
        node, index = self.parse_atom(index, depth)
        if self.get_operator(index) == "^":
            right, index = self.parse_signed(index + 1, depth, self.parse_atom)
            node = apply_operator("^", node, right)
        return node, index

    def parse_signed(self, index: int, depth: int, inner: Callable[[int, int], tuple[Node, int]]) -> tuple[Node, int]:
        sign = self.get_operator(index)
        if sign not in {"+", "-"}:
            return inner(index, depth)
        if depth > MAX_DEPTH:
            raise ExpressionError("too many signs")
        node, index = self.parse_signed(index + 1, depth + 1, inner)
        return (node if sign == "+" else _negate(node)), index

    def parse_atom(self, index: int, depth: int) -> tuple[Node, int]:
        if index >= len(self.tokens) or depth > MAX_DEPTH:
            raise ExpressionError("an operand is missing")
        token = self.tokens[index]
        if token.kind is TokenKind.OPEN:
            node, index = self.parse_sum(index + 1, depth + 1)
            if index >= len(self.tokens) or self.tokens[index].kind is not TokenKind.CLOSE:
                raise ExpressionError("a bracket is not closed")
            return node, index + 1
        if token.kind is not TokenKind.NUMBER:
            raise ExpressionError("an operand is missing")
        return self.parse_percentage(token.value, index + 1)

    def parse_percentage(self, value: Exact, index: int) -> tuple[Node, int]:
        if index < len(self.tokens) and self.tokens[index].kind is TokenKind.PERCENT:
            return Number(value * self.percent), index + 1
        return Number(value), index

    def get_operator(self, index: int) -> str:
        return self.tokens[index].text if index < len(self.tokens) else ""


def apply_operator(op: str, left: Node, right: Node) -> Operation:
    """Build an operation from two nodes and compute its value.

    Raises:
        ExpressionError: a division by zero, or a value out of bounds.
    """
    value = _check_bounds(_compute_value(op, left.value, right.value))
    return Operation(op, left, right, value)


def _compute_value(op: str, left: Exact, right: Exact) -> Exact:
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    return _divide(left, right) if op == "/" else _compute_power(left, right)


def _divide(left: Exact, right: Exact) -> Exact:
    if right == 0:
        raise ExpressionError("a division by zero")
    if isinstance(left, int) and isinstance(right, int):
        return Fraction(left, right) if left % right else left // right
    return Fraction(left) / right


def _compute_power(base: Exact, exponent: Exact) -> Fraction:
    if exponent.denominator != 1 or abs(exponent.numerator) > MAX_EXPONENT or (base == 0 and exponent < 0):
        raise ExpressionError("an exponent out of bounds")
    size = max(abs(base.numerator), base.denominator).bit_length() * abs(exponent.numerator)
    if size > MAX_DIGITS * 4:
        raise ExpressionError("a value out of bounds")
    return Fraction(Fraction(base) ** exponent.numerator)


def _check_bounds(value: Exact) -> Exact:
    largest = value if isinstance(value, int) else max(abs(value.numerator), value.denominator)
    if largest.bit_length() > MAX_DIGITS * 4:
        raise ExpressionError("a value out of bounds")
    return value


def _negate(node: Node) -> Node:
    return Number(-node.value) if isinstance(node, Number) else apply_operator("-", Number(0), node)


def list_operations(node: Node) -> Iterator[Operation]:
    """Yield all operations of an expression, operands before the operation that uses them."""
    if isinstance(node, Operation):
        yield from list_operations(node.left)
        yield from list_operations(node.right)
        yield node


def format_value(value: Exact) -> str:
    """Write a value exactly: as a decimal where that is finite, else as a fraction.

    >>> format_value(Fraction(5, 2)), format_value(Fraction(1, 3)), format_value(Fraction(-7))
    ('2.5', '1/3', '-7')
    """
    if value.denominator == 1:
        return str(value.numerator)
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > MAX_DIGITS:
        return str(value)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return ("-" if value < 0 else "") + f"{digits[:-places]}.{digits[-places:]}"
