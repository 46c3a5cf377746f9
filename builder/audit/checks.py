"""All checks in their order, and the audit that runs them: bucket by bucket, side by side, then as a whole."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...schemas.runtime import Runtime
from ..engine import map_items
from ..store import Version
from ..store.tables import FILES
from . import recompute, whole
from .contamination import write_own_sets
from .files import check_file_list
from .finding import AuditReport, Fault, Finding, merge_faults, parse_fault
from .outline import Outline, outline_version
from .texts import personal_data, secrets
from .whole import Whole, WholeCheck
from .work import ADDRESS, FAILURES, TEXT_CHECKS, describe_failure

PERSONAL_DATA, LICENSES = "personal_data", "licences"
"""Checks that publishing asks about in a gate of their own."""


def _check_secret_documents(facts: Whole) -> Iterator[str]:
    return secrets.check_secret_documents(facts.version)


def _check_personal_documents(facts: Whole) -> Iterator[str]:
    return personal_data.check_personal_documents(facts.version)


def _check_path_documents(facts: Whole) -> Iterator[str]:
    return secrets.check_path_documents(facts.version)


CHECKS: Mapping[str, WholeCheck | None] = {
    "digest": whole.check_digest,
    "fates": whole.check_repeated_ids,
    "buckets": None,
    "funnel": whole.check_funnel,
    "counts": whole.check_counts,
    "hinted": whole.check_hinted,
    "ids": None,
    "splits": whole.check_clusters,
    "sides": None,
    "demonstrations": None,
    "verdicts": None,
    "judgements": None,
    "duplicates": None,
    "overlap": None,
    LICENSES: whole.check_licenses,
    "simulated": whole.check_simulated_mark,
    "parent": whole.check_parent,
    "validation": whole.check_validation,
    "secrets": _check_secret_documents,
    PERSONAL_DATA: _check_personal_documents,
    "paths": _check_path_documents,
}
"""Every check but `files` and `schemas`, which come first, with what it checks of the version as a whole."""

_FIRST = ("files", "schemas")

_WITHOUT_TABLES = {"parent", "licences", "validation", *TEXT_CHECKS}
"""Checks that can run with some of the tables, or none."""

_NEEDS: Mapping[str, str] = {"sides": "sources", "overlap": "sources", "judgements": "verify"}
"""Checks that repeat decisions, and the room whose code made them."""

_OUTLINED = {"fates", "splits", "demonstrations", "judgements", "simulated"}
"""Checks that need what concerns several buckets."""

_UNREADABLE = "needs tables that can't be read"


def audit(version: Version, *, only: str | None = None, runtime: Runtime | None = None) -> list[Finding]:
    """Check a version and list its violations.

    Args:
        version: the version.
        only: the name of one check to run; None runs all.
        runtime: the workers; None for this process alone.

    Returns:
        The violations; an empty list is a pass.
    """
    return list(run_checks(version, names=CHECKS if only is None else [only], runtime=runtime).findings)


def run_checks(version: Version, *, names: Collection[str] = CHECKS, runtime: Runtime | None = None) -> AuditReport:
    """Check a version and report the result of every check.

    Args:
        version: the version.
        names: the checks to run; `files` and `schemas` run where all do.
        runtime: the workers; None for this process alone.
    """
    codes = {name: recompute.explain_code_change(version, room) for name, room in _NEEDS.items() if name in names}
    skipped = {name: reason for name, reason in codes.items() if reason is not None}
    unrepeated = recompute.list_unrepeated(version) if "judgements" in names else {}
    checks = [*(_FIRST if len(names) == len(CHECKS) else ()), *(name for name in CHECKS if name in names)]
    with TemporaryDirectory(prefix="cotloom-") as folder:
        outline = outline_version(version, Path(folder)) if _OUTLINED & set(names) else None
        wanted = [name for name in checks if name not in skipped]
        if "overlap" in wanted:
            write_own_sets(version, Path(folder))
        buckets = _audit_buckets(version, wanted, outline, Path(folder), runtime or Runtime())
    is_whole = all(bucket["whole"] for bucket in buckets) and (outline is not None or not _OUTLINED & set(names))
    if not is_whole:
        unread = [name for name in checks if name in CHECKS and name not in _WITHOUT_TABLES]
        skipped = dict.fromkeys(unread, _UNREADABLE)
    facts = _collect_facts(version, outline, buckets)
    faults = _collect_faults(buckets)
    findings: list[Finding] = []
    for name in checks:
        if name not in skipped:
            messages = [*_check_whole(name, facts, faults), *(fault.describe() for fault in faults.get(name, ()))]
            findings += [Finding(check=name, message=message) for message in messages]
    failed = {finding.check for finding in findings}
    passed = tuple(name for name in checks if name not in failed and name not in skipped)
    ordered = {name: skipped[name] for name in checks if name in skipped} | unrepeated
    return AuditReport(findings=tuple(findings), passed=passed, skipped=ordered)


def _audit_buckets(
    version: Version, checks: Sequence[str], outline: Outline | None, folder: Path, runtime: Runtime
) -> list[dict[str, Any]]:
    rejudged = outline.rejudged if outline is not None else {}
    count = 1 << version.manifest.bucket_bits
    rows = max((file.rows for file in version.manifest.files.values()), default=1)
    items = [{"bucket": bucket, "rejudged": rejudged.get(bucket, []), "rows": rows} for bucket in range(count)]
    settings = {
        "version": str(version.path),
        "manifest": version.manifest.model_dump(mode="json"),
        "checks": list(checks),
        "index": str(outline.folder) if outline is not None else None,
        "folder": str(folder),
    }
    return map_items(ADDRESS, items, settings, runtime=runtime, description=f"auditing {version.ref}")


def _collect_facts(version: Version, outline: Outline | None, buckets: Sequence[Mapping[str, Any]]) -> Whole:
    counts: Counter[str] = Counter()
    for bucket in buckets:
        counts.update(bucket["counts"])
    digests = {name: [bucket["digests"].get(name, "") for bucket in buckets] for name in FILES}
    return Whole(version=version, outline=outline, counts=counts, digests=digests)


def _collect_faults(buckets: Sequence[Mapping[str, Any]]) -> dict[str, list[Fault]]:
    found: dict[str, list[Fault]] = defaultdict(list)
    for bucket in buckets:
        for name, faults in bucket["faults"].items():
            found[name] += map(parse_fault, faults)
    return {name: merge_faults(faults) for name, faults in found.items()}


def _check_whole(name: str, facts: Whole, faults: Mapping[str, Sequence[Fault]]) -> list[str]:
    """Run the part of a check that is about the version as a whole."""
    if name == "files":
        return list(check_file_list(facts.version))
    check = CHECKS.get(name)
    if check is None or (name == "digest" and faults.get(name)):
        return []
    try:
        return list(check(facts))
    except FAILURES as error:
        return [describe_failure(error)]
