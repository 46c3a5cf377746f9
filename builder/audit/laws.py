"""The laws, checked on the tables as they are: fates, funnel, counts, splits, demonstrations, verdicts."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from ...schemas.manifest import FunnelRow
from ...schemas.problem import Split
from ...schemas.reasons import Fate, Verdict
from ..store import DEV, Version, check_fates, count_funnel, digest_tables
from ..store.funnel import TABLES
from .finding import Tables

KEPT = pl.col("fate") == Fate.KEPT
_TRAINED = KEPT & pl.col("mixture_stage").is_not_null()


def check_digest(version: Version, tables: Tables) -> Iterator[str]:
    """Law 4: the rows have the content digest of the manifest."""
    computed = digest_tables({name: tables[name] for name in TABLES.values()}, version.manifest.bucket_bits)
    stated = version.manifest.content_digest
    if computed != stated:
        yield f"the rows have the content digest {computed[:16]}..., the manifest says {stated[:16]}..."


def check_row_fates(_: Version, tables: Tables) -> Iterator[str]:
    """Law 1: every row has one fate, every drop a stage and a reason, and no id occurs twice."""
    try:
        check_fates(tables)
    except RuntimeError as error:
        yield str(error)


def check_funnel(version: Version, tables: Tables) -> Iterator[str]:
    """Law 1: the funnel agrees with the tables."""
    stated, counted = list(version.manifest.funnel), count_funnel(tables)
    yield from (f"the funnel says {_format_row(row)}; the tables do not" for row in stated if row not in counted)
    yield from (f"the tables say {_format_row(row)}; the funnel does not" for row in counted if row not in stated)


def _format_row(row: FunnelRow) -> str:
    return f"{row.stage}, {row.unit}: {row.rows_in:,} in, {row.dropped:,} dropped ({row.reason}), {row.kept:,} kept"


def check_counts(version: Version, tables: Tables) -> Iterator[str]:
    """The counts of the manifest agree with the tables."""
    manifest = version.manifest
    yield from _compare_counts("counts", manifest.counts, _count_rows(tables))
    kept = tables["problems"].filter(KEPT).drop_nulls("split")
    yield from _compare_counts("splits", manifest.splits, dict(kept.group_by("split").len().iter_rows()))
    teachers = tables["samples"].filter(pl.col("problem_id").is_not_null())["teacher"].unique().sort()
    if tuple(teachers) != manifest.teachers:
        yield f"the manifest names the teachers {', '.join(manifest.teachers)}; the samples, {', '.join(teachers)}"


def _count_rows(tables: Tables) -> dict[str, int]:
    samples, examples = tables["samples"], tables["examples"]
    leaders = samples.filter(pl.col("cluster") == pl.col("sample_id"))
    return {
        **{name: frame.height for name, frame in tables.items()},
        **{f"{name}_kept": frame.filter(KEPT).height for name, frame in tables.items()},
        "problems_with_path": samples.filter(KEPT)["problem_id"].n_unique(),
        "distinct_paths": leaders.height,
        "training_examples": examples.filter(_TRAINED).height,
    }


def _compare_counts(key: str, stated: Mapping[str, Any], counted: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*stated, *counted}):
        if stated.get(name) != counted.get(name):
            yield f"{key}.{name} is {stated.get(name)} in the manifest and {counted.get(name)} in the tables"


def check_splits(_: Version, tables: Tables) -> Iterator[str]:
    """Law 6: no group is in both splits, and no example of the test split is for training."""
    problems = tables["problems"].filter(KEPT)
    sides = problems.drop_nulls(["group", "split"]).group_by("group").agg(pl.col("split").n_unique(), pl.len())
    both = sides.filter(pl.col("split") > 1).sort("group")
    if both.height:
        yield f"{both.height:,} groups of problems are in both splits, such as {str(both[0, 'group'])[:60]!r}"
    splits = problems.select("problem_id", pl.col("split").alias("side"))
    rows = tables["examples"].filter(KEPT).join(splits, on="problem_id", how="left", maintain_order="left")
    yield from _describe_rows(
        rows.filter(pl.col("side").is_null()), "train on a problem that was not kept, or is for evaluation"
    )
    moved = rows.filter(pl.col("side").is_not_null() & (pl.col("side") != pl.col("split")))
    yield from _describe_rows(moved, "state another split than their problem")
    trained = pl.col("mixture_stage").is_not_null()
    yield from _describe_rows(
        rows.filter(trained & (pl.col("side") == Split.TEST)), "train on a problem of the test split"
    )


def check_demonstrations(_: Version, tables: Tables) -> Iterator[str]:
    """Law 6: demonstrations come from the training split and from other groups, and were kept."""
    group = pl.coalesce("group", "problem_id")
    problems = tables["problems"].filter(KEPT).select("problem_id", "split", group=group)
    known = tables["samples"].filter(KEPT).select("sample_id", "problem_id")
    shown = known.join(problems, on="problem_id", how="left").rename(
        {"sample_id": "other_sample_ids", "problem_id": "shown_id", "split": "shown_split", "group": "shown_group"}
    )
    rows = (
        tables["examples"]
        .filter(KEPT & (pl.col("other_sample_ids").list.len() > 0))
        .select("example_id", "problem_id", "other_sample_ids")
        .explode("other_sample_ids")
        .join(problems.drop("split"), on="problem_id", how="left", maintain_order="left")
        .join(shown, on="other_sample_ids", how="left", maintain_order="left")
    )
    yield from _describe_rows(rows.filter(pl.col("shown_id").is_null()), "show a sample that is missing or was dropped")
    off = pl.col("shown_split").ne_missing(pl.lit(str(Split.TRAIN))) & pl.col("shown_id").is_not_null()
    yield from _describe_rows(rows.filter(off), "show a problem that is not in the training split")
    yield from _describe_rows(
        rows.filter(pl.col("shown_group") == pl.col("group")), "show a problem of their own group"
    )


def check_verdicts(version: Version, tables: Tables) -> Iterator[str]:
    """Laws 2 and 6: kept samples were judged correct, or are finished responses of a reference source."""
    kept = tables["samples"].filter(KEPT)
    right = [str(Verdict.CORRECT), str(Verdict.PROVIDED)]
    wrong = kept.filter(~pl.col("verdict").is_in(right).fill_null(value=False))
    yield from _describe_rows(wrong, "were kept, but not judged correct", "samples", "sample_id")
    problems = tables["problems"].filter(KEPT).select("problem_id", "source")
    sources = kept.join(problems, on="problem_id", how="left", maintain_order="left")
    yield from _describe_rows(
        sources.filter(pl.col("source").is_null()), "were kept, but their problem was not", "samples", "sample_id"
    )
    reference = [one["name"] for one in version.manifest.recipe["sources"] if one.get("role") == "reference"]
    provided = (pl.col("verdict") == Verdict.PROVIDED) & pl.col("source").is_not_null()
    yield from _describe_rows(
        sources.filter(provided & ~pl.col("source").is_in(reference)),
        "have the verdict `provided`, but their source does not have the role `reference`",
        "samples",
        "sample_id",
    )
    made = tables["examples"].filter(KEPT).join(kept, on=["sample_id", "problem_id"], how="anti")
    yield from _describe_rows(made, "were kept, but their sample was not")


def check_simulated(version: Version, tables: Tables) -> Iterator[str]:
    """Every row with text of the simulated teacher is marked as simulated."""
    samples, examples = tables["samples"], tables["examples"]
    simulated, stated = bool(samples["simulated"].any()), version.manifest.simulated
    if simulated != stated:
        yield f"the manifest says simulated: {stated}; the samples, {simulated}"
    if version.manifest.recipe["teacher"]["backend"] == "simulated":
        sampled = pl.col("verdict").ne_missing(pl.lit(str(Verdict.PROVIDED))) & pl.col("text").is_not_null()
        unmarked = samples.filter(sampled & ~pl.col("simulated"))
        yield from _describe_rows(unmarked, "were simulated, but are not marked", "samples", "sample_id")
    simulated_ids = samples.filter(pl.col("simulated"))["sample_id"].to_list()
    contains = (
        pl.col("sample_id").is_in(simulated_ids)
        | pl.col("other_sample_ids").list.eval(pl.element().is_in(simulated_ids)).list.any()
    )
    unmarked = examples.filter(contains.fill_null(value=False) & ~pl.col("simulated"))
    yield from _describe_rows(unmarked, "contain simulated text, but are not marked")


def check_parent(version: Version, _: Tables) -> Iterator[str]:
    """Law 4: the parent of a fixed version is no `dev` version, which may be overwritten."""
    manifest = version.manifest
    if manifest.version == DEV:
        return
    if manifest.parent == DEV:
        yield "its parent is a dev version, which may be overwritten"
    if manifest.parent == manifest.version:
        yield "it is its own parent"


def _describe_rows(rows: pl.DataFrame, message: str, unit: str = "examples", key: str = "example_id") -> Iterator[str]:
    """A finding that counts the rows and names one of them; nothing where there is none."""
    ids = rows[key].unique().sort()
    if ids.len():
        yield f"{ids.len():,} {unit} {message}, such as {ids[0]}"
