"""Select: of the correct paths of each problem that are neither too long nor too short, keep those that differ.

Law 5: the choice depends on the set of samples, never on the order of the rows.
"""

from .choice import choose_paths, drop_duplicates, pick_paths
from .difficulty import RATED_COLUMNS, apply_pass_rates, follow_problems
from .diversity import count_diversity, describe_diversity
from .judges import count_judges, describe_judges
from .origins import count_origins, describe_hints, describe_served
from .paths import (
    Choice,
    ParsedPath,
    ParsedProblem,
    PathProblem,
    ReasoningPath,
    parse_path,
    parse_problem,
)
from .samples import (
    add_choices,
    count_distinct,
    drop_outside,
    drop_quoting,
    find_duplicates,
    follow_leaders,
    make_readers,
    pick_rows,
    select_kept,
)
from .signatures import Method, ProblemContext, read_method
from .tallies import count_answers, describe_faults, describe_readings, describe_tokens

__all__ = [
    "CODE_VERSION",
    "RATED_COLUMNS",
    "Choice",
    "Method",
    "ParsedPath",
    "ParsedProblem",
    "PathProblem",
    "ProblemContext",
    "ReasoningPath",
    "add_choices",
    "apply_pass_rates",
    "choose_paths",
    "count_answers",
    "count_distinct",
    "count_diversity",
    "count_judges",
    "count_origins",
    "describe_diversity",
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
    "follow_leaders",
    "follow_problems",
    "make_readers",
    "parse_path",
    "parse_problem",
    "pick_paths",
    "pick_rows",
    "read_method",
    "select_kept",
]

CODE_VERSION = 9
"""Rises when the same paths get another choice, or are counted otherwise."""
