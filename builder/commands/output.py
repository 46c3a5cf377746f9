"""What the commands print about builds, versions, audits and exports: JSON objects for programs, text for people.

Importing this imports nothing heavy, so that `cotloom list` starts fast.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ...schemas.manifest import StageLengths, describe_inferred
from ..inspect.listing import find_build_date, find_tags

if TYPE_CHECKING:
    from pathlib import Path

    from ..audit import AuditReport
    from ..export.export import ExportResult
    from ..pipeline import Built
    from ..plan import Plan
    from ..store import Version, VersionListing
    from ..teacher import Calls

_BUILT_KEYS = ("name", "version", "fingerprint", "content_digest", "funnel", "counts", "simulated")
_LISTED_KEYS = ("name", "version", "parent", "fingerprint", "content_digest", "simulated", "teachers", "counts")


def describe_builds(built: Sequence["Built"]) -> dict[str, Any]:
    """Describe the results of builds as plain values: an object, or `builds` with one for each of several."""
    described = [_describe_build(each) for each in built]
    return described[0] if len(described) == 1 else {"builds": described}


def _describe_build(built: "Built") -> dict[str, Any]:
    manifest = built.version.manifest.model_dump(mode="json")
    return {
        **{key: manifest[key] for key in _BUILT_KEYS},
        **({"inferred": manifest["inferred"]} if manifest["inferred"] else {}),
        "status": built.status.value,
        "path": str(built.version.path),
        "calls": _describe_calls(built.calls) | _describe_teachers(built.calls),
        "cost_usd": built.calls.cost.usd,
        "total_cost_usd": _find_total(built),
        "stages": list(built.costs),
    }


def _find_total(built: "Built") -> float | None:
    """Find what all answers of a version cost; null where that is not known."""
    if built.status == "built":
        return built.calls.total.usd
    costs = built.version.read_build().costs
    return None if costs is None or costs.total.unknown else costs.total.usd


def _describe_calls(calls: "Calls") -> dict[str, Any]:
    """Describe calls; `saved` only where some were."""
    counts = {"new": calls.new, "ledger": calls.ledger, "failed": calls.failed, "refused": calls.refused}
    return counts | ({"saved": calls.saved} if calls.saved else {})


def _describe_teachers(calls: "Calls") -> dict[str, Any]:
    """Describe the calls of each teacher; nothing where there is one."""
    each = [{"key": key, **_describe_calls(own), "cost_usd": own.cost.usd} for key, own in calls.by_teacher]
    return {"teachers": each} if each else {}


def write_profile(built: Sequence["Built"], path: "Path") -> None:
    """Write what each stage of a build cost, as JSON: an object, or `builds` with one for each of several.

    Raises:
        Stopped: the file can't be written.
    """
    from ..store.atomic import atomic_write  # noqa: PLC0415 - few builds ask for it

    profiles = [
        {"version": each.version.ref, "status": each.status.value, "stages": list(each.costs)} for each in built
    ]
    atomic_write(path, json.dumps(profiles[0] if len(profiles) == 1 else {"builds": profiles}, indent=1) + "\n")


def render_builds(built: Sequence["Built"]) -> str:
    """Render the results of builds as text, with the commands that show the versions.

    Of several it says how many answers each one took from the ledger, which those before it had filled.
    """
    parts = ["\n".join([*_render_build(each), *_list_next(each.version)]) for each in built]
    return "\n\n".join(parts if len(built) == 1 else [*parts, "\n".join(_render_family(built))])


def _list_next(version: "Version") -> Iterator[str]:
    """List the commands that show a version, and what differs from the one before it."""
    from ..publish.files.lineage import name_parent  # noqa: PLC0415 - only builds ask for it

    yield f"cotloom show {version.ref}"
    parent = name_parent(version)
    if parent is not None:
        yield f"cotloom diff {parent} {version.ref}"


def _render_family(built: Sequence["Built"]) -> Iterator[str]:
    width = max(len("version"), *(len(each.version.ref) for each in built))
    yield f"{'version':<{width}}{'examples':>11}{'new answers':>13}{'known answers':>15}"
    for each in built:
        examples = each.version.manifest.counts["examples_kept"]
        yield f"{each.version.ref:<{width}}{examples:>11,}{each.calls.new:>13,}{each.calls.ledger:>15,}"


def _render_build(built: "Built") -> Iterator[str]:
    version, counts = built.version, built.version.manifest.counts
    if built.status == "unchanged":
        yield f"{version.ref} is there already and would come out the same: nothing to do."
        return
    yield (
        f"Built {version.ref}: {counts['examples_kept']:,} examples from {counts['samples_kept']:,} kept paths "
        f"of {counts['samples']:,} samples ({built.calls.new:,} new, {built.calls.ledger:,} recorded before)."
    )
    if built.calls.failed or built.calls.refused:
        yield (
            f"{built.calls.failed:,} requests failed and {built.calls.refused:,} were refused by the teacher; their"
            " samples are dropped as request_failed."
        )
    if built.calls.saved:
        asked = built.calls.new + built.calls.ledger
        share = built.calls.saved / (built.calls.saved + asked)
        yield f"{built.calls.saved:,} answers up to paths.max were not needed: {share:.0%} fewer calls."
    for key, calls in built.calls.by_teacher:
        yield f"{key}: {calls.new:,} new, {calls.ledger:,} recorded before, {calls.failed:,} failed."
    for inferred in version.manifest.inferred:
        yield f"{describe_inferred(inferred)}."
    if version.manifest.simulated:
        yield "Its rationales are simulated: a program wrote them, not a language model."
    yield from _render_costs(built.costs)


def _render_costs(costs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Render what each stage cost as lines of a table."""
    yield f"{'stage':<10}{'seconds':>9}{'rows/s':>10}{'memory':>10}{'new':>11}{'known':>11}"
    for cost in costs:
        speed = "" if cost["rows_per_second"] is None else f"{cost['rows_per_second']:,}"
        yield (
            f"{cost['stage']:<10}{cost['seconds']:>9,.1f}{speed:>10}{cost['peak_mb']:>7,} MB"
            f"{cost['new']:>11,}{cost['known']:>11,}"
        )


