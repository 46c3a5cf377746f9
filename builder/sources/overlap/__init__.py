"""What problems to train on may not meet: evaluation sets, and the test split.

sets            an evaluation set, indexed by every measure; what a text is near
decontaminate   drop the problems that overlap one, and keep the evidence
crossings       drop training problems that are nearly test problems
"""

from .crossings import CROSSES, TEST_COLUMNS, HeldTests, drop_crossings, index_tests
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
    "CROSSES",
    "TEST_COLUMNS",
    "Decontaminated",
    "EvaluationSet",
    "HeldTests",
    "OpenSets",
    "OverlapMatch",
    "choose_evidence",
    "decontaminate",
    "describe_match",
    "drop_crossings",
    "find_matches",
    "index_set",
    "index_tests",
    "make_evidence",
]
