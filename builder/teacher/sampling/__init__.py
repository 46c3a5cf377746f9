"""Sampling: each problem on its own way through its rounds, in one queue that keeps the teachers busy.

Law 3: what arrives is on disk before it is used. Law 5: what a problem is asked next depends on its own complete rounds
alone, so that no row depends on which answer came first. From the bottom up: `samples`, `path_counts`; `books` (what is
paid), `metering` (what each problem takes); `completing` (ledger, else teacher), `queues` and `tally` (what is looked
at beside the sending), `rows` (to disk), `turns`; `opening`; `grading` (votes on samples); `rounds` (one problem);
`run`, `grade_recorded`.
"""

from .completing import Calls
from .grade_recorded import GradedAnswers, grade_recorded
from .grading import FindQuestions
from .metering import Look, ProblemUse
from .path_counts import PathCounts
from .rounds import CountPaths, CutRationales
from .rows import write_samples
from .run import Finders, SampledAnswers, sample_rationales

__all__ = [
    "Calls",
    "CountPaths",
    "CutRationales",
    "FindQuestions",
    "Finders",
    "GradedAnswers",
    "Look",
    "PathCounts",
    "ProblemUse",
    "SampledAnswers",
    "grade_recorded",
    "sample_rationales",
    "write_samples",
]
