"""Measured error rates of the verifier, for the card. `benchmarks/verifier.py` writes them to `error_rates.json`."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ERROR_RATES = Path(__file__).with_name("error_rates.json")
"""The rates by code version of the room `verify`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorRate:
    """How often a check erred on a public dataset."""

    check: str
    """`answer`: the verdict differs from the label; `step`: an equation of a human solution is marked as wrong."""
    dataset: str
    """The dataset."""
    n: int
    """Number of texts that were checked."""
    errors: int
    """Number of texts with an error."""
    low: float
    """Lower end of the 95 % interval of the rate (Clopper-Pearson)."""
    high: float
    """Upper end."""


@lru_cache
def load_error_rates(code_version: int) -> tuple[ErrorRate, ...]:
    """Load the rates that were measured for a code version of the verifier; empty if it was not measured."""
    rates = json.loads(ERROR_RATES.read_text("utf-8"))
    return tuple(ErrorRate(**rate) for rate in rates.get(str(code_version), ()))
