"""What an answer of mathematics is read into: a small tree. It holds names and exact numbers, and nothing that runs."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Head(StrEnum):
    """The kind of a node."""

    NUMBER = "number"
    SYMBOL = "symbol"
    SUM = "sum"
    PRODUCT = "product"
    POWER = "power"
    CALL = "call"
    """A function by its name, with its arguments."""
    WORD = "word"
    """A text that is no mathematics, such as a name."""
    QUANTITY = "quantity"
    """A value with a unit."""
    LIST = "list"
    """Values with commas between them, or with `or`: solutions, whose order does not count."""
    BOTH = "both"
    """Conditions that hold together."""
    TUPLE = "tuple"
    """Values in round brackets. Two of them may also be the ends of an open interval."""
    SET = "set"
    INTERVAL = "interval"
    """Two ends; the name is its brackets."""
    UNION = "union"
    MINUS = "minus"
    RELATION = "relation"
    """Two sides; the name is one of = < <= > >= != in."""
    MATRIX = "matrix"
    """The entries by rows; the name is the number of columns."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A node with its parts."""

    head: Head
    """The kind."""
    parts: tuple["Tree", ...] = ()
    """The nodes below."""
    name: str = ""
    """The name of a symbol, function, word, unit or relation; the brackets of an interval."""
    value: Fraction = Fraction(0)
    """The value of a number."""
    decimals: int = 0
    """How many decimals a number is written with."""


def make_number(value: Fraction | int, decimals: int = 0) -> Tree:
    """Make a number."""
    return Tree(Head.NUMBER, value=Fraction(value), decimals=decimals)


def make_symbol(name: str) -> Tree:
    """Make a symbol."""
    return Tree(Head.SYMBOL, name=name)


def make_product(*parts: Tree) -> Tree:
    """Make a product."""
    return Tree(Head.PRODUCT, parts)


def make_power(base: Tree, exponent: Tree) -> Tree:
    """Make a power."""
    return Tree(Head.POWER, (base, exponent))


def make_call(name: str, *parts: Tree) -> Tree:
    """Make a function with its arguments."""
    return Tree(Head.CALL, parts, name)


def make_quotient(above: Tree, below: Tree) -> Tree:
    """Make a quotient."""
    return make_product(above, make_power(below, MINUS_ONE))


def negate(tree: Tree) -> Tree:
    """Make the negative; of a number at once."""
    if tree.head is Head.NUMBER:
        return make_number(-tree.value, tree.decimals)
    return make_product(MINUS_ONE, tree)


MINUS_ONE = make_number(-1)
PI, EULER, IMAGINARY, INFINITY = (make_symbol(name) for name in ("pi", "e", "i", "oo"))
DEGREE = make_symbol("degree")
RADIANS = make_quotient(PI, make_number(180))
"""A degree as a number."""
SIGN = make_symbol("±")
"""Plus or minus one: a value with it is two values."""
LOG_FACTOR = make_symbol("log")
"""What a natural logarithm is multiplied by, where `log` is written without its base."""

CONSTANTS = frozenset({"pi", "e", "i", "oo", "degree", "±", "log"})
"""Symbols that are no variables."""


def list_symbols(tree: Tree) -> set[str]:
    """List the names of all symbols in a tree."""
    found = {tree.name} if tree.head is Head.SYMBOL else set()
    return found.union(*map(list_symbols, tree.parts))


def list_variables(tree: Tree) -> set[str]:
    """List the names of the variables in a tree."""
    return list_symbols(tree) - CONSTANTS


def has_number(tree: Tree) -> bool:
    """Whether a tree holds a number."""
    return tree.head is Head.NUMBER or any(map(has_number, tree.parts))


def replace_symbol(tree: Tree, name: str, other: Tree) -> Tree:
    """Replace a symbol everywhere."""
    if tree.head is Head.SYMBOL:
        return other if tree.name == name else tree
    if not tree.parts:
        return tree
    parts = tuple(replace_symbol(part, name, other) for part in tree.parts)
    return tree if parts == tree.parts else Tree(tree.head, parts, tree.name, tree.value, tree.decimals)


class NotUnderstoodError(ValueError):
    """A text is no answer of this grammar, or goes beyond its bounds."""
