"""All checks in their order, and how an audit goes through them."""

from collections.abc import Iterator, Mapping

import polars as pl
from cotloom.builder.audit import laws
from cotloom.builder.audit import recompute as again
from cotloom.builder.audit import secrets as secret
from cotloom.builder.audit.files import RECORDS, check_files, read_tables
from cotloom.builder.audit.finding import Check, Finding, Report, Tables
from cotloom.builder.store import DEV, Version
from cotloom.schemas.validation import Validation
from pydantic import ValidationError


def check_validation(version: Version, _: Tables) -> Iterator[str]:
    """The validation that lies beside speaks of this version and of its content."""
    found = version.beside("validation.json")
    if not found or version.manifest.version == DEV:
        return
    validation = Validation.model_validate(found)
    if validation.content_digest != version.manifest.content_digest:
        yield f"validation.json speaks of other content: {validation.content_digest[:16]}..."
    if validation.ref != version.ref:
        yield f"validation.json speaks of {validation.ref}"


CHECKS: Mapping[str, Check] = {
    "digest": laws.check_digest,
    "fates": laws.check_law_1,
    "funnel": laws.check_funnel,
    "counts": laws.check_counts,
    "ids": again.check_ids,
    "splits": laws.check_splits,
    "sides": again.check_sides,
    "demonstrations": laws.check_demonstrations,
    "verdicts": laws.check_verdicts,
    "judgements": again.check_judgements,
    "simulated": laws.check_simulated,
    "parent": laws.check_parent,
    "validation": check_validation,
    "secrets": secret.check_secrets,
    "paths": secret.check_paths,
}
"""Every check but `files` and `schemas`, which come first and read the tables for the others."""

_WITHOUT_TABLES = {"parent", "validation", "secrets", "paths"}
"""Checks that do what they can with the tables that are there."""

_NEEDS: Mapping[str, str] = {"sides": "sources", "judgements": "verify"}
"""Checks that decide again, and the room whose code decided."""


def audit(version: Version) -> list[Finding]:
    """Read a version as a stranger would.

    Args:
        version: the version.

    Returns:
        What does not hold; an empty list is a pass.
    """
    return list(examine(version).findings)


def examine(version: Version) -> Report:
    """Read a version as a stranger would, and say of every check what it came to.

    Args:
        version: the version.
    """
    findings = [Finding(check="files", message=message) for message in check_files(version)]
    tables, faults = read_tables(version)
    findings += [Finding(check="schemas", message=message) for message in faults]
    skipped: dict[str, str] = {}
    for name, check in CHECKS.items():
        reason = _reason_to_skip(version, name, tables)
        if reason is not None:
            skipped[name] = reason
        else:
            findings += _made(name, check, version, tables)
    found = {finding.check for finding in findings}
    passed = [name for name in ("files", "schemas", *CHECKS) if name not in found and name not in skipped]
    return Report(findings=tuple(findings), passed=tuple(passed), skipped=skipped)


def _reason_to_skip(version: Version, name: str, tables: Tables) -> str | None:
    if len(tables) < len(RECORDS) and name not in _WITHOUT_TABLES:
        return "needs tables that can't be read"
    return again.changed_since(version, _NEEDS[name]) if name in _NEEDS else None


def _made(name: str, check: Check, version: Version, tables: Tables) -> list[Finding]:
    """Make a check. What a stranger wrote may be of any shape: then that is the finding."""
    try:
        return [Finding(check=name, message=message) for message in check(version, tables)]
    except (KeyError, TypeError, ValueError, OSError, ValidationError, pl.exceptions.PolarsError) as error:
        return [Finding(check=name, message=f"can't be checked: {type(error).__name__}: {str(error).splitlines()[0]}")]
