import json
import re
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from cotloom.builder.inspect.render import tell_version
from cotloom.builder.store import Version
from cotloom.builder.student.report.charts import Dot, curve_plot, interval_plot
from cotloom.builder.student.report.report import examples_of, report, summarise, tell_validation, write_report
from cotloom.builder.student.report.sentences import sentence
from cotloom.builder.student.statistics.compare import Terms, compare, standing
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.student import StudentRecipe
from cotloom.schemas.validation import Advice, Asked, Circumstances, Passed, Point, Trained, Validation
from rich.console import Console

from tests.student.outcomes import ASKED, right, rows_of, steady, table

HOSTILE = "</pre><script>alert(1)</script> 2 + 2 = 4\n```\n# Title\n<img src=x onerror=alert(1)> The answer is 4."
GENERAL = Asked(set="general", format="as_is")


@pytest.fixture(scope="module")
def outcomes():
    general = {"set": "general", "kind": SetKind.GENERAL, "format": "as_is"}
    return table(
        rows_of("version", right(0.8), text=HOSTILE, predicted="<b>4</b>"),
        rows_of("answer_only", right(0.3, seed=1), text="The answer is 5.", predicted="5"),
        rows_of("version", steady(0.5), **general),
        rows_of("answer_only", steady(0.5), **general),
    )


@pytest.fixture(scope="module")
def validation(outcomes) -> Validation:
    terms = Terms(chance=0.1)
    found = compare(outcomes, "version", "answer_only", ASKED, terms=terms)
    gate = Passed(passed=True, reasons=("the gain is above 0 points",))
    return Validation(
        ref="tiny@1.0.0", content_digest="ab" * 32, parent=None, simulated=True,
        summary=summarise(found, gate, simulated=True),
        student=StudentRecipe(name="small").model_dump(mode="json"), student_digest="cd" * 32,
        arms=(
            Trained(arm="version", rows=900, steps=400, seeds=(0, 1, 2), final_loss=0.5, converged=True),
            Trained(arm="untrained", rows=0, steps=0, seeds=(0,), final_loss=None, converged=None),
        ),
        standings=tuple(standing(outcomes, arm, ASKED, terms=terms) for arm in ("version", "answer_only")),
        differences=(found,), retention=(compare(outcomes, "version", "answer_only", GENERAL),), gate=gate,
        advice=(Advice(what="add problems", why="accuracy still rises <fast>"),),
        data_curve=(
            Point(at=0.0625, rows=60, mean=0.2, low=0.15, high=0.25),
            Point(at=0.25, rows=240, mean=0.5, low=0.4, high=0.6),
            Point(at=1.0, rows=900, mean=0.8, low=0.75, high=0.85),
        ),
        circumstances=Circumstances(
            batch_size=64, device="cpu", dtype="float32", torch="2.13", transformers="5.23", cotloom="0.1.0"
        ),
    )  # fmt: skip


