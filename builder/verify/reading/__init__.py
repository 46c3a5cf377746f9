"""Read the final answer out of a whole text: what states it, where, and by which rule."""

from .candidates import Reading
from .mentions import GUESSED, find_gold
from .read import read_answer

__all__ = ["GUESSED", "Reading", "find_gold", "read_answer"]
