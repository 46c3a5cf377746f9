"""Audit a version on the Hub, without a store.

download -> compare every file with the list of files -> rebuild the tables -> run the checks of `cotloom.builder.audit`
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ...schemas.manifest import Manifest
from ...schemas.runtime import Runtime
from ..audit import CHECKS, AuditReport, Finding, run_checks
from ..errors import InputError
from ..store import Version, freeze_version
from ..store.atomic import stop_if_unwritable
from .files.read import MANIFEST, find_damaged_files
from .files.rebuild import read_rows
from .hub.download import DownloadedVersion, download_version, read_validation_file, refuse_dev, write_validation_file

_TABLE_PATHS = ("data/", MANIFEST)
"""Prefixes of the files that the tables are rebuilt from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedAudit:
    """The audit of a published version."""

    ref: str
    """`hf://datasets/USER/NAME@TAG`, with the tag that was audited."""
    report: AuditReport
    """The findings."""


def audit_published(ref: str, runtime: Runtime | None = None) -> PublishedAudit:
    """Download a published version into a temporary folder, and audit it.

    A file that differs from the list of files is a finding of the check `files`. If a file of the tables is damaged,
    the other checks are skipped.

    Args:
        ref: `hf://datasets/USER/NAME@TAG`; without a tag, the newest version.
        runtime: the workers; None for this process alone.

    Raises:
        InputError: there is no such published version.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    with download_version(ref, "audit") as download:
        damaged = find_damaged_files(download.folder, download.files)
        messages = [f"{path} is missing, or differs from the list of files" for path in damaged]
        messages += [f"{path} is not in the list of files" for path in _list_unlisted_files(download)]
        findings = [Finding(check="files", message=message) for message in messages]
        if any(path.startswith(_TABLE_PATHS) for path in damaged):
            report = _make_partial_report(findings, "needs files that are damaged", "schemas")
        else:
            report = _audit_tables(download, findings, runtime)
        return PublishedAudit(ref=download.ref, report=report)


def _list_unlisted_files(download: DownloadedVersion) -> Iterator[str]:
    """List the files that `load_dataset` would read although the list of files does not have them."""
    files = (file for file in (download.folder / "data").rglob("*") if file.is_file())
    paths = sorted(file.relative_to(download.folder).as_posix() for file in files)
    yield from (path for path in paths if path not in download.files)


def _make_partial_report(findings: Sequence[Finding], reason: str, *skipped: str) -> AuditReport:
    """Make a report in which all checks of the tables are skipped."""
    return AuditReport(findings=tuple(findings), passed=(), skipped=dict.fromkeys((*skipped, *CHECKS), reason))


def _audit_tables(download: DownloadedVersion, findings: Sequence[Finding], runtime: Runtime | None) -> AuditReport:
    """Rebuild the version in a temporary store, and audit it there."""
    with TemporaryDirectory(prefix="cotloom-") as store:
        try:
            version = _rebuild_version(download, Path(store))
        except InputError as error:
            findings = [*findings, Finding(check="schemas", message=error.message)]
            return _make_partial_report(findings, "needs tables that can't be read")
        refuse_dev(version.manifest)
        validation, invalid = _read_validation(download, version.manifest)
        findings = [*findings, *invalid]
        write_validation_file(version, validation)
        report = run_checks(version, runtime=runtime)
    failed = {finding.check for finding in findings}
    passed = tuple(name for name in report.passed if name not in failed)
    return AuditReport(findings=(*findings, *report.findings), passed=passed, skipped=report.skipped)


def _rebuild_version(download: DownloadedVersion, store: Path) -> Version:
    """Rebuild a version in a temporary store.

    Raises:
        InputError: its tables can't be read.
        Stopped: the disk is full.
    """
    pieces, folder = store / "rows", store / "files"
    pieces.mkdir()
    folder.mkdir()
    rows = read_rows(download.folder, pieces)
    with stop_if_unwritable("the version"):
        manifest = rows.manifest.model_copy(update={"files": rows.write_files(folder)})
    return freeze_version(store, manifest, {name: folder / name for name in manifest.files}, {})


def _read_validation(download: DownloadedVersion, manifest: Manifest) -> tuple[bytes | None, Sequence[Finding]]:
    try:
        return read_validation_file(download, manifest), ()
    except InputError as error:
        return None, [Finding(check="validation", message=error.message)]
