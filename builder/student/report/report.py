"""The report of a validation: `report.md`, `report.html`, and lines for the terminal.

Law 7: answers of students are data. The templates escape every value; in Markdown an answer stands in a fence that it
can't end. The page loads and runs nothing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.text import Text

from ....schemas.validation import EvalSetting, Validation
from ...report.markdown import format_fence
from ...report.pages import render_page
from ...report.sentences import SIMULATED_STUDENT, describe_condition
from ...report.tables import make_line, make_table
from .figures import draw_accuracies, draw_learning_curve
from .sentences import (
    describe_advice,
    describe_difference,
    describe_left_out,
    explain_gate,
    tabulate_environment,
    tabulate_scores,
    tabulate_sets,
    tabulate_training,
)

Answers = Sequence[tuple[str, str]]
"""Example answers: a heading, and the answer of a student."""

_TEMPLATES = Path(__file__).parent
_SHOWN = 1500
"""Characters of an answer that is shown as an example."""


def render_markdown(validation: Validation, answers: Answers = ()) -> str:
    """Write the report as Markdown.

    Args:
        validation: what to report.
        answers: example answers, of any text.
    """
    blocks = [(heading, Markup("\n".join(format_fence(text)))) for heading, text in answers]  # noqa: S704 - fenced
    return render_page(_TEMPLATES / "report.md.j2", **_collect_values(validation), answers=blocks)


def render_html(validation: Validation, answers: Answers = ()) -> str:
    """Write the report as an HTML page.

    Args:
        validation: what to report.
        answers: example answers, of any text.
    """
    figures = [
        draw_accuracies(validation),
        draw_learning_curve(validation.data_curve, "share of the problems"),
        draw_learning_curve(validation.path_curve, "maximum number of paths per problem"),
    ]
    svgs = [Markup(figure) for figure in figures if figure is not None]  # noqa: S704 - `charts` escapes every text
    return render_page(_TEMPLATES / "report.html.j2", **_collect_values(validation), figures=svgs, answers=answers)


def _collect_values(validation: Validation) -> dict[str, Any]:
    """Everything that both templates name, as texts."""
    return {
        "title": f"Validation of {validation.ref}",
        "simulated": SIMULATED_STUDENT if validation.simulated else "",
        "summary": validation.summary,
        "differences": list(map(describe_difference, validation.differences)),
        "sets": tabulate_sets(validation) if validation.sets else [],
        "scores": tabulate_scores(validation.scores),
        "retention": list(map(describe_difference, validation.retention)),
        "gate": list(explain_gate(validation)),
        "advice": [describe_advice(advice) for advice in validation.advice],
        "training": tabulate_training(validation),
        "environment": tabulate_environment(validation),
    }


def write_report(
    validation: Validation, outcomes: pl.DataFrame, folder: Path, questions: Mapping[str, str] | None = None
) -> list[Path]:
    """Write `report.md` and `report.html` into a folder.

    Args:
        validation: what to report.
        outcomes: rows of `Outcome`, for example answers.
        folder: where to write.
        questions: the question of each problem by its id, where it should be shown.

    Returns:
        The files.
    """
    first = next(iter(validation.differences), None)
    answers = select_answers(outcomes, first.setting, questions or {}) if first else []
    pages = {
        folder / "report.md": render_markdown(validation, answers),
        folder / "report.html": render_html(validation, answers),
    }
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    return list(pages)


def select_answers(outcomes: pl.DataFrame, setting: EvalSetting, questions: Mapping[str, str]) -> list[tuple[str, str]]:
    """Select a correct and a wrong answer of each condition: of the first seed, and the problem with the lowest id.

    Args:
        outcomes: rows of `Outcome`.
        setting: the evaluation setting.
        questions: the question of each problem by its id.

    Returns:
        A heading, and the question with the answer, cut to a readable length.
    """
    rows = outcomes.filter(set=setting.set, format=setting.format, decoding=str(setting.decoding))
    first = rows.sort("seed", "problem_id").group_by("condition", "correct", maintain_order=True).first()
    ordered = first.sort(pl.col("condition") != "version", "condition", ~pl.col("correct"))
    return [_format_answer(row, questions) for row in ordered.iter_rows(named=True)]


def _format_answer(row: Mapping[str, Any], questions: Mapping[str, str]) -> tuple[str, str]:
    text = str(row["text"])
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."
    heading = f"{describe_condition(row['condition'])}, {row['verdict']} (answer: {row['predicted']})"
    return f"{heading}, {row['problem_id']}", "\n\n".join(filter(None, [questions.get(row["problem_id"]), shown]))


def render_validation(validation: Validation) -> RenderableType:
    """Render a validation for the terminal.

    Args:
        validation: what to report.
    """
    head, *rows = tabulate_scores(validation.scores)
    simulated = [make_line(SIMULATED_STUDENT, style="yellow")] if validation.simulated else []
    lines = [
        *map(describe_difference, (*validation.differences, *validation.retention)),
        *describe_left_out(validation),
        *explain_gate(validation),
        *(f"Next: {describe_advice(advice)}" for advice in validation.advice),
    ]
    table = make_table(head, rows)
    return Group(make_line(validation.ref, style="bold"), *simulated, table, Text(), *map(make_line, lines))
