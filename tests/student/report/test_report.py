import json
import re
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from cotloom.builder.inspect.render import render_version
from cotloom.builder.store import Version
from cotloom.builder.student.report.report import (
    render_html,
    render_markdown,
    render_validation,
    select_answers,
    write_report,
)
from cotloom.builder.student.report.sentences import describe_difference, explain_gate, summarise
from cotloom.builder.student.statistics.compare import ComparisonTerms, compare_conditions, compute_score
from cotloom.builder.student.statistics.gate import apply_gate
from cotloom.schemas.outcome import SetKind
from cotloom.schemas.student import Gate, StudentRecipe
from cotloom.schemas.validation import (
    Advice,
    CurvePoint,
    EvalEnvironment,
    EvalSetting,
    GateResult,
    TrainingRun,
    Validation,
)
from tests.student.synthetic_outcomes import SETTING, make_outcome_table, make_outcomes, repeat_correct, sample_correct

HOSTILE = "</pre><script>alert(1)</script> 2 + 2 = 4\n```\n# Title\n<img src=x onerror=alert(1)> The answer is 4."
GENERAL = EvalSetting(set="general", format="as_is")


@pytest.fixture(scope="module")
def outcomes():
    general = {"set": "general", "kind": SetKind.GENERAL, "format": "as_is"}
    return make_outcome_table(
        make_outcomes("version", sample_correct(0.8), text=HOSTILE, predicted="<b>4</b>"),
        make_outcomes("answer_only", sample_correct(0.3, seed=1), text="The answer is 5.", predicted="5"),
        make_outcomes("version", repeat_correct(0.5), **general),
        make_outcomes("answer_only", repeat_correct(0.5), **general),
    )


@pytest.fixture(scope="module")
def validation(outcomes) -> Validation:
    terms = ComparisonTerms(chance=0.1)
    found = compare_conditions(outcomes, "version", "answer_only", SETTING, terms=terms)
    gate = GateResult(passed=True, reasons=("the gain is above 0 points",))
    return Validation(
        ref="tiny@1.0.0", content_digest="ab" * 32, parent=None, simulated=True,
        summary=summarise(found, gate, simulated=True),
        student=StudentRecipe(name="small").model_dump(mode="json"), student_digest="cd" * 32,
        training_runs=(
            TrainingRun(condition="version", rows=900, steps=400, seeds=(0, 1, 2), final_loss=0.5, converged=True),
            TrainingRun(condition="untrained", rows=0, steps=0, seeds=(0,), final_loss=None, converged=None),
        ),
        scores=tuple(compute_score(outcomes, arm, SETTING, terms=terms) for arm in ("version", "answer_only")),
        differences=(found,), retention=(compare_conditions(outcomes, "version", "answer_only", GENERAL),), gate=gate,
        advice=(Advice(what="add problems", why="accuracy still rises <fast>"),),
        data_curve=(
            CurvePoint(at=0.0625, rows=60, mean=0.2, low=0.15, high=0.25),
            CurvePoint(at=0.25, rows=240, mean=0.5, low=0.4, high=0.6),
            CurvePoint(at=1.0, rows=900, mean=0.8, low=0.75, high=0.85),
        ),
        environment=EvalEnvironment(
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

    assert describe_difference(found) == (
        "On held_out (zero_shot_cot), the version did better than answers without reasoning: accuracy "
        f"{100 * found.difference:+.1f} points (95 % interval {100 * found.low:+.1f} to {100 * found.high:+.1f}); "
        "200 problems, 3 seeds."
    )


def test_a_sentence_about_nothing_found_says_what_would_have_been(validation):
    told = describe_difference(validation.retention[0])

    assert "are not distinguishable" in told
    assert re.search(r"A true difference of \d+\.\d points would be detected with 80 % power", told)


def test_a_sentence_about_another_measure_does_not_speak_of_better():
    longer = make_outcome_table(
        make_outcomes("version", sample_correct(0.5), tokens=30),
        make_outcomes("answer_only", sample_correct(0.5), tokens=20),
    )

    assert (
        "the version had more than answers without reasoning: length of an answer +10.0 tokens"
        in describe_difference(compare_conditions(longer, "version", "answer_only", SETTING, measure="tokens"))
    )


def test_the_markdown_page_says_all_there_is_and_that_it_is_simulated(validation):
    page = render_markdown(validation)

    for word in ("tiny@1.0.0", "Simulated", "## Comparisons", "## Accuracy", "## Gate", "Add problems", "float32"):
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
    rendered = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))
    assert {tag for tag, _ in rendered.tags} & {"script", "img", "b"} == set()
    assert any(HOSTILE in text for text in rendered.texts)
    assert len([tag for tag, _ in rendered.tags if tag == "h1"]) == 1