def describe_plan(plan: "Plan") -> dict[str, Any]:
    """Describe a plan as plain values; the request by its messages."""
    from ..pilot import describe_quote  # noqa: PLC0415 - for plans alone

    values = asdict(plan)
    request, problem = values["teacher"].pop("request"), values.pop("problem")
    shown = problem and {key: problem[key] for key in ("problem_id", "origin", "question", "choices", "answer")}
    values["inferred"] = [inferred.model_dump() for inferred in plan.inferred]
    quote = None if plan.quote is None else describe_quote(plan.quote)
    return {**values, "quote": quote, "problem": shown, "request": request and request["messages"]}


def describe_versions(listing: "VersionListing") -> dict[str, Any]:
    """Describe the versions of a store as plain values; `unreadable` lists what is no version."""
    unreadable = [{"path": str(item.path), "error": item.error} for item in listing.unreadable]
    versions = [_describe_listed(version) for version in listing.versions]
    return {"versions": versions, **({"unreadable": unreadable} if unreadable else {})}


def _describe_listed(version: "Version") -> dict[str, Any]:
    manifest = version.manifest.model_dump(mode="json", include=set(_LISTED_KEYS))
    return {**manifest, "tags": find_tags(version), "built_at": find_build_date(version), "path": str(version.path)}


def describe_version(version: "Version", lengths: Sequence[StageLengths] | None = None) -> dict[str, Any]:
    """Describe a version as plain values: its manifest, the circumstances of its build, and its validation.

    Args:
        version: the version.
        lengths: the lengths of rows, for sequences of another length; None for those of the manifest.
    """
    manifest = version.manifest.model_dump(mode="json")
    if lengths is not None:
        manifest["lengths"] = [item.model_dump(mode="json") for item in lengths]
    return {
        **manifest,
        "build": version.read_beside("build.json"),
        "validation": version.read_beside("validation.json"),
        "path": str(version.path),
    }


def describe_audit(ref: str, report: "AuditReport") -> dict[str, Any]:
    """Describe an audit as plain values."""
    findings = [{"check": finding.check, "message": finding.message} for finding in report.findings]
    checks = {"passed": list(report.passed), "skipped": dict(report.skipped)}
    return {"version": ref, "passed": not findings, "findings": findings, "checks": checks}


def render_audit(ref: str, report: "AuditReport") -> str:
    """Render an audit as text: checks that were skipped, findings, and a summary."""
    lines = [f"not checked  {name}: {reason}" for name, reason in report.skipped.items()]
    lines += [f"finding      {finding.check}: {finding.message}" for finding in report.findings]
    verdict = f"{len(report.findings):,} findings" if report.findings else "no findings"
    return "\n".join([*lines, f"{ref}: {verdict}; passed: {', '.join(report.passed) or 'none'}."])


def describe_export(ref: str, format_name: str, folder: "Path", result: "ExportResult") -> dict[str, Any]:
    """Describe an export as plain values."""
    return {"version": ref, "format": format_name, "to": str(folder), "rows": result.rows, "notes": result.notes}


def render_export(ref: str, folder: "Path", result: "ExportResult") -> str:
    """Render an export as text: its files with their rows, and notes."""
    files = ", ".join(f"{name} ({count:,} rows)" for name, count in result.rows.items())
    return "\n".join([f"Wrote {ref} to {folder}: {files}", *(f"Note: {note}." for note in result.notes)])


def repeat_command(words: Sequence[str], without: str) -> str:
    """Write a command as a shell takes it, without one of its options.

    Args:
        words: what follows `cotloom` on the command line.
        without: the option, which takes a value.

    >>> repeat_command(["publish", "my data@1.0.0", "--license", "mit", "--repo=me/x"], "--license")
    "cotloom publish 'my data@1.0.0' --repo=me/x"
    """
    kept = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if without not in {before, word} and not word.startswith(f"{without}=")
    ]
    return shlex.join(["cotloom", *kept])
