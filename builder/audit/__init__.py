"""Audit: check a version independently of what it claims, and report each violation.

Nothing in the manifest is trusted: files are hashed, rows digested, the funnel and all counts counted, ids and splits
computed, and a part of the verdicts judged again. Laws 1, 2, 4, 6 and 7 are checked on the tables as they are.
"""

from .checks import CHECKS, PERSONAL_DATA, audit, run_checks
from .finding import AuditReport, Finding

__all__ = ["CHECKS", "PERSONAL_DATA", "AuditReport", "Finding", "audit", "run_checks"]