def test_the_page_needs_nothing_from_elsewhere(validation, outcomes, tmp_path):
    html = write_report(validation, outcomes, tmp_path)[1].read_text()
    links = re.findall(r"(?:src|href)=|url\(|@import", html.replace("src=x", ""))

    assert links == []
    assert "default-src 'none'" in html
    assert "Simulated" in html


def test_examples_are_a_right_and_a_wrong_answer_of_each_arm(outcomes):
    headings = [heading for heading, _ in select_answers(outcomes, SETTING, {})]

    assert [heading.split(" (")[0] for heading in headings] == [
        "the version, correct", "the version, wrong",
        "answers without reasoning, correct", "answers without reasoning, wrong",
    ]  # fmt: skip


def test_the_page_shows_the_accuracies_and_the_learning_curve_as_images(validation):
    figures = re.findall(r"<svg.*?</svg>", render_html(validation), re.DOTALL)
    titles = [ET.fromstring(figure).find("{http://www.w3.org/2000/svg}title").text for figure in figures]  # noqa: S314

    assert titles == ["Accuracy of students, with 95 % intervals", "Accuracy by share of the problems"]
    assert "held_out (zero_shot_cot) (chance 10.0%)" in figures[0]
    assert "1/16 (60 rows)" in figures[1]
    assert all("the version" in figure for figure in figures[:1])


def lose(against: str, share: float):
    """A comparison of general ability in which the version loses a share of the problems."""
    general = {"set": "general", "kind": SetKind.GENERAL, "format": "as_is"}
    rows = make_outcome_table(
        make_outcomes("version", repeat_correct(0.9 - share), **general),
        make_outcomes(against, repeat_correct(0.9), **general),
    )
    return compare_conditions(rows, "version", against, GENERAL)


def test_a_loss_that_the_gate_does_not_compare_is_explained_beside_a_passed_gate(validation):
    lost = lose("untrained", 0.677)
    result = apply_gate(Gate(), validation.differences, [lost])
    lines = list(explain_gate(validation.model_copy(update={"gate": result, "retention": (lost,)})))

    assert result.passed is True
    assert lines[0] == "The gate is passed."
    assert re.fullmatch(
        r"General against the untrained student: -\d+\.\d points \(95 % interval -\d+\.\d to -\d+\.\d\)\. This "
        r"comparison is not part of the gate, which compares the version with answers without reasoning and with its "
        r"parent version, if it has one\.",
        lines[-1],
    )


def test_a_loss_that_is_not_certain_is_explained_beside_a_passed_gate(validation):
    lost = lose("answer_only", 0.06)
    result = apply_gate(Gate(), validation.differences, [lost])
    lines = list(explain_gate(validation.model_copy(update={"gate": result, "retention": (lost,)})))

    assert (result.passed, lost.difference < -0.05) == (True, True)
    assert "does not count this loss, because the interval includes losses of at most 5 points" in lines[-1]


def test_a_loss_that_fails_the_gate_is_told_once(validation):
    lost = lose("answer_only", 0.5)
    result = apply_gate(Gate(), validation.differences, [lost])
    lines = list(explain_gate(validation.model_copy(update={"gate": result, "retention": (lost,)})))

    assert lines[0] == "The gate is not passed."
    assert [line.lower() for line in lines[1:]] == [f"{reason}.".lower() for reason in result.reasons]


def test_the_terminal_shows_accuracies_verdicts_gate_and_advice(validation):
    told = terminal(render_validation(validation))

    for word in (
        "tiny@1.0.0",
        "Simulated",
        "answers without reasoning",
        "did better",
        "The gate is passed",
        "Next: Add",
    ):
        assert word in told


def test_show_tells_of_the_validation_and_whether_it_still_holds(validation, quickstart, tmp_path):
    def shown(digest: str) -> str:
        written = validation.model_copy(update={"content_digest": digest, "summary": "All is \x1b[31mwell."})
        (tmp_path / "validation.json").write_text(written.model_dump_json())
        for name in ("problems", "samples", "examples"):
            (tmp_path / f"{name}.parquet").write_bytes((quickstart.path / f"{name}.parquet").read_bytes())
        return terminal(render_version(Version(path=tmp_path, manifest=quickstart.manifest)))

    assert "Validation" not in terminal(render_version(quickstart))
    assert "All is \\x1b[31mwell." in shown(quickstart.manifest.content_digest)
    assert "validate the version again" not in shown(quickstart.manifest.content_digest)
    assert "validate the version again" in shown("00" * 32)


def test_show_gives_the_validation_as_json(run, quickstart):
    assert run("show", quickstart.path, "--json").json["validation"] == {}


def test_a_summary_is_one_line(validation):
    assert "\n" not in validation.summary
    assert validation.summary.startswith("The version did better than answers without reasoning on held_out")
    assert validation.summary.endswith("The gate is passed. Simulated.")
