"""What was paid, as a table, as CSV, and as plain values."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

from rich.console import Group, RenderableType

from ..costs import PICO, Cost, describe_cost, format_usd
from ..report.tables import make_line, make_table
from ..teacher.spending import CostLine

_NAMES = ("version", "model", "endpoint", "delivery", "day")


def describe_lines(lines: Sequence[CostLine]) -> list[dict[str, Any]]:
    """Describe the lines as plain values: the names that they are added up by, tokens, and US dollars."""
    return [{**_list_names(line), **_list_amounts(line)} for line in lines]


def _list_names(line: CostLine) -> dict[str, str]:
    return {name: value for name in _NAMES if (value := getattr(line, name)) is not None}


def _list_amounts(line: CostLine) -> dict[str, int | float]:
    return {
        "responses": line.responses,
        "prompt_tokens": line.prompt_tokens,
        "cached_tokens": line.cached_tokens,
        "completion_tokens": line.completion_tokens,
        "reasoning_tokens": line.reasoning_tokens,
        "usd": line.cost.picodollars / PICO,
        "unknown": line.cost.unknown,
        "reserved_usd": line.reserved.picodollars / PICO,
        "reserved_requests": line.reserved.requests,
    }


def format_lines(lines: Sequence[CostLine]) -> Iterator[str]:
    """Format the lines as CSV, the names of the columns first."""
    rows = describe_lines(lines)
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["usd"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    yield text.getvalue()


def render_lines(lines: Sequence[CostLine]) -> RenderableType:
    """Render the lines as a table, with the sum below."""
    if not lines:
        return make_line("Nothing was paid.")
    total = sum((line.cost for line in lines), Cost())
    names = list(_list_names(lines[0]))
    head = (*names, "responses", "prompt", "completion", "cost")
    rows = [_render_line(line, names) for line in lines]
    parts: list[RenderableType] = [make_table(head, rows, " " * len(names) + "rrrr"), make_line()]
    parts.append(make_line(f"{describe_cost(total)} in all", style="bold"))
    reserved = sum(line.reserved.requests for line in lines)
    if reserved:
        most = format_usd(sum(line.reserved.picodollars for line in lines))
        parts.append(make_line(f"Reserved for {reserved:,} requests whose outcome nobody knows: up to {most} more."))
    return Group(*parts)


def _render_line(line: CostLine, names: Sequence[str]) -> tuple[str, ...]:
    counts = (f"{line.responses:,}", f"{line.prompt_tokens:,}", f"{line.completion_tokens:,}")
    return (*(getattr(line, name) or "unknown" for name in names), *counts, describe_cost(line.cost))
