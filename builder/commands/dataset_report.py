"""The report of a dataset for a person: what was read, then each finding with its rows and the next step."""

from collections.abc import Iterator

from rich.console import Group, RenderableType

from ..audit.dataset import DatasetFinding, DatasetReport, Severity
from ..report.tables import make_line, make_table

SHOWN = 2
"""So many rows of each finding are shown; `--json` has one more."""

_QUOTED = 100
"""Characters of a quote that are shown."""

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def render_dataset_report(report: DatasetReport) -> RenderableType:
    """Render the report of a dataset."""
    return Group(*_render(report))


def _render(report: DatasetReport) -> Iterator[RenderableType]:
    yield make_line((report.name, "bold"), f": {_describe_counts(report)}")
    rows = [
        (key, _join(each["value"]), f"{each['confidence']}: {each['why']}" if each.get("why") else "")
        for key, each in report.columns.describe().items()
    ]
    yield make_table(("field", "column", "why"), rows)
    yield make_line("")
    for finding in report.findings:
        yield from _render_finding(finding)
    yield from (make_line(f"note: {note}") for note in report.notes)
    errors = sum(each.severity is Severity.ERROR for each in report.findings)
    warnings = len(report.findings) - errors
    counted = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}" if report.findings else "nothing found"
    skipped = f", {len(report.skipped)} had nothing to look at" if report.skipped else ""
    yield make_line((counted, "bold"), f"; {len(report.passed)} checks found nothing{skipped}")


def _count(number: int, unit: str) -> str:
    return f"{number:,} {unit}" + ("" if number == 1 else "s")


def _describe_counts(report: DatasetReport) -> str:
    counts = report.counts
    parts = [
        f"{counts['rows']:,} rows",
        f"{counts['distinct_rows']:,} distinct",
        f"{counts['distinct_questions']:,} distinct questions ({counts['templates']:,} with numbers masked)",
        f"{counts['golds']:,} gold answers",
        f"{counts['responses']:,} responses" + (f" ({counts['judged']:,} judged)" if counts["responses"] else ""),
    ]
    files = f" in {counts['files']:,} files" if counts["files"] > 1 else ""
    return ", ".join([parts[0] + files, *parts[1:]])


def _join(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _render_finding(finding: DatasetFinding) -> Iterator[RenderableType]:
    yield make_line(
        (f"{finding.severity.value:<8}", _STYLES[finding.severity]), (finding.check, "bold"), f"  {finding.message}"
    )
    for place in finding.places[:SHOWN]:
        quote = " ".join(place.quote.split())
        shown = quote if len(quote) <= _QUOTED else f"{quote[:_QUOTED]}..."
        yield make_line(f"          {place.file}:{place.row}  {shown}")
    yield make_line(f"          next: {finding.next_step}", style="dim")
