"""Charts as SVG: horizontal bars, intervals on a common axis, and curves.

A chart stands alone: it brings its own ground and its colours for light and dark pages, because a page that shows it
by its address passes none on. It has `role="img"`, a title, and a description with every figure that it shows
(docs/decisions/0020). Widths of texts are estimated from above, so that no label is cut off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from .escape import escape_html

LETTER = 7.2
"""Width of the widest usual letter at 12 px, in pixels."""
_TITLE_LETTER = 9.0
_PAD = 18.0
"""Space around a chart, in pixels."""
_ROW = 24.0
"""Height of a row, in pixels."""
_PLOT = 360.0
"""Width of the plot, in pixels: the longest bar, or the axis from 0 to 100 %."""
_HEIGHT = 220.0
"""Height of a curve's plot, in pixels."""

_STYLE = (
    "svg.chart{max-width:100%;height:auto}"
    "svg.chart text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:#1f2328}"
    "svg.chart .title{font-size:14px;font-weight:600}svg.chart .group{font-weight:600}svg.chart .figure{fill:#57606a}"
    "svg.chart .value{paint-order:stroke;stroke:#ffffff;stroke-width:4}"
    "svg.chart .ground{fill:#ffffff;stroke:#d0d7de}svg.chart .grid{stroke:#d0d7de;stroke-width:1}"
    "svg.chart .chance{stroke:#57606a;stroke-width:1;stroke-dasharray:4 3}"
    "svg.chart rect.all{fill:#8c959f}svg.chart rect.kept{fill:#1f6feb}svg.chart rect.dropped{fill:#d4762c}"
    "svg.chart line.plain{stroke:#6e7781;stroke-width:2}svg.chart circle.plain{fill:#6e7781}"
    "svg.chart line.strong{stroke:#1f6feb;stroke-width:2}svg.chart circle.strong{fill:#1f6feb}"
    "svg.chart .curve{fill:none;stroke:#1f6feb;stroke-width:1.5;opacity:.6}"
    "@media(prefers-color-scheme:dark){"
    "svg.chart text{fill:#e6edf3}svg.chart .figure{fill:#9da7b1}svg.chart .value{stroke:#0d1117}"
    "svg.chart .ground{fill:#0d1117;stroke:#30363d}svg.chart .grid{stroke:#30363d}svg.chart .chance{stroke:#9da7b1}"
    "svg.chart rect.all{fill:#6e7681}svg.chart rect.kept{fill:#58a6ff}svg.chart rect.dropped{fill:#e3883d}"
    "svg.chart line.plain{stroke:#9da7b1}svg.chart circle.plain{fill:#9da7b1}"
    "svg.chart line.strong,svg.chart .curve{stroke:#58a6ff}svg.chart circle.strong{fill:#58a6ff}}"
)
"""Light and dark colours. Every rule is limited to charts, so that a page may hold one inline."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A row of a bar chart."""

    label: str
    """What it counts; drawn at its left."""
    share: float
    """Length, from 0 to 1."""
    figure: str
    """The number; drawn at its right."""
    look: str = "kept"
    """`all`, `kept` or `dropped`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IntervalPoint:
    """A share with its interval."""

    label: str
    """What it belongs to."""
    mean: float
    """The share, from 0 to 1."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end."""
    strong: bool = False
    """Whether it is drawn in colour."""

    @property
    def figure(self) -> str:
        """The share and its interval in per cent."""
        return f"{self.mean:.1%} ({self.low:.1%} to {self.high:.1%})"


@dataclass(frozen=True, kw_only=True, slots=True)
class IntervalGroup:
    """Shares that are compared with each other."""

    name: str
    """Drawn above them; empty for no heading."""
    points: Sequence[IntervalPoint]
    """The shares, from top to bottom."""
    chance: float | None = None
    """The share that guessing reaches; marked by a dashed line."""


