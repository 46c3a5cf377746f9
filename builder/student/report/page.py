"""The report as one HTML page. It holds all it needs and runs nothing, and every text in it is escaped (law 7)."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from html import escape
from itertools import groupby

from cotloom.builder.student.report.charts import Dot, curve_plot, interval_plot
from cotloom.builder.student.report.sentences import (
    SIMULATED,
    Rows,
    arm_words,
    arms_table,
    asked_words,
    circumstances,
    gate_words,
    sentence,
    standings_table,
)
from cotloom.schemas.validation import CORRECT, Point, Standing, Validation

Answers = Sequence[tuple[str, str]]
"""Example answers: a heading, and what the student said."""

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "background:#fff;color:#1b1f24}"
    "@media(prefers-color-scheme:dark){body{background:#15181c;color:#e4e7eb}}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
    ".wide{overflow-x:auto;margin:1rem 0}table{border-collapse:collapse;font-size:.85rem;white-space:nowrap}"
    "th,td{text-align:left;padding:.25rem .9rem .25rem 0;border-bottom:1px solid rgba(128,128,128,.35);"
    "vertical-align:top;font-variant-numeric:tabular-nums}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:rgba(128,128,128,.14);padding:.6rem .8rem;"
    "border-radius:4px}"
    ".summary{font-size:1.05rem}.simulated{border-left:4px solid #c77700;padding-left:.8rem;font-weight:600}"
)
_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)


def page(validation: Validation, answers: Answers = ()) -> str:
    """Write the report as an HTML page.

    Args:
        validation: what came out.
        answers: example answers; they are shown as text, whatever is in them.
    """
    title = f"What a student learnt from {validation.ref}"
    head = f"{_HEAD}<title>{escape(title)}</title><style>{_STYLE}</style></head>"
    body = "".join([_tag("h1", title), *_top(validation), *_middle(validation), *_answers(answers)])
    return f"{head}<body>{body}</body></html>\n"


def _top(validation: Validation) -> Iterator[str]:
    if validation.simulated:
        yield f'<p class="simulated">{escape(SIMULATED)}</p>'
    yield f'<p class="summary">{escape(validation.summary)}</p>'
    yield from _listed("Comparisons", map(sentence, validation.differences))
    yield _tag("h2", "Accuracy")
    for _, standings in groupby(_accuracies(validation), key=lambda standing: standing.asked):
        yield _plot(list(standings))
    yield _table(standings_table(validation.standings))
    yield from _curve("share of the problems", validation.data_curve)
    yield from _curve("paths for each problem, at most", validation.path_curve)


def _middle(validation: Validation) -> Iterator[str]:
    yield from _listed("What should be kept", map(sentence, validation.retention))
    yield from _listed("The gate", [gate_words(validation.gate), *validation.gate.reasons])
    yield from _listed("What would help next", (f"{advice.what}: {advice.why}" for advice in validation.advice))
    yield _tag("h2", "Training") + _table(arms_table(validation))
    yield _tag("h2", "Circumstances") + _table([("what", "value"), *circumstances(validation)])


def _answers(answers: Answers) -> Iterator[str]:
    if answers:
        yield _tag("h2", "Some answers")
    for heading, text in answers:
        yield _tag("p", heading) + _tag("pre", text)


def _accuracies(validation: Validation) -> list[Standing]:
    """Accuracies, those of one way of asking together, in the order in which the ways come up."""
    ways = {standing.asked: None for standing in validation.standings}
    rank = {asked: place for place, asked in enumerate(ways)}
    return sorted(
        (standing for standing in validation.standings if standing.measure == CORRECT),
        key=lambda standing: rank[standing.asked],
    )


def _plot(standings: Sequence[Standing]) -> str:
    dots = [
        Dot(label=arm_words(one.arm), mean=one.mean, low=one.low, high=one.high, strong=one.arm == "version")
        for one in standings
    ]
    return f'<div class="wide">{interval_plot(asked_words(standings[0].asked), dots, chance=standings[0].chance)}</div>'


def _curve(below: str, points: Sequence[Point]) -> Iterator[str]:
    if points:
        dots = [
            Dot(
                label=f"{Fraction(point.at).limit_denominator(64)} ({point.rows:,} rows)",
                mean=point.mean,
                low=point.low,
                high=point.high,
            )
            for point in sorted(points, key=lambda point: point.at)
        ]
        yield f'<div class="wide">{curve_plot(f"Accuracy by {below}", dots, below=below)}</div>'


def _listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    items = "".join(_tag("li", line) for line in lines)
    if items:
        yield f"{_tag('h2', title)}<ul>{items}</ul>"


def _table(rows: Rows) -> str:
    head, *body = rows
    lines = ["".join(_tag("th", cell) for cell in head)]
    lines += ["".join(_tag("td", cell) for cell in row) for row in body]
    return f'<div class="wide"><table>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>'


def _tag(name: str, text: str) -> str:
    """Put a text into an element. All texts of the page but those of the pictures go through here."""
    return f"<{name}>{escape(text)}</{name}>"
