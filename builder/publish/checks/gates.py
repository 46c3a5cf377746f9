"""Gates: checks of a version before anything is uploaded."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ....schemas.runtime import Runtime
from ...audit import PERSONAL_DATA, Finding, audit
from ...store import Version
from ..files.read import read_validation
from .licenses import find_objections, list_source_licenses


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishCheck:
    """A result of a gate."""

    check: str
    """The gate: one of `GATES`."""
    passed: bool
    """Whether the version may be published."""
    message: str
    """The objection, or what was checked."""
    hint: str | None = None
    """What to do about the objection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _PublishGate:
    find_objections: Callable[[Version, Sequence[Finding]], Iterator[str]]
    """Finds the objections to a version that has these findings of an audit."""
    describe_pass: Callable[[Version], str]
    """Describes the result without objections."""
    hint: str
    """What to do about an objection."""


def run_gates(version: Version, allowed_gates: frozenset[str] = frozenset()) -> list[PublishCheck]:
    """Run every gate on a version.

    Args:
        version: the version.
        allowed_gates: gates whose objections are ignored.

    Raises:
        InputError: a file of the version can't be read.
    """
    findings = audit(version, runtime=Runtime(workers=os.cpu_count() or 1))
    return [check for name in GATES for check in _run_gate(name, version, findings, name in allowed_gates)]


def _run_gate(name: str, version: Version, findings: Sequence[Finding], allowed: bool) -> list[PublishCheck]:
    gate = GATES[name]
    checks = [
        PublishCheck(check=name, passed=allowed, message=objection, hint=None if allowed else gate.hint)
        for objection in gate.find_objections(version, findings)
    ]
    return checks or [PublishCheck(check=name, passed=True, message=gate.describe_pass(version))]


def _find_audit_errors(_: Version, findings: Sequence[Finding]) -> Iterator[str]:
    others = (finding for finding in findings if finding.check != PERSONAL_DATA)
    return (f"{finding.check}: {finding.message}" for finding in others)


def _find_personal_data(_: Version, findings: Sequence[Finding]) -> Iterator[str]:
    return (finding.message for finding in findings if finding.check == PERSONAL_DATA)


def _describe_licenses(version: Version) -> str:
    own = version.manifest.recipe.get("license") or "unknown"
    licenses = list_source_licenses(version.manifest)
    sources = ", ".join(f"{source}: {name or 'unknown'}" for source, name in licenses.items()) or "generated"
    return f"licence of the dataset: {own}; sources: {sources}"


def _find_simulated(version: Version, _: Sequence[Finding]) -> Iterator[str]:
    if version.manifest.simulated:
        yield "it has rationales of the simulated teacher: a program wrote them, not a language model"


def _find_regression(version: Version, _: Sequence[Finding]) -> Iterator[str]:
    validation = read_validation(version)
    if validation is not None and validation.gate.passed is False:
        yield f"its validation failed: {'; '.join(validation.gate.reasons) or validation.summary}"


def _describe_validation(version: Version) -> str:
    validation = read_validation(version)
    return "this content was not validated" if validation is None else validation.summary


SIMULATED, REGRESSION = "simulated", "validation"
__all__ = ["GATES", "PERSONAL_DATA", "REGRESSION", "SIMULATED", "PublishCheck", "run_gates"]

GATES: Mapping[str, _PublishGate] = {
    "audit": _PublishGate(
        find_objections=_find_audit_errors,
        describe_pass=lambda _version: "digests, schemas and laws hold",
        hint="fix it, and build it again under another version",
    ),
    PERSONAL_DATA: _PublishGate(
        find_objections=_find_personal_data,
        describe_pass=lambda _version: "no e-mail address and no phone number",
        hint="take the rows out at their source and build it again; --allow-personal-data publishes it anyway",
    ),
    "licences": _PublishGate(
        find_objections=lambda version, _findings: find_objections(version.manifest),
        describe_pass=_describe_licenses,
        hint="give the licence of each source, and a compatible one for the dataset, in the recipe, and build it again"
        " (no request is repeated)",
    ),
    SIMULATED: _PublishGate(
        find_objections=_find_simulated,
        describe_pass=lambda _version: "no sample of the simulated teacher",
        hint="--allow-simulated publishes it anyway; every row and the card say that it is simulated",
    ),
    REGRESSION: _PublishGate(
        find_objections=_find_regression,
        describe_pass=_describe_validation,
        hint="--allow-regression publishes it anyway; the card shows the result",
    ),
}
"""The gates by name, in order."""
