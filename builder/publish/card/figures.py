"""Pictures of the card, as SVG: bars, drawn by hand on a ground of their own, so that dark and light pages both do.

The Hub shows pictures by their address: they inherit no colours from the page, and a page may be dark where the
reader's system is light. So each picture brings its ground, and text and ground change together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from cotloom.schemas.manifest import FunnelRow
from cotloom.schemas.reasons import Unit
from cotloom.schemas.validation import CORRECT, Standing, Validation

ROW = 24
"""Height of a row, in pixels."""
BAR = 360
"""Width of the longest bar, in pixels."""
LETTER = 7.2
"""Width of the widest usual letter, in pixels: labels are never cut off."""
PAD = 18
"""Room around a picture, in pixels."""
_ARMS = {"version": "this version", "answer_only": "answers alone", "parent": "the parent", "untrained": "untrained"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture of the card."""

    path: str
    """Where it lies: `figures/funnel.svg`."""
    alt: str
    """What it shows, for those who can't see it."""
    svg: str
    """The picture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A row of a picture."""

    label: str
    """What is shown."""
    share: float
    """Length, from 0 to 1."""
    figure: str
    """What stands behind it."""
    look: str = "kept"
    """`all`, `kept` or `dropped`."""
    span: tuple[float, float] | None = None
    """An interval to draw over it, from 0 to 1."""


def figures(
    funnel: Sequence[FunnelRow], paths: Mapping[int, int], validation: Validation | None = None
) -> list[Picture]:
    """Draw the pictures of a card.

    Args:
        funnel: what each stage took in, kept and dropped.
        paths: how many problems have how many distinct paths.
        validation: what a student learnt, where that was tried.
    """
    pictures = [
        Picture(
            path="figures/funnel.svg",
            alt="What each stage kept and dropped",
            svg=_svg("What was kept, and why the rest was not", _funnel(funnel)),
        )
    ]
    if paths:
        svg = _svg("Distinct right paths for each problem", [("", list(_paths(paths)))])
        pictures.append(Picture(path="figures/paths.svg", alt="Distinct paths per problem", svg=svg))
    groups = list(_standings(validation)) if validation else []
    if groups:
        svg = _svg("Accuracy of students, with 95 % intervals", groups)
        pictures.append(Picture(path="figures/validation.svg", alt="Accuracy of students", svg=svg))
    return pictures


def _funnel(rows: Sequence[FunnelRow]) -> list[tuple[str, list[Bar]]]:
    """Bars for each unit: how many there were, how many were dropped for each reason, how many are left."""
    units = [(unit, [row for row in rows if row.unit == unit]) for unit in Unit]
    return [(f"{unit}s".capitalize(), list(_of_unit(own))) for unit, own in units if own and own[0].rows_in]


def _of_unit(rows: Sequence[FunnelRow]) -> Iterator[Bar]:
    total = rows[0].rows_in
    yield Bar(label="all", share=1.0, figure=f"{total:,}", look="all")
    for row in rows:
        if row.reason is not None:
            label = f"{row.stage}: {row.reason}".replace("_", " ")
            yield Bar(label=label, share=row.dropped / total, figure=_of(row.dropped, total), look="dropped")
    yield Bar(label="kept", share=rows[-1].kept / total, figure=_of(rows[-1].kept, total))


def _of(count: int, total: int) -> str:
    return f"{count:,} ({count / total:.1%})"


def _paths(paths: Mapping[int, int]) -> Iterator[Bar]:
    most, total = max(paths.values()), sum(paths.values())
    for number, count in sorted(paths.items()):
        label = "no path" if number == 0 else f"{number} path{'s' if number > 1 else ''}"
        look = "kept" if number else "dropped"
        yield Bar(label=label, share=count / most, figure=f"{_of(count, total)}", look=look)


def _standings(validation: Validation) -> Iterator[tuple[str, list[Bar]]]:
    """Bars for each way of asking."""
    found = [standing for standing in validation.standings if standing.measure == CORRECT]
    order = list(dict.fromkeys(standing.asked for standing in found))
    for asked, standings in groupby(sorted(found, key=lambda one: order.index(one.asked)), lambda one: one.asked):
        yield f"{asked.set}, {asked.format}", [_standing(standing) for standing in standings]


def _standing(standing: Standing) -> Bar:
    return Bar(
        label=_ARMS.get(standing.arm, standing.arm.replace("_", " ")),
        share=standing.mean,
        figure=f"{standing.mean:.1%} ({standing.low:.1%} to {standing.high:.1%})",
        look="kept" if standing.arm == "version" else "all",
        span=(standing.low, standing.high),
    )


_STYLE = (
    "text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:#1f2328}"
    ".title{font-size:14px;font-weight:600}.unit{font-weight:600}.figure{fill:#57606a}"
    ".ground{fill:#ffffff;stroke:#d0d7de}.all{fill:#8c959f}.kept{fill:#1f6feb}.dropped{fill:#d4762c}"
    ".span{stroke:#1f2328;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.figure{fill:#9da7b1}.ground{fill:#0d1117;stroke:#30363d}"
    ".all{fill:#6e7681}.kept{fill:#58a6ff}.dropped{fill:#e3883d}.span{stroke:#e6edf3}}"
)


def _svg(title: str, groups: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """Draw groups of bars below each other."""
    bars = [bar for _, own in groups for bar in own]
    left = PAD + LETTER * max(len(bar.label) for bar in bars) + 12
    wide = left + BAR + 12 + LETTER * max(len(bar.figure) for bar in bars) + PAD
    wide = max(wide, 2 * PAD + 1.25 * LETTER * max(len(title), *(len(name) for name, _ in groups)))
    y = PAD + 12.0
    parts = [_text(PAD, y, title, "title")]
    for name, own in groups:
        if name:
            y += ROW + 4
            parts.append(_text(PAD, y, name, "unit"))
        for bar in own:
            y += ROW
            parts += _bar(bar, left, y)
    return _whole(title, wide, y + PAD, parts)


def _bar(bar: Bar, left: float, y: float) -> Iterator[str]:
    yield _text(left - 12, y, bar.label, "label", "end")
    width = max(BAR * bar.share, 1.0)  # a row that is there is seen
    yield f'<rect x="{left:.1f}" y="{y - 12:.1f}" width="{width:.1f}" height="16" rx="2" class="{bar.look}"/>'
    end = width
    if bar.span is not None:
        low, high = (left + BAR * one for one in bar.span)
        yield f'<line x1="{low:.1f}" y1="{y - 4:.1f}" x2="{high:.1f}" y2="{y - 4:.1f}" class="span"/>'
        end = max(end, BAR * bar.span[1])
    yield _text(left + end + 8, y, bar.figure, "figure")


def _text(x: float, y: float, text: str, look: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{look}" text-anchor="{anchor}">{escape(text)}</text>'


def _whole(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" {size}>'
    ground = f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="6" class="ground"/>'
    return f"{head}<style>{_STYLE}</style>{ground}{''.join(parts)}</svg>\n"
