"""Pictures as SVG, written by hand: dots with intervals, and curves. They take the colour of the text around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

LETTER = 7.4
"""Width of the widest usual letter, in pixels: labels are never cut off."""
BOLD = 9.4
"""The same for titles, which are larger and bold."""
ROW = 26
"""Height of a row, in pixels."""
PLOT = 380
"""Width of the field with the dots, in pixels."""
HEIGHT = 220
"""Height of a curve's field, in pixels."""
ACCENT = "#2f7fd6"
"""The colour of what the picture is about: 4.0 to 1 on white, 4.4 to 1 on near-black."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
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


def interval_plot(title: str, dots: Sequence[Dot], *, chance: float | None = None) -> str:
    """Draw shares as dots with intervals, one below the other, on an axis from 0 to 100 %.

    Args:
        title: what is shown; it is drawn above.
        dots: the shares, from top to bottom.
        chance: a share to mark by a dashed line.
    """
    left = _width(*(dot.label for dot in dots)) + 12
    figures = [f"{dot.mean:.1%} ({dot.low:.1%} to {dot.high:.1%})" for dot in dots]
    bottom = 34 + ROW * len(dots)
    parts = [_text(0, 14, title, "title"), *_axis(left, bottom)]
    if chance is not None:
        x = left + PLOT * chance
        parts += [_line(x, 26, x, bottom, "chance"), _text(x + 4, bottom + 34, f"chance {chance:.1%}", "small")]
    for row, (dot, figure) in enumerate(zip(dots, figures, strict=True)):
        parts += _dot(dot, figure, left, 34 + ROW * row + ROW / 2)
    wide = max(
        left + PLOT + 14 + _width(*figures), BOLD * len(title), left + PLOT * (chance or 0) + _width("chance 100.0%")
    )
    return _svg(title, wide, bottom + 42, parts)


def _axis(left: float, bottom: float) -> list[str]:
    ticks = [(left + PLOT * share / 4, f"{25 * share}%") for share in range(5)]
    lines = [_line(x, 26, x, bottom, "grid") for x, _ in ticks]
    return lines + [_text(x, bottom + 17, label, "small", "middle") for x, label in ticks]


def _dot(dot: Dot, figure: str, left: float, y: float) -> list[str]:
    look = "strong" if dot.strong else "plain"
    return [
        _text(left - 12, y + 4, dot.label, "label", "end"),
        _line(left + PLOT * dot.low, y, left + PLOT * dot.high, y, look),
        _circle(left + PLOT * dot.mean, y, look),
        _text(left + PLOT + 14, y + 4, figure, "small"),
    ]


def curve_plot(title: str, dots: Sequence[Dot], *, below: str) -> str:
    """Draw shares as a curve with intervals; steps are equally wide, whatever their size.

    Args:
        title: what is shown; it is drawn above.
        dots: the shares, from left to right.
        below: what the labels on the axis are.
    """
    lowest, highest = _range(dots)
    step = max(_width(*(dot.label for dot in dots)) + 18, 90)
    left, top = 52.0, 34.0
    wide = left + step * len(dots)
    places = [left + step * (place + 0.5) for place in range(len(dots))]

    def height(share: float) -> float:
        return top + HEIGHT * (highest - share) / (highest - lowest)

    parts = [_text(0, 14, title, "title")]
    for tick in range(5):
        share = lowest + (highest - lowest) * tick / 4
        parts += [_line(left, height(share), wide, height(share), "grid")]
        parts += [_text(left - 8, height(share) + 4, f"{share:.1%}".replace(".0%", "%"), "small", "end")]
    path = " ".join(f"{x:.1f},{height(dot.mean):.1f}" for x, dot in zip(places, dots, strict=True))
    parts += [f'<polyline class="curve" points="{path}"/>']
    for x, dot in zip(places, dots, strict=True):
        parts += [_line(x, height(dot.low), x, height(dot.high), "strong"), _circle(x, height(dot.mean), "strong")]
        parts += [_text(x, top + HEIGHT + 20, dot.label, "small", "middle")]
    parts += [_text((left + wide) / 2, top + HEIGHT + 42, below, "small", "middle")]
    middle = (left + wide) / 2
    over = max(wide, BOLD * len(title), middle + _width(below) / 2)
    return _svg(title, over, top + HEIGHT + 54, parts)


def _range(dots: Sequence[Dot]) -> tuple[float, float]:
    """Ends of the axis, in whole tenths, at least a fifth apart."""
    lowest = int(min(dot.low for dot in dots) * 10) / 10
    highest = min(-int(-max(dot.high for dot in dots) * 10 - 0.999) / 10, 1.0)
    return (lowest, highest) if highest - lowest >= 0.2 else (max(highest - 0.2, 0.0), max(highest, 0.2))


def _width(*texts: str) -> float:
    return LETTER * max(map(len, texts), default=0)


def _text(x: float, y: float, text: str, look: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{look}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x: float, y: float, to_x: float, to_y: float, look: str) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" class="{look}"/>'


def _circle(x: float, y: float, look: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" class="{look}"/>'


STYLE = (
    "svg.plot{color:inherit;max-width:100%;height:auto;font:12px system-ui,sans-serif}"
    "svg.plot text{fill:currentColor}svg.plot .title{font-weight:600;font-size:13px}svg.plot .small{opacity:.75}"
    "svg.plot line{stroke:currentColor;stroke-width:2}svg.plot .grid{stroke-width:1;opacity:.18}"
    "svg.plot .chance{stroke-width:1;stroke-dasharray:4 3;opacity:.7}svg.plot circle{fill:currentColor}"
    f"svg.plot line.strong{{stroke:{ACCENT}}}svg.plot circle.strong{{fill:{ACCENT}}}"
    f"svg.plot .curve{{fill:none;stroke:{ACCENT};stroke-width:1.5;opacity:.6}}"
)
"""How the parts look. It is within each picture, so that a picture can stand alone."""


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" aria-label="{escape(title)}" {size}>'
    return f"{head}<style>{STYLE}</style>{''.join(parts)}</svg>"
