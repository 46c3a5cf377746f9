"""Sampling: each problem on its own way through its rounds, in one queue that keeps the teachers busy.

Law 3: what arrives is on disk before it is used. Law 5: what a problem is asked next depends on its own complete rounds
alone, so that no row depends on which answer came first. From the bottom up: `samples`; `rounds` (one problem);
`completing` (ledger, else teacher), `queues` and `tally` (paths, beside the sending), `rows` (to disk), `turns`;
`run`.
"""

from .completing import Calls
from .rounds import CountPaths, CutRationales, PathCounts
from .rows import write_samples
from .run import SampledAnswers, sample_rationales

__all__ = ["Calls", "CountPaths", "CutRationales", "PathCounts", "SampledAnswers", "sample_rationales", "write_samples"]
