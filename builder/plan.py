"""The plan of a build: problems, estimated calls, one problem, one rendered request and one example of each format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from rich.console import Group, RenderableType
from rich.text import Text

from ..schemas.example import Example, Message
from ..schemas.frames import from_frame, to_frame
from ..schemas.manifest import InferredType, describe_inferred
from ..schemas.problem import Problem
from ..schemas.reasons import ORDER, Fate, Reason, Stage, Unit, Verdict
from ..schemas.recipe import Lengths, Recipe
from ..schemas.runtime import Runtime
from ..schemas.sample import Consensus, Sample, Span
from . import format as formats
from . import sources, teacher, verify
from .access import RecipeAccess, find_access, render_access
from .costs import FREE, Delivery, find_price
from .passes.answers import find_recording
from .passes.emptiness import describe_hidden_reasoning
from .passes.flow import make_unmatched_error
from .passes.languages import count_languages, describe_language_gaps
from .passes.problems import write_aliases
from .passes.version_answers import find_version_answers, read_version_answers
from .pilot import Quote, QuoteBasis, guess_quote, quote_build, render_quote
from .pipeline import check_recipe, select_sampled_problems
from .progress import warn_all
from .recipe import LoadedRecipe
from .report.tables import indent, make_line
from .store import locate_ledger
from .store.pieces import iterate_pieces
from .teacher import CallEstimate
from .text.options import format_question

SHOWN = 40
"""How many problems are formatted to show one example of each format, with demonstrations."""

_DETAIL = 300
"""The most characters that are shown of why a row is dropped."""

_REASONING = "(the teacher's reasoning)"
_AGREED = "(the answer that samples agree on)"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDrop:
    """The rows that would be dropped for one reason before a teacher is asked."""

    stage: Stage
    """The stage that drops them."""
    unit: Unit
    """What they are."""
    reason: Reason
    """The reason."""
    rows: int
    """How many there are."""
    sources: dict[str, int]
    """How many of each source; empty for recorded answers."""
    origin: str | None
    """Where the first of them stands."""
    question: str | None
    """Its question."""
    detail: str | None
    """More about the reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a build would do."""

    problems: dict[str, int]
    """Kept problems by source."""
    inferred: tuple[InferredType, ...]
    """The answer types of sources whose recipe says `auto`."""
    dropped: int
    """Problems that would be dropped before sampling."""
    drops: tuple["PlannedDrop", ...]
    """The reasons, in the order in which they count; and those of recorded answers that can't be read."""
    unmatched: int
    """Recorded answers that belong to no kept problem."""
    warnings: tuple[str, ...]
    """What the version would lack although it has rows."""
    teacher: CallEstimate
    """How many answers would be requested."""
    problem: Problem | None
    """One problem as its source's columns make it."""
    messages: tuple[Message, ...]
    """One rendered request."""
    examples: list[Example]
    """One example of each format, with a placeholder for the reasoning."""
    quote: Quote | None
    """What the build will cost; null where all answers are recorded."""
    access: RecipeAccess
    """The files and environment variables that the recipe reads, and where requests and the key go."""


def plan_build(loaded: LoadedRecipe, runtime: Runtime, pilot: int | None = None) -> Plan:
    """Plan a build. Without a pilot no request is sent, and nothing is written but an empty ledger.

    Args:
        loaded: the recipe.
        runtime: how to build.
        pilot: how many problems the teacher is asked about, to measure what the build will take; None asks none.

    Raises:
        InputError: recipe or data are wrong.
    """
    check_recipe(loaded.recipe)
    access = find_access(loaded, runtime)
    parent = sources.find_parent(loaded.recipe, runtime.store)
    found = sources.load_problems(
        loaded, verify.IS_READABLE, infer_type=sources.INFER_TYPE, runtime=runtime, parent=parent
    )
    problems = found.frame
    kept = problems.filter(pl.col("fate") == Fate.KEPT)
    answers = _estimate_calls(loaded, runtime, found)
    estimate = answers.estimate
    gaps = describe_language_gaps(loaded.recipe, count_languages(problems, loaded.recipe, "sample"))
    warnings = (*gaps, *_list_warnings(loaded, estimate))
    warn_all(warnings)
    return Plan(
        quote=_quote_build(loaded, runtime, estimate, pilot),
        problems=dict(kept.group_by("source", maintain_order=True).len().iter_rows()),
        inferred=tuple(found.inferred),
        dropped=problems.height - kept.height,
        drops=(*_list_drops(problems), *answers.drops),
        unmatched=answers.unmatched,
        warnings=warnings,
        teacher=estimate,
        problem=next(iter(from_frame(kept.head(1), Problem)), None),
        messages=estimate.request.messages if estimate.request else (),
        examples=_make_examples(loaded, select_sampled_problems(loaded.recipe, kept)),
        access=access,
    )


