"""Gates: what a version must pass before its first byte goes to the Hub."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cotloom.builder.audit import audit
from cotloom.builder.publish.checks.licenses import foreign, objections
from cotloom.builder.publish.files.layout import validation_of
from cotloom.builder.store import Version


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What one gate says."""

    check: str
    """The gate: one of `GATES`."""
    passed: bool
    """Whether the version may pass."""
    message: str
    """What was found."""
    hint: str | None = None
    """What to do, where it may not pass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Gate:
    objections: Callable[[Version], Iterator[str]]
    """What speaks against the version."""
    well: Callable[[Version], str]
    """What is said where nothing does."""
    hint: str
    """What to do."""


def gates(version: Version, allowed: frozenset[str] = frozenset()) -> list[Check]:
    """Hold a version against every gate.

    Args:
        version: the version.
        allowed: gates that it passes whatever they find.

    Raises:
        InputError: a file of the version can't be read.
    """
    return [check for name in GATES for check in _checks(name, version, allowed)]


def _checks(name: str, version: Version, allowed: frozenset[str]) -> list[Check]:
    gate = GATES[name]
    found = [
        Check(check=name, passed=name in allowed, message=text, hint=None if name in allowed else gate.hint)
        for text in gate.objections(version)
    ]
    return found or [Check(check=name, passed=True, message=gate.well(version))]


def _audit(version: Version) -> Iterator[str]:
    return (f"{finding.check}: {finding.message}" for finding in audit(version))


def _licence(version: Version) -> str:
    own = version.manifest.recipe.get("license")
    told = {name: text or "not known" for name, text in foreign(version.manifest).items()}
    sources = ", ".join(f"{name}: {text}" for name, text in told.items()) or "made by programs"
    return f"given on under {own or 'no licence that is named'}; sources: {sources}"


def _simulated(version: Version) -> Iterator[str]:
    if version.manifest.simulated:
        yield "rationales of the simulated teacher are in it: a stand-in wrote them, no model did"


def _regression(version: Version) -> Iterator[str]:
    found = validation_of(version)
    if found is not None and found.gate.passed is False:
        yield f"its validation did not pass: {'; '.join(found.gate.reasons) or found.summary}"


def _validated(version: Version) -> str:
    found = validation_of(version)
    return "it was not validated on this content" if found is None else found.summary


SIMULATED, REGRESSION = "simulated", "validation"

GATES: Mapping[str, _Gate] = {
    "audit": _Gate(
        objections=_audit,
        well=lambda _version: "digests, schemas and laws hold",
        hint="mend what is named, and build it again under another version",
    ),
    "licences": _Gate(
        objections=lambda version: objections(version.manifest),
        well=_licence,
        hint="name the licence of each source, and one for the whole that they allow, in the recipe, and build it again"
        " (no call is made twice)",
    ),
    SIMULATED: _Gate(
        objections=_simulated,
        well=lambda _version: "no sample was written by the simulated teacher",
        hint="--allow-simulated publishes it all the same; every row and the card say so",
    ),
    REGRESSION: _Gate(
        objections=_regression,
        well=_validated,
        hint="--allow-regression publishes it all the same; the card says so",
    ),
}
"""Every gate by its name, in order."""
