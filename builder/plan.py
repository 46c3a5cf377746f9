"""What a build would do, before it does anything: problems, calls, and one of each thing that would be written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from cotloom.builder import format as formats
from cotloom.builder import sources, teacher, verify
from cotloom.builder.inspect.render import clean
from cotloom.builder.pipeline import asked_of, check_recipe
from cotloom.builder.recipe import LoadedRecipe
from cotloom.builder.teacher import Foreseen
from cotloom.schemas.example import Example, Message
from cotloom.schemas.frames import from_frame, to_frame
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Fate, Verdict
from cotloom.schemas.runtime import Runtime
from cotloom.schemas.sample import Sample, Span
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

SHOWN = 40
"""So many problems are enough to make one example of each format, demonstrations too."""

_REASONING = "(the teacher's reasoning)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a build would do."""

    problems: dict[str, int]
    """Kept problems by source."""
    dropped: int
    """Problems that would be dropped before anybody is asked."""
    teacher: Foreseen
    """What the teacher would be asked."""
    messages: tuple[Message, ...]
    """One rendered request."""
    examples: list[Example]
    """One example of each format, with stand-ins for the reasoning."""


def plan(loaded: LoadedRecipe, runtime: Runtime) -> Plan:
    """Say what a build would do. Nobody is asked, and nothing is written but an empty ledger.

    Args:
        loaded: the recipe.
        runtime: how to build.

    Raises:
        InputError: recipe or data are wrong.
    """
    check_recipe(loaded.recipe)
    problems = sources.load_problems(loaded, verify.readable).frame
    kept = problems.filter(pl.col("fate") == Fate.KEPT)
    with teacher.open_ledger(runtime.store / "ledger.sqlite") as ledger:
        foreseen = teacher.foresee(loaded, asked_of(loaded.recipe, problems), ledger, runtime)
    return Plan(
        problems=dict(kept.group_by("source", maintain_order=True).len().iter_rows()),
        dropped=problems.height - kept.height,
        teacher=foreseen,
        messages=foreseen.request.messages if foreseen.request else (),
        examples=_examples(loaded, asked_of(loaded.recipe, kept)),
    )


def _examples(loaded: LoadedRecipe, problems: pl.DataFrame) -> list[Example]:
    """One example of each format, made from the gold answers."""
    some = problems.head(SHOWN)
    samples = to_frame((_stand_in(problem) for problem in from_frame(some, Problem)), Sample)
    written = formats.format_examples(some, samples, loaded.recipe.formats, loaded.recipe.seed)
    first = written.filter(pl.col("fate") == Fate.KEPT).unique("format", keep="first", maintain_order=True)
    return list(from_frame(first, Example))


def _stand_in(problem: Problem) -> Sample:
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


def tell_plan(plan: Plan, *, show: bool) -> RenderableType:
    """A plan for a person to read; with `show`, one request and one example of each format too."""
    return Group(*_told(plan), *(_shown(plan) if show else []))


def _told(plan: Plan) -> Iterator[Text]:
    told = ", ".join(f"{count:,} of {clean(source)}" for source, count in plan.problems.items())
    yield Text(f"problems   {told}" + (f"; {plan.dropped:,} dropped before" if plan.dropped else ""))
    foreseen = plan.teacher
    yield Text(f"answers    first round: {foreseen.new:,} new, {foreseen.ledger:,} in the ledger")
    more = foreseen.most - foreseen.new - foreseen.ledger
    if more > 0:
        yield Text(f"           later rounds and hints, which depend on verdicts: up to {more:,} more")
    if foreseen.calls > 1:
        yield Text(f"calls      {foreseen.calls} for each answer")
    costs = foreseen.paid and foreseen.most > foreseen.ledger
    yield Text(f"cost       {'unknown: no prices are given' if costs else 'nothing: nobody is paid for an answer'}")


def _shown(plan: Plan) -> Iterator[RenderableType]:
    yield Text()
    yield Text("One request", style="bold")
    yield from _chat(plan.messages)
    for example in plan.examples:
        yield Text()
        yield Text(f"One example: {example.format}", style="bold")
        yield from _chat(example.messages)


def _chat(messages: Sequence[Message]) -> Iterator[RenderableType]:
    for message in messages:
        yield Text(f"{message.role.value}:")
        yield Padding(Text(clean(message.content)), (0, 0, 0, 2), expand=False)
