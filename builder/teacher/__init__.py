"""The teacher: samples rationales from a model, a file or a simulation, and keeps every answer in the ledger.

Law 3: an answer is in the ledger before anything else is done with it, and what is in the ledger is never requested
again. All backends work alike: a problem becomes a request, the request gets an answer in the ledger, the answer
becomes a sample. From the bottom up: `request`, `ledger`, `prompts`, `demonstrations`; `simulated/`; `pacing/`,
`backends/`; `sampling/`, `estimate`.
"""

from .asked import AskedProblems
from .backends import BACKENDS
from .backends.openai_keys import Destination, find_destination, list_key_variables
from .estimate import CallEstimate, estimate_calls, estimate_votes, is_grader_paid
from .ledger import Ledger, open_ledger
from .recorded import RecordedAnswers, Recording, count_unmatched, match_answers, read_answers
from .recorded_chunks import ANSWER_SCHEMA, PIECE, READING
from .request import Request
from .sampling import (
    Calls,
    CountPaths,
    CutRationales,
    Finders,
    FindQuestions,
    GradedAnswers,
    Look,
    PathCounts,
    ProblemUse,
    SampledAnswers,
    grade_recorded,
    sample_rationales,
    write_samples,
)

__all__ = [
    "ANSWER_SCHEMA",
    "BACKENDS",
    "CODE_VERSION",
    "PIECE",
    "READING",
    "AskedProblems",
    "CallEstimate",
    "Calls",
    "CountPaths",
    "CutRationales",
    "Destination",
    "FindQuestions",
    "Finders",
    "GradedAnswers",
    "Ledger",
    "Look",
    "PathCounts",
    "ProblemUse",
    "RecordedAnswers",
    "Recording",
    "Request",
    "SampledAnswers",
    "count_unmatched",
    "estimate_calls",
    "estimate_votes",
    "find_destination",
    "grade_recorded",
    "is_grader_paid",
    "list_key_variables",
    "match_answers",
    "open_ledger",
    "read_answers",
    "sample_rationales",
    "write_samples",
]

CODE_VERSION = 6
"""Rises when the same ledger gives other samples."""
