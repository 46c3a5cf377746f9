"""Gates: checks of a version before anything is uploaded."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ....schemas.runtime import Runtime
from ...audit import LICENSES, PERSONAL_DATA, Finding, audit
from ...audit.licenses import find_objections, list_source_licenses, suggest_license
from ...store import Version
from ..files.read import read_validation


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
    find_objections: Callable[["PublishCase"], Iterator[str]]
    """Finds the objections to a version."""
    describe_pass: Callable[["PublishCase"], str]
    """Describes the result without objections."""
    hint: Callable[["PublishCase"], str]
    """Says what to do about an objection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishCase:
    """What the gates judge."""

    version: Version
    """The version."""
    findings: Sequence[Finding]
    """What its audit found."""
    license: str | None
    """The licence that the publisher gives it; None for that of the recipe."""
    command: str
    """The command that publishes it, without a licence."""


def run_gates(
    version: Version,
    allowed_gates: frozenset[str] = frozenset(),
    *,
    license_name: str | None = None,
    command: str = "cotloom publish REF --repo USER/NAME",
) -> list[PublishCheck]:
    """Run every gate on a version.

    Args:
        version: the version.
        allowed_gates: gates whose objections are ignored.
        license_name: the licence that the publisher gives it; None for that of the recipe.
        command: the command that publishes it, without a licence: hints repeat it.

    Raises:
        InputError: a file of the version can't be read.
    """
    findings = audit(version, runtime=Runtime(workers=os.cpu_count() or 1))
    case = PublishCase(version=version, findings=findings, license=license_name, command=command)
    return [check for name in GATES for check in _run_gate(name, case, name in allowed_gates)]


def _run_gate(name: str, case: PublishCase, allowed: bool) -> list[PublishCheck]:
    gate = GATES[name]
    checks = [
        PublishCheck(check=name, passed=allowed, message=objection, hint=None if allowed else gate.hint(case))
        for objection in gate.find_objections(case)
    ]
    return checks or [PublishCheck(check=name, passed=True, message=gate.describe_pass(case))]


_OWN_GATES = frozenset({PERSONAL_DATA, LICENSES})
"""Checks of the audit that have a gate of their own; the licence that the publisher chooses is known only here."""


def _find_audit_errors(case: PublishCase) -> Iterator[str]:
    others = (finding for finding in case.findings if finding.check not in _OWN_GATES)
    return (f"{finding.check}: {finding.message}" for finding in others)


def _find_personal_data(case: PublishCase) -> Iterator[str]:
    return (finding.message for finding in case.findings if finding.check == PERSONAL_DATA)


def _describe_licenses(case: PublishCase) -> str:
    manifest = case.version.manifest
    own = case.license or manifest.recipe.get("license") or "unknown"
    licenses = list_source_licenses(manifest)
    sources = ", ".join(f"{source}: {name or 'unknown'}" for source, name in licenses.items()) or "generated"
    return f"licence of the dataset: {own}; sources: {sources}"


def _suggest_licensing(case: PublishCase) -> str:
    """Say how to give the dataset a licence: a command that works as it is, where any licence suits the sources."""
    suggested = suggest_license(case.version.manifest)
    if suggested is None:
        return "no licence that Cotloom knows suits all of these sources: leave one out, and build it again"
    unknown = [name for name, known in list_source_licenses(case.version.manifest).items() if known is None]
    ask = f"read the terms of {', '.join(unknown)} first; then, under a licence that they allow: " if unknown else ""
    return f"{ask}{case.command} --license {suggested}"


def _find_simulated(case: PublishCase) -> Iterator[str]:
    if case.version.manifest.simulated:
        yield "it has rationales of the simulated teacher: a program wrote them, not a language model"


def _find_regression(case: PublishCase) -> Iterator[str]:
    validation = read_validation(case.version)
    if validation is not None and validation.gate.passed is False:
        yield f"its validation failed: {'; '.join(validation.gate.reasons) or validation.summary}"


def _describe_validation(case: PublishCase) -> str:
    validation = read_validation(case.version)
    return "this content was not validated" if validation is None else validation.summary


SIMULATED, REGRESSION = "simulated", "validation"
__all__ = ["GATES", "PERSONAL_DATA", "REGRESSION", "SIMULATED", "PublishCheck", "run_gates"]

GATES: Mapping[str, _PublishGate] = {
    "audit": _PublishGate(
        find_objections=_find_audit_errors,
        describe_pass=lambda _case: "digests, schemas and laws hold",
        hint=lambda _case: "fix it, and build it again under another version",
    ),
    PERSONAL_DATA: _PublishGate(
        find_objections=_find_personal_data,
        describe_pass=lambda _case: "no e-mail address and no phone number",
        hint=lambda _case: (
            "take the rows out at their source and build it again; --allow-personal-data publishes it anyway"
        ),
    ),
    "licences": _PublishGate(
        find_objections=lambda case: find_objections(case.version.manifest, case.license),
        describe_pass=_describe_licenses,
        hint=_suggest_licensing,
    ),
    SIMULATED: _PublishGate(
        find_objections=_find_simulated,
        describe_pass=lambda _case: "no sample of the simulated teacher",
        hint=lambda _case: "--allow-simulated publishes it anyway; every row and the card say that it is simulated",
    ),
    REGRESSION: _PublishGate(
        find_objections=_find_regression,
        describe_pass=_describe_validation,
        hint=lambda _case: "--allow-regression publishes it anyway; the card shows the result",
    ),
}
"""The gates by name, in order."""
