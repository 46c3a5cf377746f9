"""The recipe: `recipe` as a whole, `verify` how samples are checked, `select` which paths are kept."""

from .recipe import ADDRESS, Language, Recipe, extract_identity, is_identity
from .select import Choose, LengthLimits, Lengths, PassRate, Select
from .verify import ConsensusRule, ExternalVerifier, FaultPolicy, Faults, OrderStep, Tolerance, Verify

__all__ = [
    "ADDRESS",
    "Choose",
    "ConsensusRule",
    "ExternalVerifier",
    "FaultPolicy",
    "Faults",
    "Language",
    "LengthLimits",
    "Lengths",
    "OrderStep",
    "PassRate",
    "Recipe",
    "Select",
    "Tolerance",
    "Verify",
    "extract_identity",
    "is_identity",
]
