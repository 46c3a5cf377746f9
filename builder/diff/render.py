"""A diff for the terminal, and as plain values."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..report.tables import make_line, make_table
from ..terminal import escape_terminal
from .advice import VersionAdvice, describe_difference
from .compare import Group, VersionDiff
from .drift import Drift
from .listing import ListedRow, join_text

OTHER_COLUMNS = "No row came or went, or has another fate, verdict, split, gold answer or text; other columns differ."
"""What is said of versions whose rows differ in nothing that is listed."""

_SHOWN = 400
"""Characters of a text that are shown."""


def render_diff(diff: VersionDiff, advice: VersionAdvice, listed: Mapping[str, ListedRow]) -> RenderableType:
    """Render what differs: causes first, then rows by unit, then what both hold.

    Args:
        diff: the differences.
        advice: what to call the newer version.
        listed: rows whose texts are shown; none are, where it is empty.
    """
    head = f"{diff.before.ref} -> {diff.after.ref}"
    if diff.is_empty:
        return Lines(make_line(head, style="bold"), make_line("Every row is the same."))
    others = () if diff.groups else (make_line(OTHER_COLUMNS),)
    return Lines(
        make_line(head, style="bold"),
        *_render_changes(diff),
        Text(),
        *others,
        _render_groups(diff.groups),
        make_line(f"{diff.problems_with_other_paths:,} problems have other kept paths"),
        Text(),
        *_render_listed(diff.groups, listed),
        _render_drift(diff.drift),
        Text(),
        *_render_advice(diff, advice),
    )


def _render_changes(diff: VersionDiff) -> Iterator[Text]:
    if not diff.changes:
        yield make_line("Recipe, code and inputs are the same.")
    yield from (make_line(f"  {change.text}") for change in diff.changes)


def _render_groups(groups: tuple[Group, ...]) -> Table:
    rows, previous = [], None
    for group in groups:
        unit = f"{group.unit}s" if group.unit != previous else ""
        previous = group.unit
        turn = "" if group.was == group.now else f"{group.was or 'not there'} -> {group.now or 'not there'}"
        causes = "\n".join(group.causes)
        rows.append((unit, f"{group.rows:,}", describe_difference(group.difference), turn, group.origin, causes))
    return make_table(("", "rows", "", "", "at", "because"), rows, " r")


def _render_listed(groups: tuple[Group, ...], listed: Mapping[str, ListedRow]) -> Iterator[RenderableType]:
    for group in groups:
        rows = [listed[name] for name in group.ids if name in listed]
        if not rows:
            continue
        yield make_line(f"{group.rows:,} {group.unit}s {describe_difference(group.difference)}", style="bold")
        for row in rows:
            yield make_line(f"  {row.row_id}")
            yield _lay_side_by_side(row)
        yield Text()


def _lay_side_by_side(row: ListedRow) -> Table:
    """Lay both texts side by side; once where they are the same."""
    texts = [_shorten(join_text(own)) for own in (row.before, row.after)]
    fates = [_describe_fate(own) for own in (row.before, row.after)]
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2))
    if texts[0] == texts[1]:
        table.add_row(Text(f"{fates[0]} -> {fates[1]}", style="dim"))
        table.add_row(Text(texts[0]))
        return table
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    table.add_row(*(Text(text, style="dim") for text in fates))
    table.add_row(*map(Text, texts))
    return table


def _describe_fate(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "not there"
    words = [str(row[name]) for name in ("split", "verdict", "predicted", "reason") if row.get(name) is not None]
    return escape_terminal(", ".join([*words, str(row["fate"])] if row.get("reason") is None else words))


def _shorten(text: str | None) -> str:
    if text is None:
        return ""
    return escape_terminal(text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ...")


def _render_drift(drift: tuple[Drift, ...]) -> Table:
    rows = [(item.name, _format(item.before, item), _format(item.after, item), _format_change(item)) for item in drift]
    return make_table(("", "before", "after", "change"), rows, " rrr")


def _format(value: float | None, item: Drift) -> str:
    if value is None:
        return "unknown"
    if item.is_share:
        return f"{value:.1%}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _format_change(item: Drift) -> str:
    if item.before is None or item.after is None or item.before == item.after:
        return ""
    change = item.after - item.before
    if item.is_share:
        return f"{100 * change:+.1f} points"
    return f"{change:+,.0f}" if float(change).is_integer() else f"{change:+,.2f}"


def _render_advice(diff: VersionDiff, advice: VersionAdvice) -> Iterator[Text]:
    yield make_line(("Version  ", "bold"), f"{advice.version} ({advice.bump}: {advice.why})")
    if advice.entry:
        yield make_line("Changelog", style="bold")
        yield from (make_line(f"  {line}") for line in advice.entry)
    yield make_line("Next", style="bold")
    shown = next((name for group in diff.groups if group.now is not None for name in group.ids), None)
    if shown is not None:
        yield make_line(f"  cotloom explain {diff.after.ref} {shown}")
    yield make_line(f"  cotloom diff {diff.before.ref} {diff.after.ref} --limit 5")


def describe_diff(diff: VersionDiff, advice: VersionAdvice, listed: Mapping[str, ListedRow]) -> dict[str, Any]:
    """Describe a diff as plain values."""
    return {
        "before": {"ref": diff.before.ref, "content_digest": diff.before.manifest.content_digest},
        "after": {"ref": diff.after.ref, "content_digest": diff.after.manifest.content_digest},
        "is_empty": diff.is_empty,
        "changes": [{"key": item.key, "text": item.text, "stages": list(item.stages)} for item in diff.changes],
        "groups": [_describe_group(group, listed) for group in diff.groups],
        "problems_with_other_paths": diff.problems_with_other_paths,
        "drift": [{"name": item.name, "before": item.before, "after": item.after} for item in diff.drift],
        "advice": {
            "bump": advice.bump, "why": advice.why, "version": advice.version, "changelog": "\n".join(advice.entry),
        },
    }  # fmt: skip


def _describe_group(group: Group, listed: Mapping[str, ListedRow]) -> dict[str, Any]:
    rows = [listed[name] for name in group.ids if name in listed]
    return {
        "unit": group.unit,
        "difference": group.difference,
        "was": group.was,
        "now": group.now,
        "stage": group.stage,
        "origin": group.origin,
        "rows": group.rows,
        "causes": list(group.causes),
        "ids": list(group.ids),
        **({"listed": [{"id": row.row_id, "before": row.before, "after": row.after} for row in rows]} if rows else {}),
    }
