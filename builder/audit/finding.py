"""What an audit comes to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl
from cotloom.builder.store import Version

Tables = Mapping[str, pl.DataFrame]
"""`problems`, `samples` and `examples`, with the columns of their records."""

Check = Callable[[Version, Tables], Iterator[str]]
"""A check: what does not hold, in sentences."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that does not hold."""

    check: str
    """The check that found it."""
    message: str
    """What it found. A secret is never named in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What an audit came to."""

    findings: tuple[Finding, ...]
    """What does not hold; empty is a pass."""
    passed: tuple[str, ...]
    """Checks that found nothing."""
    skipped: Mapping[str, str]
    """Checks that could not be made, each with the reason."""
