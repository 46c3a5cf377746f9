"""The method of a rationale, apart from its wording: its equations, with earlier results substituted into later ones.

`16 - 3 = 13; 13 - 4 = 9` and `16 - 3 - 4 = 9` are one method, `3 + 4 = 7; 16 - 7 = 9` is another. RFT (Yuan et
al. 2023, section 3.3) compares lists of equation strings instead, so that a swapped operand or another division of the
same work into steps counts as a new path.
"""

from dataclasses import dataclass
from fractions import Fraction

import xxhash

from ...schemas.sample import StepOutcome
from ..text.arithmetic import Node, Number, Operation, format_value, list_operations
from ..text.equations import find_equations

MAX_CHARACTERS = 120
"""The longest expression that a signature spells out; longer ones are hashed, so that signatures stay bounded."""

MAX_READ = 1_000_000
"""Of a longer text, this many characters are read for equations: the default of `verify.max_characters`."""


@dataclass(frozen=True, slots=True)
class Method:
    """The method by which a rationale reaches its answer."""

    signature: str | None
    """Equal for equal methods; None where the text has no checked equation."""
    operations: frozenset[str]
    """Its operations with their operands, by which the distance of two methods is measured."""


@dataclass(frozen=True, slots=True)
class _CanonicalForm:
    """An expression in canonical form: the operands of sums and products, subtrahends and divisors are sorted."""

    op: str = ""
    """The operator; empty for a number."""
    first: str = ""
    """The number, or the operand that the others are subtracted from or divide."""
    others: tuple[str, ...] = ()
    """The other operands, sorted."""

    @property
    def text(self) -> str:
        """The expression as text, hashed where it is long."""
        parts = [self.first, *self.others] if self.first else self.others
        form = f"({f' {self.op} '.join(parts)})" if self.op else self.first
        return form if len(form) <= MAX_CHARACTERS else f"#{xxhash.xxh3_64_hexdigest(form.encode())}"


def read_method(text: str) -> Method:
    """Read the method of a rationale from its equations. Unchecked ones are ignored.

    >>> read_method("16 - 3 = 13. 13 - 4 = 9.").signature
    '(16 - 3 - 4)'
    >>> read_method("4 + 3 = 7, and 16 - 7 = 9").signature
    '(16 - (3 + 4))'
    """
    steps = [
        equation
        for equation in find_equations(text[:MAX_READ])
        if equation.outcome is not StepOutcome.UNCHECKED and isinstance(equation.left.node, Operation)
    ]
    results: dict[Fraction, _CanonicalForm] = {}
    roots: dict[Fraction, str] = {}
    for step in steps:
        form = _canonicalize(step.left.node, results, roots)
        value = step.right.node.value
        results[value] = form
        roots[value] = form.text
    performed = frozenset(
        _format_operation(operation) for step in steps for operation in list_operations(step.left.node)
    )
    return Method("; ".join(sorted(set(roots.values()))) if steps else None, performed)


def _canonicalize(node: Node, results: dict[Fraction, _CanonicalForm], roots: dict[Fraction, str]) -> _CanonicalForm:
    """Convert an expression to canonical form and substitute earlier results. A used result is no longer a root."""
    if isinstance(node, Number):
        roots.pop(node.value, None)
        return results.get(node.value, _CanonicalForm(first=format_value(node.value)))
    return _join_forms(node.op, _canonicalize(node.left, results, roots), _canonicalize(node.right, results, roots))


def _join_forms(op: str, left: _CanonicalForm, right: _CanonicalForm) -> _CanonicalForm:
    """Join two forms. Chains of one operator are flattened: a + (b + c), a - b - c."""
    if op in "+*":
        return _CanonicalForm(op, "", tuple(sorted([*_list_operands(left, op), *_list_operands(right, op)])))
    if left.op == op and op != "^":
        return _CanonicalForm(op, left.first, tuple(sorted([*left.others, right.text])))
    return _CanonicalForm(op, left.text, (right.text,))


def _list_operands(form: _CanonicalForm, op: str) -> tuple[str, ...]:
    return form.others if form.op == op and form.text[0] != "#" else (form.text,)


def _format_operation(operation: Operation) -> str:
    sides = [format_value(operation.left.value), format_value(operation.right.value)]
    return f" {operation.op} ".join(sorted(sides) if operation.op in "+*" else sides)
