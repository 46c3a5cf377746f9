"""The result of an audit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from ..store import Version

Tables = Mapping[str, pl.DataFrame]
"""`problems`, `samples` and `examples`, with the columns of their records."""

Check = Callable[[Version, Tables], Iterator[str]]
"""A check: yields a sentence for each violation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A violation."""

    check: str
    """The check that found it."""
    message: str
    """What is wrong. It never quotes a secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditReport:
    """The result of an audit."""

    findings: tuple[Finding, ...]
    """All violations; none is a pass."""
    passed: tuple[str, ...]
    """Checks without a finding."""
    skipped: Mapping[str, str]
    """Checks that could not run, each with the reason."""
