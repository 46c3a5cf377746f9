"""Charts: well-formed, accessible, readable on light and dark pages, and nothing is cut off."""

from xml.etree import ElementTree as ET

import pytest

from cotloom.builder.report.charts import Bar, IntervalGroup, IntervalPoint, draw_bars, draw_curve, draw_intervals

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [
    IntervalPoint(label="a" * 40 + "<&>", mean=0.5, low=0.4, high=0.6, strong=True),
    IntervalPoint(label="b", mean=1, low=0.9, high=1),
]
BARS = [
    Bar(label="all", share=1, figure="123,456", look="all"),
    Bar(label='"<script>alert(1)</script>', share=0.5, figure="61,728 (50.0%)", look="dropped"),
]
CHARTS = {
    "bars": draw_bars("title & <more>", [("a heading that is longer than every label", BARS), ("", BARS[:1])]),
    "intervals": draw_intervals(
        "title & <more>",
        [IntervalGroup(name="x" * 90, points=POINTS, chance=0.95), IntervalGroup(name="", points=POINTS[1:])],
    ),
    "curve": draw_curve("title", POINTS, axis="a label that is longer than the two steps of the curve together" * 2),
    "long title": draw_curve("A title that is longer than the curve" * 2, POINTS[1:], axis="short"),
}


@pytest.fixture(params=CHARTS.values(), ids=CHARTS)
def chart(request) -> ET.Element:
    return ET.fromstring(request.param)  # noqa: S314 - our own text


def test_no_text_and_no_mark_is_outside_the_chart(chart):
    width, height = float(chart.get("width")), float(chart.get("height"))
    for text in chart.iter(f"{SVG}text"):
        x, length = float(text.get("x")), len(text.text or "") * (9 if text.get("class") == "title" else 7.2)
        left = x - {"start": 0, "middle": length / 2, "end": length}[text.get("text-anchor")]
        assert left >= 0, text.text
        assert left + length <= width, text.text
        assert 0 < float(text.get("y")) < height
    for circle in chart.iter(f"{SVG}circle"):
        assert 0 < float(circle.get("cx")) < width
        assert 0 < float(circle.get("cy")) < height


def test_a_chart_is_an_image_with_a_title_and_a_description(chart):
    title, description = chart.find(f"{SVG}title"), chart.find(f"{SVG}desc")

    assert chart.get("role") == "img"
    assert chart.get("aria-labelledby") == title.get("id")
    assert chart.get("aria-describedby") == description.get("id")
    assert title.text == next(text.text for text in chart.iter(f"{SVG}text") if text.get("class") == "title")


def test_a_chart_brings_its_ground_and_colours_for_light_and_dark_pages(chart):
    text = ET.tostring(chart, encoding="unicode")

    assert 'class="ground"' in text
    assert "prefers-color-scheme:dark" in text
    assert "currentColor" not in text


def test_a_chart_loads_and_runs_nothing(chart):
    assert {element.tag for element in chart.iter()} <= {
        f"{SVG}{name}" for name in ("svg", "title", "desc", "style", "rect", "text", "line", "circle", "polyline")
    }
    assert "url(" not in chart.find(f"{SVG}style").text


def test_the_style_of_a_chart_is_limited_to_charts():
    style = ET.fromstring(CHARTS["bars"]).find(f"{SVG}style").text.replace("@media(prefers-color-scheme:dark){", "")  # noqa: S314
    selectors = [part for rule in style.split("}") if "{" in rule for part in rule.split("{")[0].split(",")]

    assert [selector for selector in selectors if not selector.strip().startswith("svg.chart")] == []


def test_the_description_holds_every_label_and_figure():
    description = ET.fromstring(CHARTS["intervals"]).find(f"{SVG}desc").text  # noqa: S314 - our own text

    assert "b 100.0% (90.0% to 100.0%)" in description
    assert "(chance 95.0%)" in description


def test_charts_in_one_page_have_ids_of_their_own():
    ids = [element.get("id") for text in CHARTS.values() for element in ET.fromstring(text).iter() if element.get("id")]  # noqa: S314

    assert len(ids) == len(set(ids)) == 2 * len(CHARTS)


def test_points_are_where_their_shares_are():
    chart = ET.fromstring(draw_intervals("t", [IntervalGroup(name="", points=[*POINTS, IntervalPoint(  # noqa: S314
        label="zero", mean=0, low=0, high=0.1)])]))  # fmt: skip
    half, one, zero = (float(circle.get("cx")) for circle in chart.iter(f"{SVG}circle"))

    assert (half - zero) / (one - zero) == pytest.approx(0.5)


def test_a_bar_of_a_count_above_zero_is_visible():
    chart = ET.fromstring(draw_bars("t", [("", [Bar(label="x", share=0.0, figure="1")])]))  # noqa: S314 - our own text

    assert [float(rect.get("width")) for rect in chart.iter(f"{SVG}rect") if rect.get("class") == "kept"] == [1.0]


def test_the_same_chart_is_the_same_text():
    assert draw_bars("t", [("", BARS)]) == draw_bars("t", [("", BARS)])
