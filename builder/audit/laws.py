"""The laws, held against the tables as they lie there: fates, funnel, counts, splits, demonstrations, verdicts."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from cotloom.builder.audit.finding import Tables
from cotloom.builder.store import DEV, Version, check_fates, funnel, rows_digest
from cotloom.builder.store.funnel import TABLES
from cotloom.schemas.manifest import FunnelRow
from cotloom.schemas.problem import Split
from cotloom.schemas.reasons import Fate, Verdict

KEPT = pl.col("fate") == Fate.KEPT
_TRAINED = KEPT & pl.col("mixture_stage").is_not_null()


def check_digest(version: Version, tables: Tables) -> Iterator[str]:
    """Law 4: the rows are those that the content digest speaks of."""
    found = rows_digest([(name, tables[name]) for name in TABLES.values()])
    told = version.manifest.content_digest
    if found != told:
        yield f"the rows have the content digest {found[:16]}..., the manifest says {told[:16]}..."


def check_law_1(_: Version, tables: Tables) -> Iterator[str]:
    """Law 1: every row has one fate, every drop a stage and a reason, and no id stands twice."""
    try:
        check_fates(tables)
    except RuntimeError as error:
        yield str(error)


def check_funnel(version: Version, tables: Tables) -> Iterator[str]:
    """Law 1: the funnel is what the tables come to."""
    told, found = list(version.manifest.funnel), funnel(tables)
    yield from (f"the funnel says {_row(row)}; the tables do not" for row in told if row not in found)
    yield from (f"the tables say {_row(row)}; the funnel does not" for row in found if row not in told)


def _row(row: FunnelRow) -> str:
    return f"{row.stage}, {row.unit}: {row.rows_in:,} in, {row.dropped:,} dropped ({row.reason}), {row.kept:,} kept"


def check_counts(version: Version, tables: Tables) -> Iterator[str]:
    """The counts of the manifest are those of the tables."""
    manifest = version.manifest
    yield from _apart("counts", manifest.counts, _counts(tables))
    kept = tables["problems"].filter(KEPT).drop_nulls("split")
    yield from _apart("splits", manifest.splits, dict(kept.group_by("split").len().iter_rows()))
    teachers = tables["samples"].filter(pl.col("problem_id").is_not_null())["teacher"].unique().sort()
    if tuple(teachers) != manifest.teachers:
        yield f"the manifest names the teachers {', '.join(manifest.teachers)}; the samples, {', '.join(teachers)}"


def _counts(tables: Tables) -> dict[str, int]:
    samples, examples = tables["samples"], tables["examples"]
    leaders = samples.filter(pl.col("cluster") == pl.col("sample_id"))
    return {
        **{name: frame.height for name, frame in tables.items()},
        **{f"{name}_kept": frame.filter(KEPT).height for name, frame in tables.items()},
        "problems_with_path": samples.filter(KEPT)["problem_id"].n_unique(),
        "distinct_paths": leaders.height,
        "training_examples": examples.filter(_TRAINED).height,
    }


def _apart(what: str, told: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*told, *found}):
        if told.get(name) != found.get(name):
            yield f"{what}.{name} is {told.get(name)} in the manifest and {found.get(name)} in the tables"


def check_splits(_: Version, tables: Tables) -> Iterator[str]:
    """Law 6: no group stands on both sides, and nothing of the test side is trained on."""
    problems = tables["problems"].filter(KEPT)
    sides = problems.drop_nulls(["group", "split"]).group_by("group").agg(pl.col("split").n_unique(), pl.len())
    both = sides.filter(pl.col("split") > 1).sort("group")
    if both.height:
        yield f"{both.height:,} groups of problems stand on both sides, such as {str(both[0, 'group'])[:60]!r}"
    asked = problems.select("problem_id", pl.col("split").alias("side"))
    rows = tables["examples"].filter(KEPT).join(asked, on="problem_id", how="left", maintain_order="left")
    yield from _some(
        rows.filter(pl.col("side").is_null()), "train on a problem that was not kept, or is for evaluation"
    )
    moved = rows.filter(pl.col("side").is_not_null() & (pl.col("side") != pl.col("split")))
    yield from _some(moved, "say another side of the split than their problem")
    trained = pl.col("mixture_stage").is_not_null()
    yield from _some(rows.filter(trained & (pl.col("side") == Split.TEST)), "train on a problem of the test side")


def check_demonstrations(_: Version, tables: Tables) -> Iterator[str]:
    """Law 6: what a row shows comes from the training side, from other groups, and was kept."""
    group = pl.coalesce("group", "problem_id")
    asked = tables["problems"].filter(KEPT).select("problem_id", "split", group=group)
    known = tables["samples"].filter(KEPT).select("sample_id", "problem_id")
    shown = known.join(asked, on="problem_id", how="left").rename(
        {"sample_id": "other_sample_ids", "problem_id": "shown_id", "split": "shown_split", "group": "shown_group"}
    )
    rows = (
        tables["examples"]
        .filter(KEPT & (pl.col("other_sample_ids").list.len() > 0))
        .select("example_id", "problem_id", "other_sample_ids")
        .explode("other_sample_ids")
        .join(asked.drop("split"), on="problem_id", how="left", maintain_order="left")
        .join(shown, on="other_sample_ids", how="left", maintain_order="left")
    )
    yield from _some(rows.filter(pl.col("shown_id").is_null()), "show a sample that is not there or was dropped")
    off = pl.col("shown_split").ne_missing(pl.lit(str(Split.TRAIN))) & pl.col("shown_id").is_not_null()
    yield from _some(rows.filter(off), "show a problem that is not on the training side")
    yield from _some(rows.filter(pl.col("shown_group") == pl.col("group")), "show a problem of their own group")


def check_verdicts(version: Version, tables: Tables) -> Iterator[str]:
    """Laws 2 and 6: what is kept was found correct, or came finished with a reference source."""
    kept = tables["samples"].filter(KEPT)
    right = [str(Verdict.CORRECT), str(Verdict.PROVIDED)]
    wrong = kept.filter(~pl.col("verdict").is_in(right).fill_null(value=False))
    yield from _some(wrong, "were kept, and were not found correct", "samples", "sample_id")
    problems = tables["problems"].filter(KEPT).select("problem_id", "source")
    asked = kept.join(problems, on="problem_id", how="left", maintain_order="left")
    yield from _some(
        asked.filter(pl.col("source").is_null()), "were kept, and their problem was not", "samples", "sample_id"
    )
    reference = [one["name"] for one in version.manifest.recipe["sources"] if one.get("role") == "reference"]
    brought = (pl.col("verdict") == Verdict.PROVIDED) & pl.col("source").is_not_null()
    yield from _some(
        asked.filter(brought & ~pl.col("source").is_in(reference)),
        "say `provided`, and their source has not the role reference",
        "samples",
        "sample_id",
    )
    made = tables["examples"].filter(KEPT).join(kept, on=["sample_id", "problem_id"], how="anti")
    yield from _some(made, "were kept, and their sample was not")


def check_simulated(version: Version, tables: Tables) -> Iterator[str]:
    """What the simulated teacher wrote says so wherever it goes."""
    samples, examples = tables["samples"], tables["examples"]
    simulated, told = bool(samples["simulated"].any()), version.manifest.simulated
    if simulated != told:
        yield f"the manifest says simulated: {told}; the samples, {simulated}"
    if version.manifest.recipe["teacher"]["backend"] == "simulated":
        asked = pl.col("verdict").ne_missing(pl.lit(str(Verdict.PROVIDED))) & pl.col("text").is_not_null()
        silent = samples.filter(asked & ~pl.col("simulated"))
        yield from _some(silent, "were simulated, and do not say so", "samples", "sample_id")
    written = samples.filter(pl.col("simulated"))["sample_id"].to_list()
    holds = (
        pl.col("sample_id").is_in(written)
        | pl.col("other_sample_ids").list.eval(pl.element().is_in(written)).list.any()
    )
    silent = examples.filter(holds.fill_null(value=False) & ~pl.col("simulated"))
    yield from _some(silent, "hold simulated text, and do not say so")


def check_parent(version: Version, _: Tables) -> Iterator[str]:
    """Law 4: no fixed version rests on one that may be overwritten."""
    manifest = version.manifest
    if manifest.version == DEV:
        return
    if manifest.parent == DEV:
        yield "its parent is a dev version, which may be overwritten"
    if manifest.parent == manifest.version:
        yield "it is its own parent"


def _some(rows: pl.DataFrame, what: str, unit: str = "examples", key: str = "example_id") -> Iterator[str]:
    """A finding on rows, with one of them."""
    ids = rows[key].unique().sort()
    if ids.len():
        yield f"{ids.len():,} {unit} {what}, such as {ids[0]}"
