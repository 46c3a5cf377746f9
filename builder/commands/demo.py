"""`cotloom demo`: the whole line in a minute, on problems and rationales that a program makes. No key, no network."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..terminal import print_json, print_text
from . import options as opt
from .run import show_progress_on_stderr

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ...schemas.runtime import Runtime
    from ..pipeline import Built
    from ..store import Version

RECIPE = "quickstart"
"""The packaged recipe that is built."""

CHANGE = "select.keep=1"
"""What is changed for the second version."""

WORDS: Mapping[str, str] = {
    "wrong_step": "RIGHT answer, WRONG step: a check of answers alone keeps these",
    "wrong": "wrong answer",
    "no_answer": "no answer that can be read",
    "truncated": "cut off by the token limit",
    "hint_parroted": "hands the hint back in place of a reason",
    "exact_duplicate": "says the same as another, word by word",
    "path_duplicate": "calculates the same as another in other words",
    "near_duplicate": "says nearly the same as another",
    "beyond_keep": "one path too many for its problem",
}
"""What the reasons of dropped samples mean, for somebody who reads them for the first time."""

OWN_DATA = (
    ("cotloom audit yours.jsonl", "what is wrong with a dataset that you have"),
    ("cotloom init --from yours.jsonl", "a recipe for your problems"),
    (f"cotloom review {RECIPE}", "read the doubtful rows, with single keys"),
)
"""The commands for somebody's own data."""


def show_demo(progress: opt.ProgressStyle = "auto", store: opt.Store = opt.STORE, as_json: opt.Json = False) -> None:
    """Show in a minute what Cotloom does: build, find a wrong step, change a key, and see what that changed.

    It needs no key and no network; the rationales are simulated.
    """
    from ...schemas.runtime import Runtime
    from ..diff import compare_versions, describe_diff, make_advice, render_diff
    from ..report.console import make_console
    from .output import describe_builds

    runtime = Runtime(store=store)
    with show_progress_on_stderr(progress):
        first = _build(runtime, ())
    if not as_json:
        for part in _render_first(first):
            make_console().print(part)
    with show_progress_on_stderr(progress):
        second = _build(runtime, (CHANGE, "version=1.0.1", "parent=1.0.0"))
        diff = compare_versions(first.version, second.version)
    advice = make_advice(diff)
    if as_json:
        print_json({**describe_builds([first, second]), "diff": describe_diff(diff, advice, {})})
        return
    print_text(f"\n2. One key changed, {CHANGE}: {second.version.ref}, {_format_calls(second)}.")
    print_text("\n3. What that changed, and why:\n")
    make_console().print(render_diff(diff, advice, {}))
    print_text("\nNow with your own data:")
    for command, purpose in OWN_DATA:
        print_text(f"  {command:<34}{purpose}")


def _build(runtime: "Runtime", changes: tuple[str, ...]) -> "Built":
    from ..pipeline import build
    from ..recipe import load_recipe

    return build(load_recipe(RECIPE, changes), runtime)


def _format_calls(built: "Built") -> str:
    """Say what a build asked the teacher for."""
    from ..costs import describe_cost

    if built.status == "unchanged":
        return "built before: nothing to do"
    cost = describe_cost(built.calls.cost)
    return f"{built.calls.new:,} new answers, {cost} ({built.calls.ledger:,} known from the ledger)"


def _render_first(built: "Built") -> "Iterator[RenderableType]":
    """Render the first version: the funnel in words, and a wrong step under a right answer."""
    from ..report.rationales import render_step
    from ..report.tables import indent, make_line, make_table

    counts = built.version.manifest.counts
    yield make_line(f"1. {built.version.ref} from the recipe {RECIPE}: {_format_calls(built)}.", style="bold")
    yield make_line("   Its teacher is simulated: a program wrote the rationales.", style="yellow")
    yield make_line(f"\n{counts['samples']:,} solutions to {counts['problems']:,} problems, of which")
    rows = [
        (f"{row.dropped:,}", WORDS.get(str(row.reason), str(row.reason)))
        for row in built.version.manifest.funnel
        if row.unit == "sample" and row.reason is not None
    ]
    kept = (f"{counts['samples_kept']:,}", "are kept: right, and each on its own path")
    yield make_table(("rows", ""), [kept, *rows], "r")
    shown = _find_wrong_step(built.version)
    if shown is not None:
        yield make_line("\nOne with a right answer and a wrong step:")
        yield indent(shown["question"], "italic")
        yield indent(shown["text"])
        for step in shown["steps"]:
            if step["outcome"] == "wrong":
                yield render_step(step)
        yield make_line(f"cotloom explain {built.version.ref} {shown['sample_id']}", style="dim")


def _find_wrong_step(version: "Version") -> dict[str, Any] | None:
    """Find the shortest sample with a right answer and a wrong step; None where there is none."""
    import polars as pl

    columns = ("sample_id", "problem_id", "text", "steps", "reason")
    samples = version.read_table("samples", columns).filter(pl.col("reason") == "wrong_step")
    if not samples.height:
        return None
    shortest = samples.sort(pl.col("text").str.len_chars(), "sample_id").head(1)
    problems = version.read_table("problems", ("problem_id", "question")).unique("problem_id")
    return shortest.join(problems, on="problem_id", how="left").to_dicts()[0]
