"""Clusters: problems that are variations of one another, and the side of the split that each cluster is on.

links       pairs of templates that say nearly the same
joining     templates and links -> clusters, and what would join two sides; no cluster grows from common phrases
sides       the sides of an earlier version -> the sides that are known
parents     the version that a recipe follows
leaks       what is on both sides all the same
assign      problems of all buckets -> cluster and side of each, and a report

Law 6: a cluster is on one side of the split, and no problem ever moves to the other.
"""

from .assign import INPUT_COLUMNS, Assignments, assign_sides
from .parents import KEY as PARENT
from .parents import describe_missing_parent, find_parent
from .sides import read_parent

__all__ = [
    "INPUT_COLUMNS",
    "PARENT",
    "Assignments",
    "assign_sides",
    "describe_missing_parent",
    "find_parent",
    "read_parent",
]
