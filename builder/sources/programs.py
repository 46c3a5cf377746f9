"""Solution methods of generated problems: programs over names, evaluated to steps over numbers."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from operator import add, floordiv, mul, sub
from types import MappingProxyType

from ...schemas.ids import rank

LARGEST = 20_000
"""The largest result of a step."""

OPERATIONS = MappingProxyType({"+": add, "-": sub, "*": mul, "/": floordiv})
COMMUTATIVE = frozenset("+*")
PRONOUNS = MappingProxyType(
    {
        "she": {"they": "she", "They": "She", "their": "her", "them": "her"},
        "he": {"they": "he", "They": "He", "their": "his", "them": "him"},
    }
)

_STEP = re.compile(r"\s*([a-z]+) = ([a-z]+|\d+) ([-+*/]) ([a-z]+|\d+)\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Formula:
    """One step of a method, over names: `total = both * b`."""

    name: str
    """Name of the result."""
    op: str
    """One of + - * /."""
    operands: tuple[str, str]
    """Names of slots or earlier results, or number literals."""


Program = tuple[Formula, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodStep:
    """One step of a method, over numbers."""

    op: str
    """One of + - * /."""
    args: tuple[int, int]
    """The two operands, in order."""
    result: int
    """The result."""

    @property
    def key(self) -> tuple[str, tuple[int, ...]]:
        """The operation, with the operands sorted where it is commutative."""
        return self.op, tuple(sorted(self.args)) if self.op in COMMUTATIVE else self.args


Method = tuple[MethodStep, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WordProblem:
    """A generated word problem with its solution methods."""

    question: str
    """The question."""
    category: str
    """The category of the problem."""
    methods: tuple[Method, ...]
    """The methods; all end in the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A level of arithmetic problems: its groups, and the function that writes a problem of a group."""

    groups: Sequence[str]
    """Names of the groups; all problems of a group are in one split."""
    write_problem: Callable[[str, str], WordProblem | None]
    """Write a problem from a group and a random key; None where the numbers drawn are unsuitable."""


def parse_program(text: str) -> Program:
    """Parse a program: steps of the form `name = operand op operand`, separated by semicolons.

    Raises:
        ValueError: a step has another form.
    """
    return tuple(map(_parse_step, text.split(";")))


def _parse_step(text: str) -> Formula:
    match = _STEP.fullmatch(text)
    if match is None:
        message = f"not a step of the form `name = operand op operand`: {text!r}"
        raise ValueError(message)
    name, left, op, right = match.groups()
    return Formula(name=name, op=op, operands=(left, right))


def compute_method(program: Program, values: Mapping[str, int], largest: int = LARGEST) -> Method | None:
    """Evaluate a program with the numbers of a problem.

    Args:
        program: the steps.
        values: the numbers, by name.
        largest: the largest result allowed.

    Returns:
        The steps, or None where one is unsuitable: its result is not a positive integer up to `largest`, a factor or
        divisor is 1, or it repeats an earlier step.
    """
    known = dict(values)
    steps: list[MethodStep] = []
    for formula in program:
        step = _apply_formula(formula, known)
        if step is None or step.result > largest or any(step.key == earlier.key for earlier in steps):
            return None
        known[formula.name] = step.result
        steps.append(step)
    return tuple(steps)


def _apply_formula(formula: Formula, known: Mapping[str, int]) -> MethodStep | None:
    left, right = get_operands(formula, known)
    if formula.op in "*/" and 1 in {left, right}:
        return None
    if formula.op == "/" and left % right:
        return None
    result: int = OPERATIONS[formula.op](left, right)
    return MethodStep(op=formula.op, args=(left, right), result=result) if result > 0 else None


def get_operands(formula: Formula, known: Mapping[str, int]) -> tuple[int, int]:
    """Look up the two numbers of a step."""
    left, right = (int(name) if name.isdigit() else known[name] for name in formula.operands)
    return left, right


def collect_operations(method: Method) -> frozenset[tuple[str, tuple[int, ...]]]:
    """Collect the operations of a method, regardless of their order."""
    return frozenset(step.key for step in method)


def shuffle_rounds(key: str, names: Sequence[str]) -> Iterator[str]:
    """Yield all names in each round without end, shuffled anew for every round."""
    for number in count():
        yield from sorted(names, key=lambda name: rank(f"{key}/{number}", name))
