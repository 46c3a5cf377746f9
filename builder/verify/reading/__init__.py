"""Read the final answer out of a whole text: what states it, where, and by which rule."""

from .candidates import Reading
from .marks import find_statements
from .mentions import GUESSED, find_gold
from .read import read_answer

__all__ = ["GUESSED", "Reading", "find_gold", "find_statements", "read_answer"]
