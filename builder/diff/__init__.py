"""Diff: what came, went or changed between two versions, and why.

changes   what differs in their manifests: recipe keys, code, inputs, the parent; each belongs to a stage
rows      what differs in their rows, bucket by bucket
causes    which of the changes explains each difference
listing   the texts of rows that differ
drift     what they hold, side by side
advice    the next version number, and an entry for a changelog
render    all of it for a person

A row is compared with the row of the same id. A problem is followed through the stages: the first stage at which
anything of it differs is where the cause of all its later differences is looked for.
"""

from .advice import Bump, VersionAdvice, make_advice
from .changes import Change, list_changes
from .compare import Group, VersionDiff, compare_versions
from .drift import Drift
from .listing import ListedRow, list_rows
from .render import describe_diff, render_diff
from .rows import RowDifference

__all__ = [
    "Bump",
    "Change",
    "Drift",
    "Group",
    "ListedRow",
    "RowDifference",
    "VersionAdvice",
    "VersionDiff",
    "compare_versions",
    "describe_diff",
    "list_changes",
    "list_rows",
    "make_advice",
    "render_diff",
]
