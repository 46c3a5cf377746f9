"""Format: write each kept path as training rows, one for each format of the recipe.

Law 6: demonstrations come from the training split and from other groups only.
Law 9: demonstrations are taken in the order of keyed hashes, so that a new problem changes few rows.
"""

from .assembly import Count, Gather
from .demonstrations import ADDRESS_BITS, RING_COLUMNS, build_rings, load_rings, save_rings
from .examples import check_formats, format_examples, write_examples
from .rows import FormatRows, choose_demonstrations, list_demonstrations
from .templates import AS_IS, FORMATS, SolvedProblem, join_reasoning
from .texts import ANSWER_COLUMNS, join_problems, name_prompt, name_ring, name_target, rank_demonstrations, render_texts

__all__ = [
    "ADDRESS_BITS",
    "ANSWER_COLUMNS",
    "AS_IS",
    "CODE_VERSION",
    "FORMATS",
    "RING_COLUMNS",
    "Count",
    "FormatRows",
    "Gather",
    "SolvedProblem",
    "build_rings",
    "check_formats",
    "choose_demonstrations",
    "format_examples",
    "join_problems",
    "join_reasoning",
    "list_demonstrations",
    "load_rings",
    "name_prompt",
    "name_ring",
    "name_target",
    "rank_demonstrations",
    "render_texts",
    "save_rings",
    "write_examples",
]

CODE_VERSION = 7
"""Rises when the same path gives another row."""
