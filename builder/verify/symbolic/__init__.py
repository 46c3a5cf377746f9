"""Symbolic answers: read by a grammar of our own, compared exactly, and where that does not decide, by a prover.

`match_symbolic` is the only door. Nothing here evaluates a text: a tree is built, and computed with.
"""

from .findings import Likeness, Likening
from .matching import match_symbolic
from .proof import stop_prover

__all__ = ["Likeness", "Likening", "match_symbolic", "stop_prover"]
