"""What problems to train on may not meet: evaluation sets.

sets            an evaluation set, indexed by every measure; what a text is near
decontaminate   drop the problems that overlap one, and keep the evidence
"""

from .decontaminate import (
    Decontaminated,
    OpenSets,
    choose_evidence,
    decontaminate,
    describe_match,
    make_evidence,
)
from .sets import COLUMNS, EvaluationSet, OverlapMatch, find_matches, index_set

__all__ = [
    "COLUMNS",
    "Decontaminated",
    "EvaluationSet",
    "OpenSets",
    "OverlapMatch",
    "choose_evidence",
    "decontaminate",
    "describe_match",
    "find_matches",
    "index_set",
    "make_evidence",
]
