"""Signatures: what tells the method of one rationale from that of another, apart from their wording."""

from .method import MAX_READ, UNKNOWN, Method, ProblemContext, forget_methods, read_method, read_value
from .roles import spell_roles

__all__ = [
    "MAX_READ",
    "UNKNOWN",
    "Method",
    "ProblemContext",
    "forget_methods",
    "read_method",
    "read_value",
    "spell_roles",
]
