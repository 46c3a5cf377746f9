"""Equations in running text: found in one pass, and checked with exact fractions."""

from .arithmetic import Exact, Node, Number, Operation, WrittenFraction, format_value, list_operations
from .equation import Equation
from .find import find_equations

__all__ = [
    "Equation",
    "Exact",
    "Node",
    "Number",
    "Operation",
    "WrittenFraction",
    "find_equations",
    "format_value",
    "list_operations",
]
