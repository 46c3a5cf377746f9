"""What is wrong with a rationale that arithmetic does not see: one function for each fault, in a file of its own."""

from .answer_first import find_early_answer
from .check import Rationale, find_faults, list_dropping
from .endings import find_cut
from .language import find_other_language
from .loops import find_loop
from .place import FaultPlace
from .refusals import find_refusal
from .restated import find_restating

__all__ = [
    "FaultPlace",
    "Rationale",
    "find_cut",
    "find_early_answer",
    "find_faults",
    "find_loop",
    "find_other_language",
    "find_refusal",
    "find_restating",
    "list_dropping",
]