def _quote_build(loaded: LoadedRecipe, runtime: Runtime, estimate: CallEstimate, pilot: int | None) -> Quote | None:
    """Quote a build: by a pilot, by what the ledger has, else by a guess. None where no teacher is asked."""
    if not estimate.volumes:
        return None
    prices = [
        {way: find_price(paid.model, paid.endpoint, paid.url, way, runtime.prices) for way in Delivery}
        for paid in (volume.paid for volume in estimate.volumes)
    ]
    is_free = all(price == FREE for each in prices for price in each.values())
    is_measured = pilot is not None or (estimate.ledger > 0 and not is_free)
    quote = quote_build(loaded, runtime, pilot) if is_measured else None
    return quote or guess_quote(estimate, prices)


def _list_drops(problems: pl.DataFrame) -> Iterator[PlannedDrop]:
    """List why problems are dropped, each reason with its first row."""
    dropped = problems.filter(pl.col("fate") == Fate.DROPPED)
    reasons = sorted(map(Reason, dropped["reason"].unique()), key=ORDER.__getitem__)
    for reason in reasons:
        rows = dropped.filter(pl.col("reason") == reason)
        first = rows.row(0, named=True)
        yield PlannedDrop(
            stage=Stage(first["stage"]),
            unit=Unit.PROBLEM,
            reason=reason,
            rows=rows.height,
            sources=dict(rows.group_by("source", maintain_order=True).len().iter_rows()),
            origin=first["origin"],
            question=first["question"],
            detail=first["detail"],
        )


def _list_warnings(loaded: LoadedRecipe, estimate: CallEstimate) -> Iterator[str]:
    hidden = describe_hidden_reasoning(loaded.recipe, f"{estimate.reasoned:,} answers")
    if estimate.reasoned and hidden:
        yield hidden
    recipe = loaded.recipe
    if recipe.select.lengths != Lengths() and recipe.tokenizer is None and recipe.recorded is not None:
        yield "select.lengths drops no recorded answer without a tokenizer: `tokenizer: FOLDER`, or a model of the Hub"


@dataclass(frozen=True, kw_only=True, slots=True)
class _PlannedAnswers:
    """What is known of the answers of a build."""

    estimate: CallEstimate
    drops: tuple[PlannedDrop, ...] = ()
    unmatched: int = 0


def _estimate_calls(loaded: LoadedRecipe, runtime: Runtime, found: sources.Problems) -> _PlannedAnswers:
    """Estimate the calls of a build; recorded answers cost none and are counted."""
    names = [source.name for source in loaded.recipe.sources if source.role == "sample"]
    asked = teacher.AskedProblems(found.pieces, tuple(names))
    if loaded.recipe.recorded is None:
        with teacher.open_ledger(locate_ledger(runtime.store)) as ledger:
            return _PlannedAnswers(estimate=teacher.estimate_calls(loaded, asked, ledger, runtime))
    with TemporaryDirectory(prefix="cotloom-") as folder:
        aliases = write_aliases(found.pieces, names, Path(folder) / "aliases.arrow")
        pieces, rows = _read_recorded(loaded, runtime, Path(folder), aliases)
        known = asked.outline.select("problem_id").unique()
        parts = [_count_answers(part, known) for part in iterate_pieces(pieces, _ANSWER_COLUMNS)]
    counts, faults = pl.concat([part for part, _ in parts]).sum(), [fault for _, found in parts for fault in found]
    matched, reasoned, unmatched = counts.row(0)
    if matched == 0:
        raise make_unmatched_error(loaded, rows)
    votes = teacher.estimate_votes(loaded.recipe, asked.outline["answer_type"].to_list(), matched)
    estimate = CallEstimate(
        problems=known.height,
        new=0,
        ledger=matched,
        most=matched,
        calls=1,
        paid=votes > 0 and teacher.is_grader_paid(loaded.recipe),
        request=None,
        graded=votes,
        reasoned=reasoned,
    )
    return _PlannedAnswers(estimate=estimate, drops=tuple(_list_malformed(faults)), unmatched=unmatched)


_ANSWER_COLUMNS = ("problem_id", "reasoning", "fault")


