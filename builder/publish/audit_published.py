"""Audit of a version that lies on the Hub: whoever may read it can check it, with nothing of their own but Cotloom.

fetch -> every file against the list of files -> rebuild the tables -> the checks of `cotloom.builder.audit`
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cotloom.builder.audit import CHECKS, Finding, Report, examine
from cotloom.builder.errors import InputError
from cotloom.builder.publish.files.layout import MANIFEST, read_back
from cotloom.builder.publish.hub.download import Fetched, bring_validation, check_name, fetched
from cotloom.builder.publish.hub.verify_upload import damaged
from cotloom.builder.store import freeze

_ROWS = ("data/", MANIFEST)
"""Where the paths begin whose files the tables are made of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """A published version and what its audit came to."""

    ref: str
    """`hf://datasets/USER/NAME@TAG`, with the tag that was read."""
    report: Report
    """What does not hold, and what does."""


def examine_published(ref: str) -> Examined:
    """Fetch a published version into a folder that is removed afterwards, and read it as a stranger would.

    A file that is not the one of the list is a finding of `files`. Tables are made of files that are whole only: where
    one of them is not, the other checks are not made.

    Args:
        ref: `hf://datasets/USER/NAME@TAG`; without a tag, the newest version.

    Raises:
        InputError: there is no such thing, or it is no published version.
        Stopped: the Hub can't be reached, or the disk is full.
    """
    with fetched(ref, "audit") as found:
        broken = damaged(found.folder, found.files)
        wrong = [Finding(check="files", message=f"{name} is missing or not the file of the list") for name in broken]
        wrong += [Finding(check="files", message=message) for message in _unlisted(found)]
        if any(name.startswith(_ROWS) for name in broken):
            return Examined(ref=found.ref, report=_unread(wrong, "needs files that are damaged", "schemas"))
        return Examined(ref=found.ref, report=_examined(found, wrong))


def _unlisted(found: Fetched) -> Iterator[str]:
    """What `load_dataset` would read along, although nobody vouches for it."""
    there = (path.relative_to(found.folder).as_posix() for path in (found.folder / "data").rglob("*") if path.is_file())
    yield from (f"{name} is not in the list of files" for name in sorted(there) if name not in found.files)


def _unread(findings: Sequence[Finding], reason: str, *without: str) -> Report:
    return Report(findings=tuple(findings), passed=(), skipped=dict.fromkeys((*without, *CHECKS), reason))


def _examined(found: Fetched, wrong: Sequence[Finding]) -> Report:
    """Rebuild the version beside, as its builder had it, and audit it."""
    try:
        manifest, tables = read_back(found.folder)
    except InputError as error:
        return _unread([*wrong, Finding(check="schemas", message=error.message)], "needs tables that can't be read")
    check_name(manifest)
    with TemporaryDirectory(prefix="cotloom-") as store:
        version = freeze(Path(store), manifest, tables, {})
        bring_validation(version, found.folder)
        report = examine(version)
    named = {finding.check for finding in wrong}
    passed = tuple(name for name in report.passed if name not in named)
    return Report(findings=(*wrong, *report.findings), passed=passed, skipped=report.skipped)
