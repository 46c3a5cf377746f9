"""The method of a rationale, apart from its wording: its equations, with earlier results substituted into later ones.

`16 - 3 = 13; 13 - 4 = 9` and `16 - 3 - 4 = 9` are one method, `3 + 4 = 7; 16 - 7 = 9` is another. RFT (Yuan et
al. 2023, section 3.3) compares lists of equation strings instead, so that a swapped operand or another division of the
same work into steps counts as a new path.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import xxhash

from ...schemas.sample import StepOutcome
from ..text.equations import (
    Equation,
    Exact,
    Node,
    Number,
    Operation,
    find_equations,
    format_value,
    list_operations,
)

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


class _CanonicalForm(NamedTuple):
    """An expression in canonical form: the operands of sums and products, subtrahends and divisors are sorted."""

    op: str
    """The operator; empty for a number."""
    first: str
    """The number, or the operand that the others are subtracted from or divide."""
    others: tuple[str, ...]
    """The other operands, sorted."""
    text: str
    """The expression as text, hashed where it is long."""


def read_method(text: str, equations: Sequence[Equation] | None = None) -> Method:
    """Read the method of a rationale from its equations. Unchecked ones are ignored.

    Args:
        text: the rationale.
        equations: its equations from `find_equations`, where the caller has found them already.

    >>> read_method("16 - 3 = 13. 13 - 4 = 9.").signature
    '(16 - 3 - 4)'
    >>> read_method("4 + 3 = 7, and 16 - 7 = 9").signature
    '(16 - (3 + 4))'
    """
    if equations is None or len(text) > MAX_READ:
        equations = find_equations(text[:MAX_READ])
    steps = [
        equation
        for equation in equations
        if equation.outcome is not StepOutcome.UNCHECKED and isinstance(equation.left, Operation)
    ]
    results: dict[Exact, _CanonicalForm] = {}
    roots: dict[Exact, str] = {}
    for step in steps:
        form = _canonicalize(step.left, results, roots)
        value = step.right
        results[value] = form
        roots[value] = form.text
    performed = frozenset(_format_operation(operation) for step in steps for operation in list_operations(step.left))
    return Method("; ".join(sorted(set(roots.values()))) if steps else None, performed)


def _canonicalize(node: Node, results: dict[Exact, _CanonicalForm], roots: dict[Exact, str]) -> _CanonicalForm:
    """Convert an expression to canonical form and substitute earlier results. A used result is no longer a root."""
    if isinstance(node, Number):
        roots.pop(node.value, None)
        return results.get(node.value) or _make_form("", format_value(node.value), ())
    return _join_forms(node.op, _canonicalize(node.left, results, roots), _canonicalize(node.right, results, roots))


def _make_form(op: str, first: str, others: tuple[str, ...]) -> _CanonicalForm:
    text = f"({f' {op} '.join([first, *others] if first else others)})" if op else first
    if len(text) > MAX_CHARACTERS:
        text = f"#{xxhash.xxh3_64_hexdigest(text.encode())}"
    return _CanonicalForm(op, first, others, text)


def _join_forms(op: str, left: _CanonicalForm, right: _CanonicalForm) -> _CanonicalForm:
    """Join two forms. Chains of one operator are flattened: a + (b + c), a - b - c."""
    if op in "+*":
        return _make_form(op, "", tuple(sorted([*_list_operands(left, op), *_list_operands(right, op)])))
    if left.op == op and op != "^":
        return _make_form(op, left.first, tuple(sorted([*left.others, right.text])))
    return _make_form(op, left.text, (right.text,))


def _list_operands(form: _CanonicalForm, op: str) -> tuple[str, ...]:
    return form.others if form.op == op and form.text[0] != "#" else (form.text,)


def _format_operation(operation: Operation) -> str:
    sides = [format_value(operation.left.value), format_value(operation.right.value)]
    return f" {operation.op} ".join(sorted(sides) if operation.op in "+*" else sides)
