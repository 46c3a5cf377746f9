"""The equation, as found in a text."""

from typing import NamedTuple

from ....schemas.sample import StepOutcome
from .arithmetic import Exact, Node


class Equation(NamedTuple):
    """`left = right`, with its position in the text."""

    start: int
    """Offset of its first character."""
    end: int
    """Offset after its last character."""
    left: Node
    """Its left side, computed."""
    right: Exact
    """The value of its right side."""
    outcome: StepOutcome
    """Whether it is true."""
