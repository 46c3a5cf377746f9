"""A quote in words, several side by side, and as plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ..costs import Cost, Delivery, describe_cost, format_usd
from ..costs.amounts import parse_usd
from ..costs.quote import Range
from ..report.tables import make_line, make_table
from .quote import Quote, QuoteBasis

_PLACES = 12
"""Decimals of an amount that count: picodollars."""


def describe_quote(quote: Quote) -> dict[str, Any]:
    """Describe a quote as plain values."""
    values = asdict(quote)
    return {
        **values,
        "usd": {way.value: found for way, found in values["usd"].items()},
        "spent": quote.spent.describe(),
    }


def _format_amount(usd: float) -> str:
    return format_usd(parse_usd(f"{max(usd, 0.0):.{_PLACES}f}"))


def _format_range(found: Range | None) -> str:
    if found is None:
        return "unknown"
    return f"{_format_amount(found.expected)} ({_format_amount(found.low)} to {_format_amount(found.high)})"


def _format_counts(found: Range) -> str:
    return f"{found.expected:,.0f} ({found.low:,.0f} to {found.high:,.0f})"


def render_quote(quote: Quote) -> Iterator[Text]:
    """Render a quote as lines."""
    live, batch = (quote.usd.get(way) for way in (Delivery.LIVE, Delivery.BATCH))
    if live is None and batch is None:
        yield make_line("cost       unknown: no price is known; --prices FILE gives one (docs/costs.md)")
    elif live is not None and live.high == 0:
        yield make_line("cost       none: this teacher costs nothing")
        return
    elif quote.basis is QuoteBasis.GUESS:
        yield make_line(f"cost       a guess: {_format_range(live)}; --pilot 30 asks 30 problems and measures it")
        return
    else:
        by_batch = f"; by batch {_format_range(batch)}" if batch is not None else ""
        yield make_line(f"cost       {_format_range(live)}{by_batch}")
    if quote.requests is None or quote.tokens is None:
        return
    where = "asked for it" if quote.basis is QuoteBasis.PILOT else "in the ledger"
    yield make_line(f"           for {quote.remaining:,} more problems, measured on {quote.looked:,} that are {where}")
    yield make_line(f"           {_format_counts(quote.requests)} requests, {_format_counts(quote.tokens)} tokens")
    if quote.usd_for_path is not None and quote.paths is not None:
        each = f"{_format_range(quote.usd_for_path)} for a distinct right path"
        yield make_line(f"           {each}; {quote.paths:.2f} of them a problem")
    if quote.spent != Cost():
        yield make_line(f"           the pilot cost {describe_cost(quote.spent)}; the build does not pay it again")


def render_comparison(quotes: Mapping[str, Quote | None]) -> RenderableType:
    """Render the quotes of several recipes side by side, the cheapest distinct path first."""
    rows = [_list_cells(name, quote) for name, quote in sorted(quotes.items(), key=_rank_quote)]
    head = ("recipe", "problems", "paths each", "for a distinct path", "the whole build", "by batch")
    note = "Ranges hold the truth in 95 of 100 pilots. Two whose ranges overlap are not told apart: ask more problems."
    return Group(make_table(head, rows, " rr"), make_line(), make_line(note))


def _rank_quote(item: tuple[str, Quote | None]) -> tuple[float, str]:
    name, quote = item
    found = None if quote is None else quote.usd_for_path
    return (float("inf") if found is None else found.expected, name)


def _list_cells(name: str, quote: Quote | None) -> tuple[str, ...]:
    if quote is None:
        return (name, "too few", "", "", "", "")
    paths = "" if quote.paths is None else f"{quote.paths:.2f}"
    whole = (_format_range(quote.usd.get(way)) for way in Delivery)
    return (name, f"{quote.looked:,}", paths, _format_range(quote.usd_for_path), *whole)
