"""Judge the samples of one bucket, and choose among the paths of each problem."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.manifest import File
from ...schemas.reasons import Fate, Reason, Verdict
from ...schemas.recipe import Lengths, PassRate
from .. import select, sources
from ..parquet import read_parquet
from ..store.funnel import check_table_fates, count_fates
from ..store.results.memo import make_keys
from ..store.results.stages import StageResult, read_or_make
from ..store.tables import sort_rows, write_table
from .judging.reviews import apply_decisions, count_reviewed
from .judging.samples import PathRules, judge_samples, open_memo, recall
from .overlap.quotes import find_quoting
from .tokens import add_token_counts
from .unchanged import Before, BucketSize, Unchanged, write_inputs

SAMPLES = "samples.parquet"
"""The file of a result: rows of `Sample`, judged and chosen."""


def make_paths(
    stages: Path,
    rules: PathRules,
    problems: pl.DataFrame,
    decided_by: Mapping[str, Any],
    make_samples: Callable[[pl.DataFrame], pl.DataFrame],
    before: Before,
) -> tuple[StageResult, pl.DataFrame | None]:
    """Judge the samples of a bucket and choose among their paths, or read what was found before.

    Args:
        stages: the folder of all results.
        rules: how samples are judged and chosen.
        problems: the bucket's rows of `Problem`.
        decided_by: everything that decides the result.
        make_samples: makes the samples of some problems, rows of `Sample`; provided ones have their verdict already.
        before: what the bucket had before.

    Returns:
        The file `SAMPLES`, counts by name, how many judgements were new; and its rows, where they were not known.
    """
    made: list[pl.DataFrame] = []

    def make(folder: Path) -> tuple[Mapping[str, File], Mapping[str, Any]]:
        changed, known = _part_problems(problems, before.unchanged)
        selected, new = select_paths(stages, rules, changed, make_samples(changed), before.place.bucket)
        samples = selected if known is None else pl.concat([known, selected])
        rated = select.apply_pass_rates(problems, samples, rules.select.pass_rate)
        made.append(sort_rows("samples", select.follow_problems(samples, rated)))
        files, values = _write_paths(rated, made[0], new, folder)
        return {**files, **write_inputs(before.inputs, folder)}, values

    result = read_or_make(stages / "paths", decided_by, make)
    return result, next(iter(made), None)


def _part_problems(problems: pl.DataFrame, unchanged: Unchanged | None) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Part the problems that changed from the samples of those that did not."""
    if unchanged is None:
        return problems, None
    is_same = pl.col("problem_id").is_in(unchanged.problems.implode())
    known = read_parquet(unchanged.result.folder / SAMPLES).filter(is_same)
    return problems.filter(~is_same), known


def _write_paths(
    problems: pl.DataFrame, rows: pl.DataFrame, new: int, folder: Path
) -> tuple[Mapping[str, File], Mapping[str, Any]]:
    check_table_fates("samples", rows)
    is_sampled = pl.col("verdict").ne_missing(pl.lit(str(Verdict.PROVIDED)))
    values = {
        "counts": count_samples(problems, rows),
        "new": new,
        "work": rows.filter(is_sampled & pl.col("verdict").is_not_null()).height,
        "answers": rows.filter(is_sampled & pl.col("problem_id").is_not_null()).height,
    }
    return {SAMPLES: write_table("samples", rows, folder / SAMPLES)}, values


def select_paths(
    stages: Path | None, rules: PathRules, problems: pl.DataFrame, samples: pl.DataFrame, bucket: BucketSize
) -> tuple[pl.DataFrame, int]:
    """Judge samples and choose among their paths; findings about the same content are recalled.

    Args:
        stages: the folder of all results; None keeps nothing but judgements.
        rules: how samples are judged and chosen.
        problems: the bucket's rows of `Problem`.
        samples: rows of `Sample`.
        bucket: the bucket.

    Returns:
        Rows of `Sample`, and the number of samples whose judgement was new.
    """
    counted = add_token_counts(stages, rules.counter, samples, bucket, rules.verify.max_characters)
    judged, methods, new = judge_samples(stages, rules, problems, counted, bucket)
    judged = apply_decisions(judged, rules.decisions)
    return _choose_paths(stages, rules, problems, judged, methods, bucket), new


