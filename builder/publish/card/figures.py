"""Figures of the dataset card: the funnel, paths per problem, and accuracies of the validation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ....schemas.manifest import Diversity, FunnelRow, StageLengths, TokenCounts
from ....schemas.reasons import Unit
from ....schemas.validation import Validation
from ...report.charts import Bar, draw_bars
from ...student.report.figures import draw_accuracies


@dataclass(frozen=True, kw_only=True, slots=True)
class CardFigure:
    """A figure of the card."""

    path: str
    """Its file: `figures/funnel.svg`."""
    alt: str
    """What it shows, for readers who can't see it."""
    svg: str
    """The figure."""


def draw_figures(
    funnel: Sequence[FunnelRow],
    paths: Mapping[int, int],
    validation: Validation | None = None,
    lengths: Sequence[TokenCounts] = (),
    diversity: Sequence[Diversity] = (),
    rows: Sequence[StageLengths] = (),
) -> list[CardFigure]:
    """Draw the figures of a card.

    Args:
        funnel: for each stage, the rows that it took in, kept and dropped.
        paths: number of problems by their number of distinct paths.
        validation: the validation of the version; None for none.
        lengths: the lengths of reasonings and responses, in tokens.
        diversity: distinct paths by the number of samples.
        rows: the lengths of the rows of each stage, in tokens.
    """
    svg = draw_bars("Kept rows, and dropped rows by reason", list(_make_funnel_groups(funnel)))
    figures = [CardFigure(path="figures/funnel.svg", alt="What each stage kept and dropped", svg=svg)]
    if paths:
        svg = draw_bars("Distinct correct paths per problem", [("", list(_make_path_bars(paths)))])
        figures.append(CardFigure(path="figures/paths.svg", alt="Distinct paths per problem", svg=svg))
    curves = [(item.source if item.teacher is None else f"{item.source}, {item.teacher}", list(_make_curve_bars(item)))
              for item in diversity if len(item.curve) > 1]  # fmt: skip
    if curves:
        svg = draw_bars("Distinct paths by the number of correct samples", curves)
        figures.append(CardFigure(path="figures/diversity.svg", alt="Distinct paths by number of samples", svg=svg))
    groups = [(part.part.capitalize(), list(_make_length_bars(part))) for part in lengths if part.tokens]
    if groups:
        svg = draw_bars("Tokens of reasoning and response", groups)
        figures.append(CardFigure(path="figures/tokens.svg", alt="Tokens of reasoning and response", svg=svg))
    groups = [(item.stage, list(_make_row_bars(item))) for item in rows if item.bins]
    if groups:
        svg = draw_bars("Tokens of the rows of each stage", groups)
        figures.append(CardFigure(path="figures/rows.svg", alt="Tokens of rows", svg=svg))
    accuracies = draw_accuracies(validation) if validation else None
    if accuracies is not None:
        figures.append(CardFigure(path="figures/validation.svg", alt="Accuracy of students", svg=accuracies))
    return figures


def _make_funnel_groups(funnel: Sequence[FunnelRow]) -> Iterator[tuple[str, list[Bar]]]:
    """For each unit, bars for all rows, the dropped rows by reason, and the kept rows."""
    for unit in Unit:
        rows = [row for row in funnel if row.unit == unit]
        if rows and rows[0].rows_in:
            yield f"{unit}s".capitalize(), list(_make_unit_bars(rows))


def _make_unit_bars(rows: Sequence[FunnelRow]) -> Iterator[Bar]:
    total = rows[0].rows_in
    yield Bar(label="all", share=1.0, figure=f"{total:,}", look="all")
    for row in rows:
        if row.reason is not None:
            label = f"{row.stage}: {row.reason}".replace("_", " ")
            share = row.dropped / total
            yield Bar(label=label, share=share, figure=_format_share(row.dropped, total), look="dropped")
    yield Bar(label="kept", share=rows[-1].kept / total, figure=_format_share(rows[-1].kept, total))


def _make_path_bars(paths: Mapping[int, int]) -> Iterator[Bar]:
    most, total = max(paths.values()), sum(paths.values())
    for number, count in sorted(paths.items()):
        label = "no path" if number == 0 else f"{number} path{'s' if number > 1 else ''}"
        look = "kept" if number else "dropped"
        yield Bar(label=label, share=count / most, figure=_format_share(count, total), look=look)


def _make_curve_bars(diversity: Diversity) -> Iterator[Bar]:
    most = max(point.paths for point in diversity.curve)
    for point in diversity.curve:
        label = f"{point.samples} sample{'s' if point.samples > 1 else ''}"
        yield Bar(label=label, share=point.paths / most, figure=f"{point.paths:.2f} ({point.problems:,} problems)")


def _make_length_bars(lengths: TokenCounts) -> Iterator[Bar]:
    total, most = sum(item.samples for item in lengths.bins), max(item.samples for item in lengths.bins)
    for item in lengths.bins:
        label = f"{item.least:,}" if item.least == item.most else f"{item.least:,} to {item.most:,}"
        figure = f"{_format_share(item.samples, total)}, {item.kept:,} kept"
        yield Bar(label=label, share=item.samples / most, figure=figure, look="kept" if item.kept else "dropped")


def _make_row_bars(stage: StageLengths) -> Iterator[Bar]:
    most = max(item.rows for item in stage.bins)
    for item in stage.bins:
        label = f"{item.least:,}" if item.least == item.most else f"{item.least:,} to {item.most:,}"
        yield Bar(label=label, share=item.rows / most, figure=_format_share(item.rows, stage.rows))


def _format_share(count: int, total: int) -> str:
    return f"{count:,} ({count / total:.1%})"
