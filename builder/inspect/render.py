"""Versions and stories for people to read in a terminal. Model text is shown as text: no markup, no control codes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from cotloom.builder.store import Version
from cotloom.schemas.manifest import FunnelRow
from cotloom.schemas.reasons import Fate
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_BAR = 40
"""Characters of the longest bar."""
_SHOWN = 600
"""Characters of a text that is shown as an example."""

SIMULATED = "Simulated: a stand-in wrote these rationales, no model did."


def clean(value: object) -> str:
    """Make a text safe for a terminal: control characters and direction marks become visible."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", str(value))


def tell_version(version: Version) -> RenderableType:
    """A version at a glance: funnel, paths per problem, one sample kept and one dropped, what to do next."""
    samples = version.table("samples")
    return Group(
        *_head(version),
        Text(),
        _funnel(version.manifest.funnel),
        Text(),
        *_paths(version, samples),
        *_pair(version, samples),
        *_validation(version),
        *_next(version),
    )


def _head(version: Version) -> Iterator[Text]:
    manifest = version.manifest
    build = version.beside("build.json")
    yield Text(version.ref, style="bold")
    if manifest.simulated:
        yield Text(SIMULATED, style="yellow")
    yield Text(f"teachers   {', '.join(map(clean, manifest.teachers))}")
    yield Text(f"digest     {manifest.content_digest[:16]}  (fingerprint {manifest.fingerprint[:16]})")
    splits = ", ".join(f"{count:,} {side}" for side, count in manifest.splits.items())
    yield Text(f"problems   {splits}")
    counts = manifest.counts
    yield Text(f"examples   {counts['training_examples']:,} for training, {counts['examples_kept']:,} in all")
    for set_apart in manifest.contamination:
        nearest = f"the nearest left is {set_apart.highest_similarity:.0%} alike"
        yield Text(f"apart from {clean(set_apart.against)}: {set_apart.overlaps:,} overlaps dropped; {nearest}")
    unmatched = sum(item.unmatched for item in manifest.inputs)
    if unmatched:
        yield Text(f"unmatched  {unmatched:,} recorded answers fit no problem that was kept", style="yellow")
    if build:
        calls = build["calls"]
        cost = "unknown" if build["cost_usd"] is None else f"${build['cost_usd']:.2f}"
        told = f"{calls['new']:,} new, {calls['ledger']:,} from the ledger, {calls['failed']:,} failed"
        yield Text(f"answers    {told}; cost {cost}; {build['seconds']:.1f} s")


def _funnel(rows: Sequence[FunnelRow]) -> Table:
    table = Table("stage", "unit", "in", "dropped", "reason", "kept", box=None, header_style="bold", pad_edge=False)
    for name in ("in", "dropped", "kept"):
        next(column for column in table.columns if column.header == name).justify = "right"
    last = None
    for row in rows:
        first = (row.stage, row.unit) != last
        last = (row.stage, row.unit)
        table.add_row(
            row.stage if first else "",
            row.unit if first else "",
            f"{row.rows_in:,}" if first else "",
            f"{row.dropped:,}",
            row.reason or "",
            f"{row.kept:,}" if first else "",
        )
    return table


def paths_per_problem(version: Version, samples: pl.DataFrame) -> dict[int, int]:
    """How many kept problems, of those to train or test on, have how many distinct right paths."""
    leaders = samples.filter(pl.col("cluster") == pl.col("sample_id"))
    paths = leaders.group_by("problem_id").len("paths")
    kept = (pl.col("fate") == Fate.KEPT) & pl.col("split").is_not_null()  # sets for evaluation are on no side
    problems = version.table("problems").filter(kept).select("problem_id")
    counted = problems.join(paths, on="problem_id", how="left").with_columns(pl.col("paths").fill_null(0))
    return dict(counted.group_by("paths").len().sort("paths").iter_rows())


def _paths(version: Version, samples: pl.DataFrame) -> Iterator[Text]:
    counts = paths_per_problem(version, samples)
    total = sum(counts.values())
    mean = sum(paths * count for paths, count in counts.items()) / max(total, 1)
    yield Text(f"Distinct paths per problem (mean {mean:.2f})", style="bold")
    for paths, count in counts.items():
        yield Text(f"{paths:>3}  {'█' * max(1, round(_BAR * count / max(counts.values())))} {count:,}")
    yield Text()


