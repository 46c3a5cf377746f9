"""A version, for the terminal. Texts of models and sources are escaped and shown without markup."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...schemas.manifest import (
    BuildRecord,
    Contamination,
    Diversity,
    FaultCount,
    FunnelRow,
    HintCount,
    JudgeCount,
    ReadingCount,
    ServedModel,
    StageLengths,
    describe_inferred,
    describe_split,
    list_changed_teachers,
)
from ...schemas.reasons import Fate, Reason
from ...schemas.sample import LAST_RESORT
from ..costs import Cost, describe_cost, format_usd
from ..costs.amounts import parse_usd
from ..report.reviews import describe_review
from ..report.sentences import ANSWER_CHECKS, CONSENSUS, SIMULATED, SIMULATED_GRADER
from ..report.tables import indent, make_line, make_table
from ..store import Version, load_validation
from ..store.tables import has_consensus, list_files
from ..store.withdrawal import list_withdrawn_problems
from ..text.traces import join_parts
from .lengths import render_lengths, render_tokens
from .mixture import render_mixture

_BAR = 40
"""Characters of the longest bar."""
_SHOWN_COLUMNS = ("sample_id", "problem_id", "text", "reasoning", "fate", "reason", "detail")
"""The columns of samples that are read, of one bucket."""
_SHOWN = 600
"""Characters of a text that is shown as an example."""


def render_version(version: Version, lengths: Sequence[StageLengths] | None = None) -> RenderableType:
    """Render a version: manifest, funnel, paths, lengths, readings, a kept and a dropped sample, and next commands.

    Args:
        version: the version.
        lengths: the lengths of rows, for sequences of another length; None for those of the manifest.
    """
    bucket = _find_bucket(version)
    samples = next(version.iterate_table("samples", _SHOWN_COLUMNS, [bucket]))
    problems = next(version.iterate_table("problems", ["problem_id", "question"], [bucket]))
    return Group(
        *_render_manifest(version),
        Text(),
        _render_funnel(version.manifest.funnel),
        Text(),
        *_render_path_counts(version),
        *_render_diversity(version.manifest.diversity),
        *render_tokens(version.manifest.tokens),
        *_render_hints(version.manifest.hints),
        *render_mixture(version.manifest.mixture),
        *render_lengths(version.manifest.lengths if lengths is None else lengths),
        *_render_readings(version.manifest.readings),
        *_render_faults(version.manifest.faults),
        *_render_sample_pair(samples, problems),
        *_render_validation(version),
        *_render_commands(version, samples, problems),
    )


def _find_bucket(version: Version) -> int:
    """Find the first bucket with samples, from which some are shown; the first of all where there are none."""
    bits, files = version.manifest.bucket_bits, version.manifest.files
    return next(
        (bucket for bucket, name in enumerate(list_files("samples", bits)) if name in files and files[name].rows), 0
    )


def _render_manifest(version: Version) -> Iterator[Text]:
    manifest, counts = version.manifest, version.manifest.counts
    yield make_line(version.ref, style="bold")
    if manifest.simulated:
        is_written = "simulated" in manifest.teachers
        yield make_line(SIMULATED if is_written else SIMULATED_GRADER, style="yellow")
    if withdrawn := list_withdrawn_problems(version):
        erased = ", ".join(withdrawn[:3])
        yield make_line(f"Withdrawn: it holds text that was erased from the ledger ({erased}).", style="red")
    yield make_line(f"parent     {manifest.parent or 'none'}")
    yield make_line(f"teachers   {', '.join(manifest.teachers)}")
    yield from map(make_line, _describe_judges(manifest.judges))
    for teacher, models in list_changed_teachers(manifest).items():
        yield from (make_line(text, style="yellow") for text in _describe_models(teacher, models))
    yield make_line(f"digest     {manifest.content_digest[:16]}  (fingerprint {manifest.fingerprint[:16]})")
    yield make_line(f"problems   {', '.join(f'{count:,} {side}' for side, count in manifest.splits.items())}")
    if manifest.split_report is not None and manifest.split_report.tests:
        yield from (make_line(f"split      {text}") for text in describe_split(manifest.split_report))
    training, kept = (_format_count(counts.get(key)) for key in ("training_examples", "examples_kept"))
    yield make_line(f"examples   {training} for training, {kept} in all")
    yield from (make_line(f"review     {text}") for text in describe_review(manifest.review))
    for inferred in manifest.inferred:
        yield make_line(f"inferred   {describe_inferred(inferred)}")
    for item in manifest.contamination:
        yield make_line(f"overlap    with {item.against}: {_describe_overlap(item)}")
    if manifest.repeated_questions:
        yield make_line(f"duplicates {_describe_repeated(manifest.repeated_questions)}")
    if any(manifest.near_duplicates.values()):
        questions, rationales = (manifest.near_duplicates.get(unit, 0) for unit in ("problems", "samples"))
        repeated = f"{questions:,} questions and {rationales:,} rationales are nearly those of another problem"
        yield make_line(f"repeats    {repeated}")
    yield from (make_line(text, style="yellow") for text in _describe_check(version))
    unmatched = sum(item.unmatched for item in manifest.inputs)
    if unmatched:
        yield make_line(f"unmatched  {unmatched:,} recorded answers belong to no kept problem", style="yellow")
    build = version.read_build()
    yield from _render_build(build)
    yield from _render_costs(build, version.manifest.counts)


def _describe_overlap(item: Contamination) -> str:
    """Say what was dropped because of an evaluation set, and how near the rest comes."""
    samples = f", {item.samples:,} samples that quote it" if item.samples else ""
    masked = "" if item.highest_masked is None else f", masked {item.highest_masked:.0%}"
    closest = f"highest similarity of the others {item.highest_similarity:.0%}{masked}"
    return f"{item.overlaps:,} problems dropped{samples}; {closest}"


def _describe_judges(judges: Sequence[JudgeCount]) -> Iterator[str]:
    """Say which models and commands were asked about samples."""
    for item in judges:
        simulated = ", simulated" if item.simulated else ""
        asked = f"{item.samples:,} samples, {item.kept:,} of them kept"
        yield f"judged     {item.question} by {item.judge} ({item.kind}{simulated}): {asked}"


def _describe_models(teacher: str, models: Sequence[ServedModel]) -> Iterator[str]:
    """Say which models answered for a teacher, where the server changed."""
    for served in models:
        setups = "" if served.fingerprints < 2 else f", {served.fingerprints:,} fingerprints"
        yield f"served     {teacher} as {served.model}: {served.samples:,} samples{setups}"


def _describe_check(version: Version) -> Iterator[str]:
    """Say what kept samples were not checked for, where the recipe asks for less than a stated answer."""
    note = ANSWER_CHECKS.get((version.manifest.recipe.get("verify") or {}).get("answer", ""))
    if note is not None:
        yield f"checked    {note}"
    if has_consensus(version.manifest):
        agreed = version.manifest.counts.get("samples_agreed", 0)
        yield f"checked    {CONSENSUS.format(agreed=agreed)}"


def _format_count(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _render_build(build: BuildRecord) -> Iterator[Text]:
    if build.calls is not None:
        calls = build.calls
        answers = f"{calls.new:,} new, {calls.ledger:,} from the ledger, {calls.failed:,} failed"
        answers += f", {calls.refused:,} refused" if calls.refused else ""
        seconds = "unknown time" if build.seconds is None else f"{build.seconds:.1f} s"
        yield make_line(f"answers    {answers}; {seconds}")


def _render_costs(build: BuildRecord, counts: Mapping[str, int]) -> Iterator[Text]:
    """Render what the answers cost when they were paid, and what that makes for a path."""
    if build.costs is None:
        return
    new, total = (Cost(parse_usd(part.usd), part.unknown) for part in (build.costs.new, build.costs.total))
    line = f"{describe_cost(total)}; of that {describe_cost(new)} in this build" if total != Cost() else "nothing"
    yield make_line(f"cost       {line}")
    parts = {"kept path": counts.get("samples_kept", 0), "distinct path": counts.get("distinct_paths", 0)}
    each = [f"{format_usd(total.picodollars // count)} for each {name}" for name, count in parts.items() if count]
    if total.picodollars and not total.unknown and each:
        yield make_line(f"           {', '.join(each)}")


def _render_funnel(funnel: Sequence[FunnelRow]) -> Table:
    """The funnel as a table; stage, unit and totals stand in the first row of each stage only."""
    rows, previous = [], None
    for row in funnel:
        is_first, previous = (row.stage, row.unit) != previous, (row.stage, row.unit)
        cells = (row.stage, row.unit, f"{row.rows_in:,}", f"{row.dropped:,}", row.reason or "", f"{row.kept:,}")
        rows.append(cells if is_first else ("", "", "", *cells[3:5], ""))
    return make_table(("stage", "unit", "in", "dropped", "reason", "kept"), rows, "  rr r")


def _render_path_counts(version: Version) -> Iterator[Text]:
    counts = {int(paths): count for paths, count in version.manifest.paths_per_problem.items()}
    total = sum(counts.values())
    mean = sum(paths * count for paths, count in counts.items()) / max(total, 1)
    yield make_line(f"Distinct paths per problem (mean {mean:.2f})", style="bold")
    for paths, count in sorted(counts.items()):
        yield make_line(f"{paths:>3}  {'█' * max(1, round(_BAR * count / max(counts.values())))} {count:,}")
    yield Text()


def _render_diversity(diversity: Sequence[Diversity]) -> Iterator[Text]:
    """Distinct paths of each source and teacher, by the number of samples that were drawn."""
    shown = [item for item in diversity if len(item.curve) > 1]
    if not shown:
        return
    yield make_line("Distinct paths by the number of correct samples (mean over problems with so many)", style="bold")
    for item in shown:
        name = f"{item.source}, {item.teacher}" if item.teacher else item.source
        curve = ", ".join(f"{point.samples}: {point.paths:.2f}" for point in item.curve)
        yield make_line(f"  {name}: {curve}")
        unseen = "" if item.unseen is None else f"at least {item.unseen:.2f} more unseen (Chao1); "
        distance = "" if item.mean_distance is None else f"; mean distance of kept ones {item.mean_distance:.2f}"
        yield make_line(f"    {unseen}the next sample takes a known path in {item.coverage:.0%}{distance}")
    yield Text()


def _describe_repeated(counts: Mapping[str, int]) -> str:
    """Describe how many questions were merged, and how many of them have two gold answers."""
    rows = counts.get("exact", 0) + counts.get("normalized", 0)
    text = f"{rows:,} questions repeat another, {counts.get('normalized', 0):,} of them in another writing"
    others = counts.get("other_answer", 0)
    return f"{text}; {others:,} have another gold answer" if others else text


def _render_hints(hints: Sequence[HintCount]) -> Iterator[Text]:
    """The hinted share of each source, and how often its problems were solved without a hint."""
    if not hints:
        return
    yield make_line("Hinted samples, and answers without a hint", style="bold")
    for item in hints:
        shares = f"{item.kept_hinted:,} of {item.kept:,} kept are hinted{_format_share(item.hinted_share)}"
        rate = f"{item.unhinted_correct:,} of {item.unhinted:,} unhinted are correct"
        yield make_line(f"  {item.source}: {shares}; {rate}{_format_share(item.unhinted_pass_rate)}")
    yield Text()


def _format_share(share: float | None) -> str:
    return "" if share is None else f" ({share:.1%})"


def _render_readings(readings: Sequence[ReadingCount]) -> Iterator[Text]:
    """The rules that read the final answers, and how many were read without a mark."""
    if not readings:
        return
    yield make_line("Final answers by the rule that read them", style="bold")
    for item in readings:
        where = ", from the reasoning" if item.part == "reasoning" else ""
        yield make_line(f"  {item.rule}{where}: {item.samples:,} ({item.kept:,} kept)")
    last = [item for item in readings if item.rule == LAST_RESORT]
    if last:
        samples, kept = sum(item.samples for item in last), sum(item.kept for item in last)
        line = f"  last resort: {samples:,} answers of texts that mark none ({kept:,} kept);"
        yield make_line(f"{line} verify.last_resort: false leaves them out", style="yellow")
    yield Text()


def _render_faults(faults: Sequence[FaultCount]) -> Iterator[Text]:
    """The faults of rationales, and how many samples with one were kept all the same."""
    if not faults:
        return
    yield make_line("Faults of rationales, besides wrong steps", style="bold")
    for item in faults:
        yield make_line(f"  {item.kind}: {item.samples:,} ({item.kept:,} kept)")
    yield Text()


def _render_sample_pair(samples: pl.DataFrame, problems: pl.DataFrame) -> Iterator[RenderableType]:
    """A kept and a dropped sample, of the same problem if there are such; one with a wrong step is preferred."""
    kept = samples.filter((pl.col("fate") == Fate.KEPT) & pl.col("text").is_not_null())
    dropped = samples.filter((pl.col("fate") == Fate.DROPPED) & pl.col("text").is_not_null())
    wrong_step = dropped.filter(pl.col("reason") == Reason.WRONG_STEP)
    dropped = wrong_step if wrong_step.height else dropped
    shared = kept.join(dropped.select("problem_id"), on="problem_id", how="semi")
    kept = shared if shared.height else kept
    if kept.height:
        sample = kept.row(0, named=True)
        same = dropped.filter(pl.col("problem_id") == sample["problem_id"])
        yield from _render_sample(problems, sample, "Kept")
        dropped = same if same.height else dropped
    if dropped.height:
        sample = dropped.row(0, named=True)
        yield from _render_sample(problems, sample, f"Dropped as {sample['reason']}")


def _render_sample(problems: pl.DataFrame, sample: Mapping[str, Any], fate: str) -> Iterator[RenderableType]:
    question = problems.filter(pl.col("problem_id") == sample["problem_id"])["question"]
    yield make_line((fate, "bold"), f"  {sample['sample_id']}")
    if fate == "Kept" and len(question):
        yield indent(question[0], "italic")
    text = join_parts(sample["reasoning"], str(sample["text"]))
    yield indent(text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ...")
    if sample["detail"]:
        yield indent(sample["detail"], "red")
    yield Text()


def _render_validation(version: Version) -> Iterator[Text]:
    """The summary of the validation, if there is one."""
    validation = load_validation(version)
    if validation is None:
        return
    yield make_line("What a student learnt", style="bold")
    yield make_line(f"  {validation.summary}")
    if validation.content_digest != version.manifest.content_digest:
        yield make_line(
            "  This was measured on other content under this name: validate the version again.", style="yellow"
        )
    yield Text()


def _render_commands(version: Version, samples: pl.DataFrame, problems: pl.DataFrame) -> Iterator[Text]:
    ref = version.ref
    dropped = samples.filter((pl.col("fate") == Fate.DROPPED) & pl.col("problem_id").is_not_null())
    row_id = dropped[0, "sample_id"] if dropped.height else problems[0, "problem_id"] if problems.height else "ID"
    yield make_line(("Folder  ", "bold"), str(version.path))
    yield make_line("Next", style="bold")
    yield make_line(f'  cotloom sql {ref} "SELECT reason, count(*) AS n FROM samples GROUP BY ALL ORDER BY n DESC"')  # noqa: S608 - shown, not run
    yield make_line(f"  cotloom explain {ref} {row_id}")
    yield make_line(f"  cotloom export {ref} --format trl --to {version.manifest.name}-trl")
    if version.manifest.recipe.get("verify", {}).get("steps") == "label":
        yield make_line(f"  cotloom export {ref} --format trl-steps --to {version.manifest.name}-steps")
