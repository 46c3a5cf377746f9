"""Symbolic answers: read by a grammar of our own, compared exactly, and where that does not decide, by a prover.

`match_symbolic` is the only door. Nothing here evaluates a text: a tree is built, and computed with.
"""

from .findings import Finding, Likeness
from .matching import match_symbolic
from .prover import stop_prover

__all__ = ["Finding", "Likeness", "match_symbolic", "stop_prover"]