def _count_answers(answers: pl.DataFrame, known: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Count the answers of a piece to known problems, those with reasoning, and the others; and list the faults."""
    readable = answers.filter(pl.col("fault").is_null())
    matched = readable.join(known, on="problem_id", how="semi")
    counts = {
        "matched": matched.height, "reasoned": matched["reasoning"].count(),
        "unmatched": readable.height - matched.height,
    }  # fmt: skip
    return pl.DataFrame([counts]), answers["fault"].drop_nulls().to_list()


def _list_malformed(faults: Sequence[str]) -> Iterator[PlannedDrop]:
    """Make the drop of recorded answers that can't be read, where there are some."""
    if faults:
        yield PlannedDrop(
            stage=Stage.TEACHER,
            unit=Unit.SAMPLE,
            reason=Reason.MALFORMED,
            rows=len(faults),
            sources={},
            origin=None,
            question=None,
            detail=faults[0],
        )


def _read_recorded(
    loaded: LoadedRecipe, runtime: Runtime, folder: Path, aliases: Path | None
) -> tuple[Sequence[Path], int]:
    """Read recorded answers into pieces. Returns these, and the number of answers."""
    found = find_version_answers(loaded.recipe, runtime.store)
    if found is not None:
        result = read_version_answers(*found, folder, aliases)
        return [result.folder / name for name in sorted(result.files)], result.values["answers"]
    read = teacher.read_answers(loaded, folder, aliases, runtime, find_recording(loaded, folder))
    return read.pieces, read.rows


def _make_examples(loaded: LoadedRecipe, problems: pl.DataFrame) -> list[Example]:
    """Make one example of each format from the gold answers."""
    shown = problems.head(SHOWN)
    samples = to_frame((_make_stand_in(problem, loaded.recipe) for problem in from_frame(shown, Problem)), Sample)
    formatted = formats.format_examples(shown, samples, loaded.recipe.formats, loaded.recipe.seed)
    first = formatted.filter(pl.col("fate") == Fate.KEPT).unique("format", keep="first", maintain_order=True)
    return list(from_frame(first, Example))


def _make_stand_in(problem: Problem, recipe: Recipe) -> Sample:
    if problem.answer is None:
        agreed = Consensus(answer=_AGREED, agreeing=0, answered=0, share=0.0)
        return Sample(
            sample_id=f"s_{problem.problem_id[2:]}", problem_id=problem.problem_id, teacher="",
            text="(the teacher's answer)", reasoning=_REASONING, verdict=Verdict.UNCHECKED,
            consensus=None if recipe.verify.consensus is None else agreed,
        )  # fmt: skip
    answer = problem.answer
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
    """Render a plan; with `show`, one problem, one request and one example of each format too."""
    return Group(*_render_summary(plan), *(_render_examples(plan) if show else []))


def _render_summary(plan: Plan) -> Iterator[Text]:
    counts = ", ".join(f"{count:,} of {source}" for source, count in plan.problems.items())
    yield make_line(f"problems   {counts}" + (f"; {plan.dropped:,} dropped before" if plan.dropped else ""))
    for inferred in plan.inferred:
        yield make_line(f"inferred   {describe_inferred(inferred)}")
    for drop in plan.drops:
        yield from _render_drop(drop)
    estimate = plan.teacher
    yield make_line(f"answers    first round: {estimate.new:,} new, {estimate.ledger:,} in the ledger")
    if plan.unmatched:
        yield make_line(f"           {plan.unmatched:,} recorded answers belong to no kept problem")
    more = estimate.most - estimate.new - estimate.ledger
    if more > 0:
        yield make_line(f"           later rounds and hints (they depend on verdicts): up to {more:,} more")
    if estimate.calls > 1:
        yield make_line(f"calls      {estimate.calls} for each answer")
    if estimate.blind:
        yield make_line(f"blind      one more call for each hinted answer that is right: up to {estimate.blind:,}")
    if estimate.graded:
        yield make_line(f"grader     up to {estimate.graded:,} votes")
    if plan.quote is not None:
        yield from render_quote(plan.quote)
    if estimate.graded and plan.quote is not None and plan.quote.basis is QuoteBasis.GUESS and estimate.paid:
        yield make_line("           and what the grader takes, which is not in the guess")
    yield from map(make_line, render_access(plan.access))


def _render_drop(drop: PlannedDrop) -> Iterator[Text]:
    """Render why rows are dropped, with the first of them."""
    unit = drop.unit if drop.rows == 1 else f"{drop.unit}s"
    sources = ", ".join(f"{count:,} of {source}" for source, count in drop.sources.items())
    yield make_line(f"dropped    {drop.rows:,} {unit} as {drop.reason}" + (f" ({sources})" if sources else ""))
    detail = drop.detail or drop.question or ""
    origin = f"{drop.origin}: " if drop.origin and not detail.startswith(drop.origin) else ""
    yield make_line(f"           such as {origin}{detail[:_DETAIL]}")


def _render_examples(plan: Plan) -> Iterator[RenderableType]:
    if plan.problem is not None:
        yield Text()
        yield make_line(f"One problem: {plan.problem.origin}", style="bold")
        yield indent(format_question(plan.problem.question or "", plan.problem.choices))
        yield make_line(f"gold answer: {'none' if plan.problem.answer is None else plan.problem.answer}")
    for planned in plan.teacher.requests:
        yield Text()
        several = f": {planned.prompt}, {planned.request.model}" if len(plan.teacher.requests) > 1 else ""
        yield make_line(f"One request{several}", style="bold")
        yield from _render_chat(planned.request.messages)
    for example in plan.examples:
        yield Text()
        yield make_line(f"One example: {example.format}", style="bold")
        yield from _render_chat(example.messages)


def _render_chat(messages: Sequence[Message]) -> Iterator[RenderableType]:
    for message in messages:
        yield make_line(f"{message.role.value}:")
        yield indent(message.content)
