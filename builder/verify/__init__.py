"""Verify: read the final answer of each sample, compare it with the gold answer, check every written equation.

Law 2: a check that raises or does not understand gives check_failed or unverifiable, never correct and never wrong.
Law 7: model text is read by small grammars with bounds; none of it is executed.
"""

from .answers import Comparison, ComparisonOutcome, compare, compare_safely
from .blind import BlindFinding, check_blind, cut_before_answer
from .consensus import Agreement, decide_consensus, find_agreement
from .external import ExternalCommand, close_command, find_command
from .graded import count_votes, read_vote
from .judge import Judgement, judge
from .reading import Reading, read_answer
from .samples import add_judgements, is_readable, select_sampled
from .steps import Steps, check_parts, check_steps

__all__ = [
    "CODE_VERSION",
    "IS_READABLE",
    "Agreement",
    "BlindFinding",
    "Comparison",
    "ComparisonOutcome",
    "ExternalCommand",
    "Judgement",
    "Reading",
    "Steps",
    "add_judgements",
    "check_blind",
    "check_parts",
    "check_steps",
    "close_command",
    "compare",
    "compare_safely",
    "count_votes",
    "cut_before_answer",
    "decide_consensus",
    "find_agreement",
    "find_command",
    "is_readable",
    "judge",
    "read_answer",
    "read_vote",
    "select_sampled",
]

CODE_VERSION = 6
"""Rises when the same text gets another judgement."""

IS_READABLE = f"{__name__}:is_readable"
"""The address of `is_readable`."""