def _pair(version: Version, samples: pl.DataFrame) -> Iterator[RenderableType]:
    """One sample that was kept, and one that was dropped, of the same problem where there is one."""
    kept = samples.filter((pl.col("fate") == Fate.KEPT) & pl.col("text").is_not_null())
    dropped = samples.filter((pl.col("fate") == Fate.DROPPED) & pl.col("text").is_not_null())
    wrong_step = dropped.filter(pl.col("reason") == "wrong_step")
    dropped = wrong_step if wrong_step.height else dropped
    shared = kept.join(dropped.select("problem_id"), on="problem_id", how="semi")
    kept = shared if shared.height else kept
    if kept.height:
        chosen = kept.row(0, named=True)
        same = dropped.filter(pl.col("problem_id") == chosen["problem_id"])
        yield from _shown(version, chosen, "Kept")
        dropped = same if same.height else dropped
    if dropped.height:
        chosen = dropped.row(0, named=True)
        yield from _shown(version, chosen, f"Dropped as {chosen['reason']}")


def _shown(version: Version, sample: Mapping[str, Any], fate: str) -> Iterator[RenderableType]:
    question = version.table("problems").filter(pl.col("problem_id") == sample["problem_id"])["question"]
    yield Text.assemble((fate, "bold"), f"  {sample['sample_id']}")
    if fate == "Kept" and len(question):
        yield Padding(Text(clean(question[0]), style="italic"), (0, 0, 0, 2), expand=False)
    text = clean(sample["text"])
    yield Padding(Text(text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."), (0, 0, 0, 2), expand=False)
    if sample["detail"]:
        yield Padding(Text(clean(sample["detail"]), style="red"), (0, 0, 0, 2), expand=False)
    yield Text()


def _validation(version: Version) -> Iterator[Text]:
    """What a student learnt from it, where that was tried."""
    found = version.beside("validation.json")
    if not found:
        return
    yield Text("What a student learnt", style="bold")
    yield Text(f"  {clean(found['summary'])}")
    if found["content_digest"] != version.manifest.content_digest:
        yield Text("  That was other content under this name: validate it again.", style="yellow")
    yield Text()


def _next(version: Version) -> Iterator[Text]:
    ref = version.ref
    samples = version.table("samples").filter((pl.col("fate") == Fate.DROPPED) & pl.col("problem_id").is_not_null())
    some = samples[0, "sample_id"] if samples.height else version.table("problems")[0, "problem_id"]
    yield Text.assemble(("Folder  ", "bold"), str(version.path))
    yield Text("Next", style="bold")
    yield Text(f'  cotloom sql {ref} "SELECT reason, count(*) AS n FROM samples GROUP BY ALL ORDER BY n DESC"')  # noqa: S608 - shown, not run
    yield Text(f"  cotloom explain {ref} {some}")
    yield Text(f"  cotloom export {ref} --format trl --to {version.manifest.name}-trl")


def tell_list(versions: Sequence[Version]) -> RenderableType:
    """The versions of a store."""
    table = Table(
        "version", "problems", "examples", "paths", "digest", "", box=None, header_style="bold", pad_edge=False
    )
    for version in versions:
        counts = version.manifest.counts
        table.add_row(
            version.ref,
            f"{counts['problems_kept']:,}",
            f"{counts['examples_kept']:,}",
            f"{counts['distinct_paths']:,}",
            version.manifest.content_digest[:12],
            "simulated" if version.manifest.simulated else "",
        )
    return table


def tell_table(frame: pl.DataFrame, most: int = 50) -> RenderableType:
    """A query's result as a table."""
    table = Table(*map(clean, frame.columns), header_style="bold", box=None, pad_edge=False)
    for row in frame.head(most).iter_rows():
        table.add_row(*(Text("null", style="dim") if value is None else Text(clean(value)) for value in row))
    rest = frame.height - most
    return Group(table, Text(f"... {rest:,} more rows; --format csv gives all", style="dim")) if rest > 0 else table


def tell_story(story: Mapping[str, Any]) -> RenderableType:
    """The story of a row, from its problem on."""
    parts: list[RenderableType] = []
    if story.get("problem"):
        parts += _told_problem(story["problem"])
    for again in story.get("said_again", ()):
        parts.append(Text(f"again      {clean(again['detail'])}"))
    for sample in [story["sample"]] if "sample" in story else story.get("samples", []):
        parts += [Text(), *_told_sample(sample, whole=story["kind"] != "problem")]
    for example in story.get("examples", []) if story["kind"] == "sample" else []:
        parts += [Text(), *_told_example(example, whole=False)]
    if "example" in story:
        parts += [Text(), *_told_example(story["example"], whole=True)]
    return Group(*parts)


def _told_problem(problem: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield Text.assemble((f"Problem {problem['problem_id']}", "bold"), f"  {_fate(problem)}")
    place = f"{clean(problem['source'])}, {clean(problem['origin'])}"
    yield Text(f"from       {place}; group {clean(problem['group'])}; split {problem['split']}")
    yield Padding(Text(clean(problem["question"]), style="italic"), (0, 0, 0, 2), expand=False)
    yield Text(f"gold       {clean(problem['answer'])}")


def _told_sample(sample: Mapping[str, Any], *, whole: bool) -> Iterator[RenderableType]:
    yield Text.assemble((f"Sample {sample['sample_id']}", "bold"), f"  {_fate(sample)}")
    by = f"{clean(sample['teacher'])}, answer {sample['sample_index']}, round {sample['round']}, hint {sample['hint']}"
    yield Text(f"by         {by}{', simulated' if sample['simulated'] else ''}")
    read = (
        f"read {clean(sample['predicted'])} by {sample['rule']}"
        if sample["predicted"] is not None
        else "no answer read"
    )
    yield Text(f"verdict    {sample['verdict']} ({read})")
    if sample["labels"]:
        yield Text(f"labels     {clean(sample['labels'])}")
    for step in sample["steps"] or []:
        if whole or step["outcome"] == "wrong":
            yield _told_step(step)
    if sample["signature"]:
        cluster = "its own" if sample["cluster"] == sample["sample_id"] else f"that of {sample['cluster']}"
        yield Text(f"path       {clean(sample['signature'])}  ({cluster})")
    if whole:
        yield Text(f"request    {', '.join(sample['request_digests'])}")
        yield Padding(_marked(sample), (0, 0, 0, 2), expand=False)


def _told_step(step: Mapping[str, Any]) -> Text:
    wrong = step["outcome"] == "wrong"
    told = f"{clean(step['text'])}  {step['outcome']}" + (f": it is {step['actual']}" if wrong else "")
    return Text(f"step       {told}", style="red" if wrong else "")


def _marked(sample: Mapping[str, Any]) -> Text:
    """The sample's text, its wrong steps and its answer marked."""
    raw = sample["text"] or ""
    text = Text(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", raw))  # one for one, so that the places stay right
    for step in sample["steps"] or []:
        if step["outcome"] == "wrong":
            text.stylize("red", step["start"], step["end"])
    if sample["span"]:
        text.stylize("bold green", sample["span"]["start"], sample["span"]["end"])
    return text


def _told_example(example: Mapping[str, Any], *, whole: bool) -> Iterator[RenderableType]:
    yield Text.assemble((f"Example {example['example_id']}", "bold"), f"  {_fate(example)}")
    yield Text(f"format     {example['format']}; mixture stage {example['mixture_stage']}; split {example['split']}")
    for message in example["messages"] if whole else []:
        yield Text(f"{message['role']}:", style="bold")
        yield Padding(Text(clean(message["content"])), (0, 0, 0, 2), expand=False)


def _fate(row: Mapping[str, Any]) -> str:
    if row["fate"] == Fate.KEPT:
        return "kept"
    return f"dropped by {row['stage']}: {row['reason']}" + (f" ({clean(row['detail'])})" if row["detail"] else "")
