"""The report: what came out of a validation, as a page to read, a page to look at, and lines for the terminal.

Law 7: what students said is data. In Markdown it stands in blocks of code, in HTML every text is escaped, and the page
loads and runs nothing.
"""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import polars as pl
from cotloom.builder.student.report.page import Answers, page
from cotloom.builder.student.report.sentences import (
    SIMULATED,
    Rows,
    arm_words,
    arms_table,
    circumstances,
    gate_words,
    sentence,
    standings_table,
    summarise,
)
from cotloom.schemas.validation import Asked, Validation
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["examples_of", "report", "summarise", "tell_validation", "write_report"]

_SHOWN = 1500
"""Characters of an answer that is shown as an example."""


def report(validation: Validation, answers: Answers = ()) -> str:
    """Write the report as a Markdown page.

    Args:
        validation: what came out.
        answers: example answers; they are shown as text, whatever is in them.
    """
    parts = [
        f"# What a student learnt from {_plain(validation.ref)}",
        f"**{SIMULATED}**" if validation.simulated else "",
        _plain(validation.summary),
        _section("Comparisons", _bullets(map(sentence, validation.differences))),
        _section("Accuracy", _table(standings_table(validation.standings))),
        _section("What should be kept", _bullets(map(sentence, validation.retention))),
        _section("The gate", _bullets([gate_words(validation.gate), *validation.gate.reasons])),
        _section("What would help next", _bullets(f"{advice.what}: {advice.why}" for advice in validation.advice)),
        _section("Training", _table(arms_table(validation))),
        _section("Circumstances", _table([("what", "value"), *circumstances(validation)])),
        _section("Some answers", "\n\n".join(f"{_plain(heading)}\n\n{_code(text)}" for heading, text in answers)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_report(
    validation: Validation, outcomes: pl.DataFrame, folder: Path, questions: Mapping[str, str] | None = None
) -> list[Path]:
    """Write `report.md` and `report.html` into a folder.

    Args:
        validation: what came out.
        outcomes: rows of `Outcome`, for example answers.
        folder: where to write.
        questions: the question of each problem by its id, where they should be shown.

    Returns:
        The files.
    """
    answers = examples_of(outcomes, validation.differences[0].asked, questions or {}) if validation.differences else []
    written = {folder / "report.md": report(validation, answers), folder / "report.html": page(validation, answers)}
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    return list(written)


def examples_of(outcomes: pl.DataFrame, asked: Asked, questions: Mapping[str, str]) -> list[tuple[str, str]]:
    """Take a right and a wrong answer of each arm's first student, of the problem with the lowest id.

    Args:
        outcomes: rows of `Outcome`.
        asked: the way of asking.
        questions: the question of each problem by its id.

    Returns:
        A heading, and what the student said, shortened.
    """
    at = outcomes.filter(set=asked.set, format=asked.format, decoding=str(asked.decoding))
    first = at.sort("seed", "problem_id").group_by("arm", "correct", maintain_order=True).first()
    rows = first.sort(pl.col("arm") != "version", "arm", ~pl.col("correct")).iter_rows(named=True)
    return [
        (
            f"{arm_words(row['arm'])}, {row['verdict']} (read: {row['predicted']}), {row['problem_id']}",
            "\n\n".join(filter(None, [questions.get(row["problem_id"]), _short(row["text"])])),
        )
        for row in rows
    ]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def tell_validation(validation: Validation) -> RenderableType:
    """What came out, for the terminal."""
    rows: Rows = standings_table(validation.standings)
    table = Table(*rows[0], box=None, header_style="bold", pad_edge=False)
    for row in rows[1:]:
        table.add_row(*map(Text, row))
    simulated = [Text(SIMULATED, style="yellow")] if validation.simulated else []
    told = [*map(sentence, validation.differences), *map(sentence, validation.retention)]
    gate = [f"{gate_words(validation.gate)}.", *validation.gate.reasons]
    advice = [f"Next: {advice.what} ({advice.why})" for advice in validation.advice]
    lines = [Text(line) for line in (*told, *gate, *advice)]
    return Group(Text(validation.ref, style="bold"), *simulated, table, Text(), *lines)


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _table(rows: Rows) -> str:
    head, *body = [[_plain(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body))


def _plain(text: str) -> str:
    """One line of Markdown without markup in it: names and figures, never longer texts."""
    return escape(" ".join(text.split()), quote=False).replace("|", "\\|").replace("`", "'")


def _code(text: str) -> str:
    """A block of code by indentation, which no text can close."""
    return "\n".join(f"    {line}" for line in text.splitlines())