class Page(HTMLParser):
    """The elements and texts of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def terminal(renderable) -> str:
    console = Console(file=StringIO(), width=200, highlight=False)
    console.print(renderable)
    return console.file.getvalue()


def test_a_validation_survives_being_written_and_read(validation):
    assert Validation.model_validate_json(validation.model_dump_json()) == validation
    assert Validation.model_validate(json.loads(validation.model_dump_json())) == validation


def test_a_sentence_holds_verdict_difference_interval_and_what_it_rests_on(validation):
    found = validation.differences[0]

    assert sentence(found) == (
        "On held_out (zero_shot_cot), the version did better than answers without reasoning: accuracy "
        f"{100 * found.difference:+.1f} points (95 % interval {100 * found.low:+.1f} to {100 * found.high:+.1f}); "
        "200 problems, 3 seeds."
    )


def test_a_sentence_about_nothing_found_says_what_would_have_been(validation):
    told = sentence(validation.retention[0])

    assert "can't be told apart" in told
    assert re.search(r"A true difference of \d+\.\d points would have been called in four of five cases", told)


def test_a_sentence_about_another_measure_does_not_speak_of_better():
    longer = table(rows_of("version", right(0.5), tokens=30), rows_of("answer_only", right(0.5), tokens=20))

    assert "the version had more than answers without reasoning: length of an answer +10.0 tokens" in sentence(
        compare(longer, "version", "answer_only", ASKED, measure="tokens")
    )


def test_the_markdown_page_says_all_there_is_and_that_it_is_simulated(validation):
    page = report(validation)

    for word in ("tiny@1.0.0", "Simulated", "## Comparisons", "## Accuracy", "## The gate", "add problems", "float32"):
        assert word in page
    assert "| held_out (zero_shot_cot) | the version |" in page
    assert "| the untrained student | 0 | 0 | 1 | unknown | unknown |" in page


def test_what_students_say_is_text_in_both_pages(validation, outcomes, tmp_path):
    paths = write_report(validation, outcomes, tmp_path, {"p_0000": "<script>question</script>"})
    markdown, html = (path.read_text() for path in paths)
    page = Page(html)

    assert [path.name for path in paths] == ["report.md", "report.html"]
    assert {tag for tag, _ in page.tags} & {"script", "img", "b", "link", "iframe"} == set()
    assert [name for _, attributes in page.tags for name in attributes if name.startswith("on")] == []
    assert any(HOSTILE in text for text in page.texts)
    assert "accuracy still rises <fast>" in " ".join(page.texts)
    outside = [line for line in markdown.splitlines() if not line.startswith("    ")]
    assert not any("<" in line or line.startswith(("```", "# Title")) for line in outside)


def test_the_page_needs_nothing_from_elsewhere(validation, outcomes, tmp_path):
    html = write_report(validation, outcomes, tmp_path)[1].read_text()
    links = re.findall(r"(?:src|href)=|url\(|@import", html.replace("src=x", ""))

    assert links == []
    assert "default-src 'none'" in html
    assert "Simulated" in html


def test_examples_are_a_right_and_a_wrong_answer_of_each_arm(outcomes):
    headings = [heading for heading, _ in examples_of(outcomes, ASKED, {})]

    assert [heading.split(" (")[0] for heading in headings] == [
        "the version, correct", "the version, wrong",
        "answers without reasoning, correct", "answers without reasoning, wrong",
    ]  # fmt: skip


def test_pictures_are_svg_whose_labels_fit():
    dots = [
        Dot(label="a" * 40 + "<&>", mean=0.5, low=0.4, high=0.6, strong=True),
        Dot(label="b", mean=1, low=0.9, high=1),
    ]
    for picture in (
        interval_plot("title & <more>", dots, chance=0.95),
        curve_plot("title", dots, below="a label that is longer than the two steps of the curve together"),
        curve_plot("A title that is longer than the curve", dots[1:], below="short"),
    ):
        root = ET.fromstring(picture)  # noqa: S314 - our own text
        width, height = float(root.get("width")), float(root.get("height"))
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            x, wide = float(text.get("x")), len(text.text) * {"title": 9}.get(text.get("class"), 6.9)
            left = x - {"start": 0, "middle": wide / 2, "end": wide}[text.get("text-anchor")]
            assert left >= 0, text.text
            assert left + wide <= width, text.text
            assert 0 < float(text.get("y")) < height
        for circle in root.iter("{http://www.w3.org/2000/svg}circle"):
            assert 0 < float(circle.get("cx")) < width
            assert 0 < float(circle.get("cy")) < height


def test_the_terminal_shows_accuracies_verdicts_gate_and_advice(validation):
    told = terminal(tell_validation(validation))

    for word in (
        "tiny@1.0.0",
        "Simulated",
        "answers without reasoning",
        "did better",
        "The gate is passed",
        "Next: add",
    ):
        assert word in told


def test_show_tells_of_the_validation_and_whether_it_still_holds(validation, quickstart, tmp_path):
    def shown(digest: str) -> str:
        written = validation.model_copy(update={"content_digest": digest, "summary": "All is \x1b[31mwell."})
        (tmp_path / "validation.json").write_text(written.model_dump_json())
        for name in ("problems", "samples", "examples"):
            (tmp_path / f"{name}.parquet").write_bytes((quickstart.path / f"{name}.parquet").read_bytes())
        return terminal(tell_version(Version(path=tmp_path, manifest=quickstart.manifest)))

    assert "What a student learnt" not in terminal(tell_version(quickstart))
    assert "All is \\x1b[31mwell." in shown(quickstart.manifest.content_digest)
    assert "validate it again" not in shown(quickstart.manifest.content_digest)
    assert "validate it again" in shown("00" * 32)


def test_show_gives_the_validation_as_json(run, quickstart):
    assert run("show", quickstart.path, "--json").json["validation"] == {}


def test_a_summary_is_one_line(validation):
    assert "\n" not in validation.summary
    assert validation.summary.startswith("The version did better than answers without reasoning on held_out")
    assert validation.summary.endswith("The gate is passed. Simulated.")
