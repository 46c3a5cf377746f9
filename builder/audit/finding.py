"""The result of an audit, and what it is made from: faults of buckets, which are added up."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What a check found in one bucket. Faults of several buckets with the same message are one finding."""

    message: str
    """A sentence with `{0}`, `{1}` in place of the counts, and `{names}` in place of the names."""
    counts: tuple[int, ...] = ()
    """Numbers of rows, which add up over the buckets."""
    names: tuple[str, ...] = ()
    """Names of such rows."""
    shown: int = 1
    """How many names the finding shows: the least one, or the first ones."""

    def to_plain(self) -> dict[str, Any]:
        """Convert to plain values; `parse_fault` is the way back."""
        return asdict(self)

    def describe(self) -> str:
        """Write the sentence with its counts and names."""
        text = self.message
        for place, count in enumerate(self.counts):
            text = text.replace(f"{{{place}}}", f"{count:,}")
        names = [min(self.names)] if self.shown == 1 and self.names else self.names[: self.shown]
        return text.replace("{names}", ", ".join(names))


def parse_fault(plain: Mapping[str, Any]) -> Fault:
    """Read a fault from the plain values of `Fault.to_plain`."""
    return Fault(
        message=plain["message"], counts=tuple(plain["counts"]), names=tuple(plain["names"]), shown=plain["shown"]
    )


def merge_faults(faults: Iterable[Fault]) -> list[Fault]:
    """Merge the faults of all buckets: counts are added, names joined in the order of the buckets."""
    merged: dict[str, Fault] = {}
    for fault in faults:
        known = merged.get(fault.message)
        if known is not None:
            counts = tuple(map(sum, zip(known.counts, fault.counts, strict=True)))
            fault = Fault(  # noqa: PLW2901 - the two in one
                message=fault.message, counts=counts, names=known.names + fault.names, shown=fault.shown
            )
        merged[fault.message] = fault
    return list(merged.values())
