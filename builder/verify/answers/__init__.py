"""Typed answers: what each type of answer is, read from an answer's own text, and when two are equal.

`compare` is the only door. What an answer is not known to be is undecided, never different (law 2).
"""

from .choices import name_option
from .compare import compare, compare_safely
from .outcomes import Comparison, ComparisonOutcome

__all__ = ["Comparison", "ComparisonOutcome", "compare", "compare_safely", "name_option"]
