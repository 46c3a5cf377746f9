"""The method of a rationale, apart from its wording: what its equations come to when put into one another.

`16 - 3 = 13; 13 - 4 = 9` and `16 - 3 - 4 = 9` are one method, `3 + 4 = 7; 16 - 7 = 9` is another. RFT (Yuan et
al. 2023, section 3.3) takes the list of equation strings instead, so that a swapped operand or a different way of
cutting the same work into steps counts as a new path.
"""

from dataclasses import dataclass
from fractions import Fraction

import xxhash
from cotloom.builder.text.arithmetic import Node, Number, Operation, operations, written
from cotloom.builder.text.equations import find_equations
from cotloom.schemas.sample import StepOutcome

LONG = 120
"""An expression longer than this is named by its hash, so that no text can make signatures grow without end."""


@dataclass(frozen=True, slots=True)
class Method:
    """How a rationale reaches its answer."""

    signature: str | None
    """What makes two methods the same; null where the text has no equation."""
    operations: frozenset[str]
    """Its operations with their values, to tell how far apart two methods are."""


@dataclass(frozen=True, slots=True)
class _Form:
    """An expression in canonical form: operands of a sum or product sorted, as are those taken away from the first."""

    op: str = ""
    """The operator; empty for a number."""
    first: str = ""
    """The number, or the operand that the others are taken from or divide."""
    others: tuple[str, ...] = ()
    """The other operands, sorted."""

    @property
    def text(self) -> str:
        """The expression as text."""
        parts = [self.first, *self.others] if self.first else self.others
        form = f"({f' {self.op} '.join(parts)})" if self.op else self.first
        return form if len(form) <= LONG else f"#{xxhash.xxh3_64_hexdigest(form.encode())}"


def method_of(text: str) -> Method:
    """Read the method of a rationale off its equations. Those that could not be checked are passed over.

    >>> method_of("16 - 3 = 13. 13 - 4 = 9.").signature
    '(16 - 3 - 4)'
    >>> method_of("4 + 3 = 7, and 16 - 7 = 9").signature
    '(16 - (3 + 4))'
    """
    steps = [
        equation
        for equation in find_equations(text)
        if equation.outcome is not StepOutcome.UNCHECKED and isinstance(equation.left.node, Operation)
    ]
    results: dict[Fraction, _Form] = {}
    roots: dict[Fraction, str] = {}
    for step in steps:
        form = _form(step.left.node, results, roots)
        value = step.right.node.value
        results[value] = form
        roots[value] = form.text
    done = frozenset(_operation(operation) for step in steps for operation in operations(step.left.node))
    return Method("; ".join(sorted(set(roots.values()))) if steps else None, done)


def _form(node: Node, results: dict[Fraction, _Form], roots: dict[Fraction, str]) -> _Form:
    """Bring an expression into its form, putting earlier results in. What is used is no root any more."""
    if isinstance(node, Number):
        roots.pop(node.value, None)
        return results.get(node.value, _Form(first=written(node.value)))
    return _joined(node.op, _form(node.left, results, roots), _form(node.right, results, roots))


def _joined(op: str, left: _Form, right: _Form) -> _Form:
    """Join two forms: chains of one operator become one, a + (b + c) and a - b - c alike."""
    if op in "+*":
        return _Form(op, "", tuple(sorted([*_parts(left, op), *_parts(right, op)])))
    if left.op == op and op != "^":
        return _Form(op, left.first, tuple(sorted([*left.others, right.text])))
    return _Form(op, left.text, (right.text,))


def _parts(form: _Form, op: str) -> tuple[str, ...]:
    return form.others if form.op == op and form.text[0] != "#" else (form.text,)


def _operation(operation: Operation) -> str:
    sides = [written(operation.left.value), written(operation.right.value)]
    return f" {operation.op} ".join(sorted(sides) if operation.op in "+*" else sides)
