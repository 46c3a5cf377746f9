"""Proofs that two expressions are equal, in a process that can be killed; and values of expressions."""

from .numeric import estimate_value
from .prover import prove_pair, stop_prover

__all__ = ["estimate_value", "prove_pair", "stop_prover"]
