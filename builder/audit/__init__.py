"""Audit: check a version independently of what it claims, and report each violation.

Nothing in the manifest is trusted: files are hashed, rows digested, the funnel and all counts counted, ids, buckets and
splits computed, and a part of the verdicts judged again. Laws 1, 2, 4, 6 and 7 are checked on the tables as they are.

    outline     one pass over a few columns: what concerns rows of several buckets
    work        the checks of one bucket, from path to plain values: `laws`, `recompute`, `duplicates`, `contamination`,
                `texts`
    whole       what the buckets count up to, and the files beside the tables
    checks      all of them, side by side and in order
"""

from .checks import CHECKS, LICENSES, PERSONAL_DATA, audit, run_checks
from .finding import AuditReport, Finding

__all__ = ["CHECKS", "LICENSES", "PERSONAL_DATA", "AuditReport", "Finding", "audit", "run_checks"]
