"""Select: of the correct paths of each problem, keep those that differ, the furthest apart.

Law 5: the choice depends on the set of samples, never on the order of the rows.
"""

from .choice import Choice, ReasoningPath, choose_paths
from .samples import add_choices, choose_rows, count_distinct, select_kept
from .signature import Method, read_method

__all__ = [
    "CODE_VERSION",
    "Choice",
    "Method",
    "ReasoningPath",
    "add_choices",
    "choose_paths",
    "choose_rows",
    "count_distinct",
    "read_method",
    "select_kept",
]

CODE_VERSION = 2
"""Rises when the same paths get another choice."""
