"""Select: of the correct paths of each problem that are neither too long nor too short, keep those that differ.

Law 5: the choice depends on the set of samples, never on the order of the rows.
"""

from .choice import Choice, ParsedPath, ReasoningPath, choose_paths, drop_duplicates, parse_path, pick_paths
from .judges import count_judges, describe_judges
from .origins import count_origins, describe_hints, describe_served
from .samples import add_choices, count_distinct, drop_outside, drop_quoting, find_duplicates, pick_rows, select_kept
from .signature import Method, read_method
from .tallies import count_answers, describe_faults, describe_readings, describe_tokens

__all__ = [
    "CODE_VERSION",
    "Choice",
    "Method",
    "ParsedPath",
    "ReasoningPath",
    "add_choices",
    "choose_paths",
    "count_answers",
    "count_distinct",
    "count_judges",
    "count_origins",
    "describe_faults",
    "describe_hints",
    "describe_judges",
    "describe_readings",
    "describe_served",
    "describe_tokens",
    "drop_duplicates",
    "drop_outside",
    "drop_quoting",
    "find_duplicates",
    "parse_path",
    "pick_paths",
    "pick_rows",
    "read_method",
    "select_kept",
]

CODE_VERSION = 7
"""Rises when the same paths get another choice, or are counted otherwise."""