def _choose_paths(
    stages: Path | None,
    rules: PathRules,
    problems: pl.DataFrame,
    judged: pl.DataFrame,
    methods: pl.DataFrame,
    bucket: BucketSize,
) -> pl.DataFrame:
    """Drop paths by length, then duplicates, then pick those that are kept; only the last step depends on `keep`."""
    correct = select.select_kept(judged).join(methods, on="sample_id", how="left", maintain_order="left")
    quoting = _drop_quoting(stages, rules, correct, bucket)
    within = correct.join(quoting, on="sample_id", how="anti", maintain_order="left")
    outside = pl.concat([quoting, select.drop_outside(within, rules.select)])
    kept = correct.join(outside, on="sample_id", how="anti", maintain_order="left").join(
        problems.filter(pl.col("fate") == Fate.KEPT)
        .select("problem_id", "question", "answer", "choices", "reference_rationale")
        .unique("problem_id", keep="first"),
        on="problem_id",
        how="left",
        maintain_order="left",
    )
    keyed = kept.join(_make_choice_keys(kept), on="problem_id", maintain_order="left")
    # lengths have dropped what they drop, and pass rates drop whole problems later
    policy = rules.select.model_copy(update={"lengths": Lengths(), "pass_rate": PassRate()})
    deciding = {
        **rules.describe(),
        "evaluations": None,
        "verify": None,
        "tokens": None,
        "select": policy.model_dump(mode="json"),
    }
    readers = select.make_readers(policy)
    apart = {**deciding, "select": policy.model_copy(update={"keep": None}).model_dump(mode="json")}
    find = partial(_find_choices, keyed, lambda rows: select.find_duplicates(rows, policy, rules.seed, readers))
    memo = open_memo(stages, "duplicates", apart, bucket, bucket.problems)
    choices = recall(memo, keyed["key"], find).findings
    leaders = choices.filter(pl.col("cluster") == pl.col("sample_id"))
    distinct = keyed.join(leaders, on="sample_id", how="semi", maintain_order="left")
    several = distinct.filter(pl.len().over("key") > 1)
    find = partial(_find_choices, several, lambda rows: select.pick_rows(rows, policy, rules.seed, readers))
    memo = open_memo(stages, "picks", deciding, bucket, bucket.problems)
    picked = recall(memo, several["key"], find).findings
    choices = pl.concat([choices.join(picked, on="sample_id", how="anti"), picked])
    return select.add_choices(judged, pl.concat([select.follow_leaders(choices.drop("key")), outside]))


def _drop_quoting(stages: Path | None, rules: PathRules, correct: pl.DataFrame, bucket: BucketSize) -> pl.DataFrame:
    """Drop the paths that hold a question of an evaluation set; choices as `select.drop_outside` returns them."""
    if rules.evaluations is None:
        return select.drop_quoting(correct, None)
    memo = open_memo(stages, "quotes", rules.evaluations.describe(), bucket, bucket.answers)
    return select.drop_quoting(correct, find_quoting(rules.evaluations, memo, correct))


def _make_choice_keys(kept: pl.DataFrame) -> pl.DataFrame:
    """Make a key for the paths of each problem from what decides their choice, in order of the ids."""
    columns = pl.col("sample_id", "hint", "verdict", "text")
    logprob = pl.col("logprob").cast(pl.String).fill_null("")
    problem = pl.col("question", "answer", "choices", "reference_rationale").first()
    paths = kept.sort("sample_id").group_by("problem_id", maintain_order=True).agg(columns, logprob, problem)
    return paths.select("problem_id", make_keys(paths))


