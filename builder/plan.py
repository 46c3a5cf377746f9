"""The plan of a build: problems, estimated calls, one rendered request and one example of each format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from rich.console import Group, RenderableType
from rich.text import Text

from ..schemas.example import Example, Message
from ..schemas.frames import from_frame, to_frame
from ..schemas.problem import Problem
from ..schemas.reasons import Fate, Verdict
from ..schemas.runtime import Runtime
from ..schemas.sample import Sample, Span
from . import format as formats
from . import sources, teacher, verify
from .access import RecipeAccess, find_access, render_access
from .passes.flow import make_unmatched_error
from .passes.languages import count_languages, describe_language_gaps
from .passes.problems import write_aliases
from .pipeline import check_recipe, select_sampled_problems
from .progress import warn_all
from .recipe import LoadedRecipe
from .report.tables import indent, make_line
from .store.pieces import iterate_pieces
from .teacher import CallEstimate

SHOWN = 40
"""How many problems are formatted to show one example of each format, with demonstrations."""

_REASONING = "(the teacher's reasoning)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a build would do."""

    problems: dict[str, int]
    """Kept problems by source."""
    dropped: int
    """Problems that would be dropped before sampling."""
    teacher: CallEstimate
    """How many answers would be requested."""
    messages: tuple[Message, ...]
    """One rendered request."""
    examples: list[Example]
    """One example of each format, with a placeholder for the reasoning."""
    access: RecipeAccess
    """The files and environment variables that the recipe reads, and where requests and the key go."""


def plan_build(loaded: LoadedRecipe, runtime: Runtime) -> Plan:
    """Plan a build. No request is sent, and nothing is written but an empty ledger.

    Args:
        loaded: the recipe.
        runtime: how to build.

    Raises:
        InputError: recipe or data are wrong.
    """
    check_recipe(loaded.recipe)
    access = find_access(loaded, runtime)
    found = sources.load_problems(loaded, verify.IS_READABLE, runtime=runtime)
    problems = found.frame
    kept = problems.filter(pl.col("fate") == Fate.KEPT)
    warn_all(describe_language_gaps(loaded.recipe, count_languages(problems, loaded.recipe, "sample")))
    estimate = _estimate_calls(loaded, runtime, found, select_sampled_problems(loaded.recipe, problems))
    return Plan(
        problems=dict(kept.group_by("source", maintain_order=True).len().iter_rows()),
        dropped=problems.height - kept.height,
        teacher=estimate,
        messages=estimate.request.messages if estimate.request else (),
        examples=_make_examples(loaded, select_sampled_problems(loaded.recipe, kept)),
        access=access,
    )


def _estimate_calls(
    loaded: LoadedRecipe, runtime: Runtime, found: sources.Problems, asked: pl.DataFrame
) -> CallEstimate:
    """Estimate the calls of a build; recorded answers cost none and are counted."""
    if loaded.recipe.teacher.backend != "recorded":
        with teacher.open_ledger(runtime.store / "ledger.sqlite") as ledger:
            return teacher.estimate_calls(loaded, asked, ledger, runtime)
    names = [source.name for source in loaded.recipe.sources if source.role == "sample"]
    with TemporaryDirectory(prefix="cotloom-") as folder:
        aliases = write_aliases(found.pieces, names, Path(folder) / "aliases.arrow")
        read = teacher.read_answers(loaded, Path(folder), aliases, runtime)
        known = asked.filter(pl.col("fate") == Fate.KEPT).select("problem_id").unique()
        parts = iterate_pieces(read.pieces, ("problem_id",))
        count = sum(part.join(known, on="problem_id", how="semi").height for part in parts)
    if count == 0:
        raise make_unmatched_error(loaded, read.rows)
    return CallEstimate(problems=known.height, new=0, ledger=count, most=count, calls=1, paid=False, request=None)


def _make_examples(loaded: LoadedRecipe, problems: pl.DataFrame) -> list[Example]:
    """Make one example of each format from the gold answers."""
    shown = problems.head(SHOWN)
    samples = to_frame((_make_stand_in(problem) for problem in from_frame(shown, Problem)), Sample)
    formatted = formats.format_examples(shown, samples, loaded.recipe.formats, loaded.recipe.seed)
    first = formatted.filter(pl.col("fate") == Fate.KEPT).unique("format", keep="first", maintain_order=True)
    return list(from_frame(first, Example))


def _make_stand_in(problem: Problem) -> Sample:
    answer = problem.answer or ""
    text = f"{_REASONING}\nThe answer is {answer}."
    start = len(text) - len(answer) - 1
    return Sample(
        sample_id=f"s_{problem.problem_id[2:]}",
        problem_id=problem.problem_id,
        teacher="",
        text=text,
        span=Span(start=start, end=start + len(answer)),
        verdict=Verdict.CORRECT,
    )


def render_plan(plan: Plan, *, show: bool) -> RenderableType:
    """Render a plan; with `show`, one request and one example of each format too."""
    return Group(*_render_summary(plan), *(_render_examples(plan) if show else []))


def _render_summary(plan: Plan) -> Iterator[Text]:
    counts = ", ".join(f"{count:,} of {source}" for source, count in plan.problems.items())
    yield make_line(f"problems   {counts}" + (f"; {plan.dropped:,} dropped before" if plan.dropped else ""))
    estimate = plan.teacher
    yield make_line(f"answers    first round: {estimate.new:,} new, {estimate.ledger:,} in the ledger")
    more = estimate.most - estimate.new - estimate.ledger
    if more > 0:
        yield make_line(f"           later rounds and hints (they depend on verdicts): up to {more:,} more")
    if estimate.calls > 1:
        yield make_line(f"calls      {estimate.calls} for each answer")
    costs = estimate.paid and estimate.most > estimate.ledger
    yield make_line(f"cost       {'unknown: no prices are given' if costs else 'none: this teacher costs nothing'}")
    yield from map(make_line, render_access(plan.access))


def _render_examples(plan: Plan) -> Iterator[RenderableType]:
    yield Text()
    yield make_line("One request", style="bold")
    yield from _render_chat(plan.messages)
    for example in plan.examples:
        yield Text()
        yield make_line(f"One example: {example.format}", style="bold")
        yield from _render_chat(example.messages)


def _render_chat(messages: Sequence[Message]) -> Iterator[RenderableType]:
    for message in messages:
        yield make_line(f"{message.role.value}:")
        yield indent(message.content)
