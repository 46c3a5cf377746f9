"""All checks in their order, and the audit that runs them."""

from collections.abc import Iterator, Mapping

import polars as pl
from pydantic import ValidationError

from ...schemas.validation import Validation
from ..store import DEV, Version
from ..store.tables import RECORDS
from . import laws, personal_data, recompute, secrets
from .files import check_files, read_tables
from .finding import AuditReport, Check, Finding, Tables


def check_validation(version: Version, _: Tables) -> Iterator[str]:
    """`validation.json` belongs to this version and to its content."""
    content = version.read_beside("validation.json")
    if not content or version.manifest.version == DEV:
        return
    validation = Validation.model_validate(content)
    if validation.content_digest != version.manifest.content_digest:
        yield f"validation.json belongs to other content: {validation.content_digest[:16]}..."
    if validation.ref != version.ref:
        yield f"validation.json belongs to {validation.ref}"


PERSONAL_DATA = "personal_data"

CHECKS: Mapping[str, Check] = {
    "digest": laws.check_digest,
    "fates": laws.check_row_fates,
    "funnel": laws.check_funnel,
    "counts": laws.check_counts,
    "ids": recompute.check_ids,
    "splits": laws.check_splits,
    "sides": recompute.check_sides,
    "demonstrations": laws.check_demonstrations,
    "verdicts": laws.check_verdicts,
    "judgements": recompute.check_judgements,
    "simulated": laws.check_simulated,
    "parent": laws.check_parent,
    "validation": check_validation,
    "secrets": secrets.check_secrets,
    PERSONAL_DATA: personal_data.check_personal_data,
    "paths": secrets.check_paths,
}
"""Every check but `files` and `schemas`, which come first and read the tables for the others."""

_WITHOUT_TABLES = {"parent", "validation", "secrets", PERSONAL_DATA, "paths"}
"""Checks that can run with some of the tables, or none."""

_NEEDS: Mapping[str, str] = {"sides": "sources", "judgements": "verify"}
"""Checks that repeat decisions, and the room whose code made them."""


def audit(version: Version, *, only: str | None = None) -> list[Finding]:
    """Check a version and list its violations.

    Args:
        version: the version.
        only: the name of one check to run; None runs all.

    Returns:
        The violations; an empty list is a pass.
    """
    if only is not None:
        return _run_check(only, CHECKS[only], version, read_tables(version)[0])
    return list(run_checks(version).findings)


def run_checks(version: Version) -> AuditReport:
    """Check a version and report the result of every check.

    Args:
        version: the version.
    """
    findings = [Finding(check="files", message=message) for message in check_files(version)]
    tables, faults = read_tables(version)
    findings += [Finding(check="schemas", message=message) for message in faults]
    skipped: dict[str, str] = {}
    for name, check in CHECKS.items():
        reason = _explain_skip(version, name, tables)
        if reason is not None:
            skipped[name] = reason
        else:
            findings += _run_check(name, check, version, tables)
    failed = {finding.check for finding in findings}
    passed = [name for name in ("files", "schemas", *CHECKS) if name not in failed and name not in skipped]
    return AuditReport(findings=tuple(findings), passed=tuple(passed), skipped=skipped)


def _explain_skip(version: Version, name: str, tables: Tables) -> str | None:
    if len(tables) < len(RECORDS) and name not in _WITHOUT_TABLES:
        return "needs tables that can't be read"
    return recompute.explain_code_change(version, _NEEDS[name]) if name in _NEEDS else None


def _run_check(name: str, check: Check, version: Version, tables: Tables) -> list[Finding]:
    """Run a check. The content of a version may be of any shape; an error that follows from it is a finding."""
    try:
        return [Finding(check=name, message=message) for message in check(version, tables)]
    except (KeyError, TypeError, ValueError, OSError, ValidationError, pl.exceptions.PolarsError) as error:
        return [Finding(check=name, message=f"can't be checked: {type(error).__name__}: {str(error).splitlines()[0]}")]