def _find_choices(keyed: pl.DataFrame, choose: Callable[[pl.DataFrame], pl.DataFrame], keys: pl.Series) -> pl.DataFrame:
    """Choose among the paths of some problems, by key."""
    rows = keyed.filter(pl.col("key").is_in(keys.implode()))
    return rows.select("key", "sample_id").join(choose(rows), on="sample_id", how="left", maintain_order="left")


def rate_problems(
    rules: PathRules, problems: pl.DataFrame, paths: StageResult, rows: pl.DataFrame | None
) -> pl.DataFrame:
    """Rate the problems of a bucket by its samples; see `select.apply_pass_rates`.

    Args:
        rules: how samples are judged and chosen.
        problems: the bucket's rows of `Problem`.
        paths: the result of `make_paths`.
        rows: its rows, where they were not known.
    """
    samples = read_parquet(paths.folder / SAMPLES, select.RATED_COLUMNS) if rows is None else rows
    return select.apply_pass_rates(problems, samples, rules.select.pass_rate)


def count_samples(problems: pl.DataFrame, samples: pl.DataFrame) -> dict[str, int]:
    """Count what the manifest says about the samples of a bucket; the counts of buckets add up.

    Args:
        problems: the bucket's rows of `Problem`.
        samples: the bucket's rows of `Sample`, judged and chosen.
    """
    counts = count_fates("samples", samples)
    kept = samples.filter(pl.col("fate") == Fate.KEPT)
    leaders = samples.filter(pl.col("cluster") == pl.col("sample_id"))
    counts["kept:samples"] = kept.height
    counts["problems_with_path"] = kept["problem_id"].n_unique()
    counts["distinct_paths"] = leaders.height
    counts["reasoned"] = kept["reasoning"].count()
    counts.update(select.count_answers(samples))
    counts.update(select.count_origins(problems, samples))
    counts.update(select.count_judges(samples))
    counts.update(select.count_diversity(problems, samples))
    counts["unchecked"] = kept.filter(pl.col("verdict") == Verdict.UNCHECKED).height
    counts.update(count_reviewed(samples))
    counts["agreed"] = kept.filter(pl.col("verdict") == Verdict.AGREED).height
    counts["simulated"] = int(samples["simulated"].sum())
    answered = samples.filter(pl.col("problem_id").is_not_null())
    counts.update({f"teacher:{teacher}": rows for teacher, rows in answered.group_by("teacher").len().iter_rows()})
    is_split = (pl.col("fate") == Fate.KEPT) & pl.col("split").is_not_null()  # evaluation sets have no split
    paths = (
        problems.filter(is_split)
        .select("problem_id")
        .join(leaders.group_by("problem_id").len("paths"), on="problem_id", how="left")
    )
    histogram = paths.with_columns(pl.col("paths").fill_null(0)).group_by("paths").len()
    counts.update({f"paths:{number}": rows for number, rows in histogram.iter_rows()})
    return dict(counts)


def count_problems(problems: pl.DataFrame) -> dict[str, int]:
    """Count what the manifest says about the problems of a bucket; the counts of buckets add up."""
    counts: Counter[str] = count_fates("problems", problems)
    kept = problems.filter(pl.col("fate") == Fate.KEPT)
    counts["kept:problems"] = kept.height
    splits = kept.drop_nulls("split").group_by("split").len()
    counts.update({f"split:{split}": rows for split, rows in splits.iter_rows()})
    counts.update(sources.count_repeated(problems))
    corrected = kept.filter(pl.col("stated_answer").is_not_null())["problem_id"].n_unique()
    dropped = problems.filter(pl.col("reason") == Reason.REJECTED_IN_REVIEW)["problem_id"].n_unique()
    counts.update({"reviewed:gold": corrected, "reviewed:drop": dropped})
    return dict(counts)
