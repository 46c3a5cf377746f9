"""Programs of arithmetic: the methods of made problems, first over names, then over numbers."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from operator import add, floordiv, mul, sub
from types import MappingProxyType

from cotloom.schemas.ids import rank

LARGEST = 20_000
"""No number of a method is larger."""

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
    """What the result is called."""
    op: str
    """One of + - * /."""
    operands: tuple[str, str]
    """Names of slots or earlier results, or written numbers."""


Program = tuple[Formula, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One step of a method, over numbers."""

    op: str
    """One of + - * /."""
    args: tuple[int, int]
    """The two numbers, as the step writes them."""
    result: int
    """What it comes to."""

    @property
    def key(self) -> tuple[str, tuple[int, ...]]:
        """The operation apart from the order of what is added or multiplied."""
        return self.op, tuple(sorted(self.args)) if self.op in COMMUTATIVE else self.args


Method = tuple[Operation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A problem in words, with its methods."""

    question: str
    """The question."""
    category: str
    """What kind of problem it is."""
    methods: tuple[Method, ...]
    """The ways to the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A kind of arithmetic problems: groups, and how a problem of a group is told."""

    groups: Sequence[str]
    """Names of the groups; a split never parts one."""
    tell: Callable[[str, str], Told | None]
    """From a group and a key to a problem; None where the numbers that the key draws are unfit."""


def parse_program(text: str) -> Program:
    """Read a program: steps of the form `name = operand op operand`, parted by semicolons.

    Raises:
        ValueError: a step has another form.
    """
    return tuple(map(_parse_step, text.split(";")))


def _parse_step(text: str) -> Formula:
    found = _STEP.fullmatch(text)
    if found is None:
        message = f"not a step of the form `name = operand op operand`: {text!r}"
        raise ValueError(message)
    name, left, op, right = found.groups()
    return Formula(name=name, op=op, operands=(left, right))


def work_out(program: Program, values: Mapping[str, int], largest: int = LARGEST) -> Method | None:
    """Put numbers into a program.

    Args:
        program: the steps.
        values: the numbers, by name.
        largest: no result may be larger.

    Returns:
        The steps, or None where one of them is unfit for a school book: a result that is not positive, whole and
        of modest size, a factor or divisor of 1, or a step that was done before.
    """
    known = dict(values)
    steps: list[Operation] = []
    for formula in program:
        step = _apply(formula, known)
        if step is None or step.result > largest or any(step.key == earlier.key for earlier in steps):
            return None
        known[formula.name] = step.result
        steps.append(step)
    return tuple(steps)


def _apply(formula: Formula, known: Mapping[str, int]) -> Operation | None:
    left, right = operands(formula, known)
    if formula.op in "*/" and 1 in {left, right}:
        return None
    if formula.op == "/" and left % right:
        return None
    result: int = OPERATIONS[formula.op](left, right)
    return Operation(op=formula.op, args=(left, right), result=result) if result > 0 else None


def operands(formula: Formula, known: Mapping[str, int]) -> tuple[int, int]:
    """The two numbers of a step."""
    left, right = (int(name) if name.isdigit() else known[name] for name in formula.operands)
    return left, right


def operations(method: Method) -> frozenset[tuple[str, tuple[int, ...]]]:
    """What a method calculates, apart from the order of its steps."""
    return frozenset(step.key for step in method)


def turns(key: str, names: Sequence[str]) -> Iterator[str]:
    """Let every name have one turn in each round, in an order that is drawn anew for the round."""
    for turn in count():
        yield from sorted(names, key=lambda name: rank(f"{key}/{turn}", name))
