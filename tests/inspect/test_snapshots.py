"""What `show` and `explain` print, compared exactly with the texts in `snapshots/`.

After a change that is meant: UPDATE_SNAPSHOTS=1 pytest tests/inspect/test_snapshots.py, then read the diff.
"""

import os
import re
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from cotloom.builder.inspect import explain
from cotloom.builder.inspect.explanation import render_explanation
from cotloom.builder.inspect.listing import render_list
from cotloom.builder.inspect.render import render_version
from cotloom.builder.store import Version

SNAPSHOTS = Path(__file__).parent / "snapshots"


def render(renderable, **options) -> str:
    console = Console(file=StringIO(), width=120, highlight=False, **options)
    console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def compare(text: str, name: str) -> None:
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text)
    assert text == path.read_text()


def select_sample(version: Version, fate: str, reason: str | None) -> str:
    """The sample with the lowest id that was kept, or dropped for a reason."""
    samples = version.read_table("samples").filter(pl.col("fate") == fate, pl.col("reason").eq_missing(reason))
    return samples["sample_id"].sort()[0]


def test_show(quickstart):
    text = render(render_version(quickstart)).replace(str(quickstart.path), "FOLDER")
    compare(re.sub(r"; \d+\.\d s$", "; 1.5 s", text, flags=re.MULTILINE), "show")


def test_list(quickstart):
    compare(re.sub(r"\d{4}-\d\d-\d\d", "2026-01-31", render(render_list([quickstart]))), "list")


@pytest.mark.parametrize(
    ("fate", "reason"),
    [("kept", None), ("dropped", "wrong_step"), ("dropped", "no_answer"), ("dropped", "path_duplicate")],
)
def test_explain_a_sample(quickstart, fate, reason):
    sample = select_sample(quickstart, fate, reason)
    compare(render(render_explanation(explain(quickstart, sample))), f"explain_{reason or fate}")


@pytest.mark.parametrize("table", ["problem", "example"])
def test_explain_a_problem_and_an_example(quickstart, table):
    row = quickstart.read_table(f"{table}s")[f"{table}_id"].sort()[0]
    compare(render(render_explanation(explain(quickstart, row))), f"explain_{table}")


def test_a_wrong_step_is_marked_red_and_the_answer_green(quickstart):
    sample = select_sample(quickstart, "dropped", "wrong_step")
    explanation = explain(quickstart, sample)
    text, row = (
        render(render_explanation(explanation), force_terminal=True, color_system="standard"),
        explanation["sample"],
    )
    step = next(step for step in row["steps"] if step["outcome"] == "wrong")

    assert f"\x1b[31m{row['text'][step['start'] : step['end']]}\x1b[0m" in text
    assert f"\x1b[1;32m{row['text'][row['span']['start'] : row['span']['end']]}\x1b[0m" in text
