"""Audit: read a version as a stranger would, and say what does not hold.

Nothing that the version says of itself is taken on trust: files are hashed again, rows digested again, the funnel and
all counts counted again, ids and sides of the split made again, and a share of the verdicts given again. Laws 1, 2, 4,
6 and 7 are held against the tables as they lie there.
"""

from cotloom.builder.audit.checks import CHECKS, audit, examine
from cotloom.builder.audit.files import read_table
from cotloom.builder.audit.finding import Finding, Report

__all__ = ["CHECKS", "Finding", "Report", "audit", "examine", "read_table"]