def draw_bars(title: str, groups: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Draw groups of horizontal bars below each other.

    Args:
        title: what is shown; drawn above.
        groups: a heading (empty for none) and the bars of each group, from top to bottom.
    """
    bars = [bar for _, group in groups for bar in group]
    left = _PAD + _measure_text(*(bar.label for bar in bars)) + 12
    width = left + _PLOT + 8 + _measure_text(*(bar.figure for bar in bars)) + _PAD
    y, parts = _PAD + 12.0, []
    for name, group in groups:
        if name:
            y += _ROW + 4
            parts.append(_draw_text(_PAD, y, name, "group"))
        for bar in group:
            y += _ROW
            parts += _draw_bar(bar, left, y)
    lines = [f"{name}: {_describe(group)}" if name else _describe(group) for name, group in groups]
    width = max(width, 2 * _PAD + _measure_text(*(name for name, _ in groups)))
    return _draw_chart(title, ". ".join(lines), width, y + _PAD, parts)


def _draw_bar(bar: Bar, left: float, y: float) -> Iterator[str]:
    length = max(_PLOT * bar.share, 1.0)  # a count above zero is always visible
    yield _draw_text(left - 12, y, bar.label, "label", "end")
    yield f'<rect x="{left:.1f}" y="{y - 12:.1f}" width="{length:.1f}" height="16" rx="2" class="{bar.look}"/>'
    yield _draw_text(left + length + 8, y, bar.figure, "figure")


def draw_intervals(title: str, groups: Sequence[IntervalGroup]) -> str:
    """Draw shares as points with intervals, on a common axis from 0 to 100 %.

    Args:
        title: what is shown; drawn above.
        groups: the shares, in groups from top to bottom.
    """
    points = [point for group in groups for point in group.points]
    chances = [_format_chance(group) for group in groups]
    left = _PAD + _measure_text(*(point.label for point in points)) + 14
    y, parts = _PAD + 12.0, []
    for group, chance in zip(groups, chances, strict=True):
        y += 14
        if group.name:
            y += _ROW - 10
            parts.append(_draw_text(_PAD, y, f"{group.name}{chance}", "group"))
        bottom = y + 10 + _ROW * len(group.points)
        parts += _draw_grid(group, left, y + 8, bottom)
        for point in group.points:
            y += _ROW
            parts += _draw_point(point, left, y)
        y = bottom
    parts += [_draw_text(left + _PLOT * step / 4, y + 17, f"{25 * step}%", "figure", "middle") for step in range(5)]
    width = left + _PLOT + 14 + _measure_text(*(point.figure for point in points)) + _PAD
    names = [f"{group.name}{chance}" for group, chance in zip(groups, chances, strict=True)]
    lines = [f"{name}: {_describe(group.points)}" for name, group in zip(names, groups, strict=True)]
    width = max(width, 2 * _PAD + _measure_text(*names))
    return _draw_chart(title, ". ".join(lines), width, y + 17 + _PAD, parts)


def _format_chance(group: IntervalGroup) -> str:
    return "" if group.chance is None else f" (chance {group.chance:.1%})"


def _draw_grid(group: IntervalGroup, left: float, top: float, bottom: float) -> Iterator[str]:
    for step in range(5):
        yield _draw_line(left + _PLOT * step / 4, top, left + _PLOT * step / 4, bottom, "grid")
    if group.chance is not None:
        yield _draw_line(left + _PLOT * group.chance, top, left + _PLOT * group.chance, bottom, "chance")


def _draw_point(point: IntervalPoint, left: float, y: float) -> Iterator[str]:
    look = "strong" if point.strong else "plain"
    yield _draw_text(left - 14, y + 4, point.label, "label", "end")
    yield _draw_line(left + _PLOT * point.low, y, left + _PLOT * point.high, y, look)
    yield _draw_circle(left + _PLOT * point.mean, y, look)
    yield _draw_text(left + _PLOT + 14, y + 4, point.figure, "figure")


def draw_curve(title: str, points: Sequence[IntervalPoint], *, axis: str) -> str:
    """Draw shares as a curve with intervals; steps are equally wide, whatever their size.

    Args:
        title: what is shown; drawn above.
        points: the shares, from left to right.
        axis: what the labels of the points are; drawn below.
    """
    lowest, highest = _choose_range(points)
    step = max(_measure_text(*(point.label for point in points)) + 24, _PLOT / len(points))
    left, top = _PAD + 50.0, _PAD + 44.0
    right, bottom = left + step * len(points), top + _HEIGHT
    middle = max((left + right) / 2, _PAD + _measure_text(axis) / 2)

    def scale(share: float) -> float:
        return top + _HEIGHT * (highest - share) / (highest - lowest)

    parts = []
    for tick in range(5):
        share = lowest + (highest - lowest) * tick / 4
        parts.append(_draw_line(left, scale(share), right, scale(share), "grid"))
        label = f"{share:.1%}".replace(".0%", "%")
        parts.append(_draw_text(left - 8, scale(share) + 4, label, "figure", "end"))
    centres = [left + step * (index + 0.5) for index in range(len(points))]
    path = " ".join(f"{x:.1f},{scale(point.mean):.1f}" for x, point in zip(centres, points, strict=True))
    parts.append(f'<polyline class="curve" points="{path}"/>')
    for x, point in zip(centres, points, strict=True):
        parts.append(_draw_line(x, scale(point.low), x, scale(point.high), "strong"))
        parts.append(_draw_circle(x, scale(point.mean), "strong"))
        parts.append(_draw_text(x, scale(point.high) - 7, f"{point.mean:.1%}", "value", "middle"))
        parts.append(_draw_text(x, bottom + 20, point.label, "figure", "middle"))
    parts.append(_draw_text(middle, bottom + 42, axis, "figure", "middle"))
    width = max(right, middle + _measure_text(axis) / 2) + _PAD
    return _draw_chart(title, f"By {axis}: {_describe(points)}", width, bottom + 42 + _PAD, parts)


def _choose_range(points: Sequence[IntervalPoint]) -> tuple[float, float]:
    """Ends of the axis, in whole tenths, at least a fifth apart."""
    lowest = int(min(point.low for point in points) * 10) / 10
    highest = min(-int(-max(point.high for point in points) * 10 - 0.999) / 10, 1.0)
    return (lowest, highest) if highest - lowest >= 0.2 else (max(highest - 0.2, 0.0), max(highest, 0.2))


def _describe(rows: Sequence[Bar] | Sequence[IntervalPoint]) -> str:
    """Every label with its figure, for readers who can't see the chart."""
    return "; ".join(f"{row.label} {row.figure}" for row in rows)


def _measure_text(*texts: str) -> float:
    """Width of the longest text, in pixels, estimated from above."""
    return LETTER * max(map(len, texts), default=0)


def _draw_text(x: float, y: float, text: str, look: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{look}" text-anchor="{anchor}">{escape_html(text)}</text>'


def _draw_line(x: float, y: float, to_x: float, to_y: float, look: str) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" class="{look}"/>'


def _draw_circle(x: float, y: float, look: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" class="{look}"/>'


def _draw_chart(title: str, description: str, width: float, height: float, parts: Sequence[str]) -> str:
    """Put the parts of a chart on its ground, below its title."""
    width = max(width, 2 * _PAD + _TITLE_LETTER * len(title))
    own = sha256(f"{title}\n{description}".encode()).hexdigest()[:12]  # ids are unique in a page with several charts
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    named = f'role="img" aria-labelledby="title-{own}" aria-describedby="desc-{own}"'
    ground = f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="6" class="ground"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" {named} {size}>'
        f'<title id="title-{own}">{escape_html(title)}</title><desc id="desc-{own}">{escape_html(description)}</desc>'
        f"<style>{_STYLE}</style>{ground}{_draw_text(_PAD, _PAD + 12.0, title, 'title')}{''.join(parts)}</svg>\n"
    )
