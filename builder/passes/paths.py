"""Judge the samples of one bucket, and choose among the paths of each problem."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.frames import get_schema, make_writer
from ...schemas.ids import digest
from ...schemas.manifest import File
from ...schemas.problem import AnswerType, Problem
from ...schemas.reasons import Fate, Reason, Verdict
from ...schemas.recipe import Lengths, Select, Verify
from ...schemas.sample import Hint, Part, Sample
from .. import select, verify
from ..engine import mark_row
from ..parquet import read_parquet
from ..store.funnel import check_table_fates, count_fates
from ..store.memo import Memo, Recalled, make_keys, recall_or_find
from ..store.stages import StageResult, read_or_make
from ..store.tables import sort_rows, write_table
from ..text.equations import Equation, find_equations
from ..text.traces import join_parts
from .rounds.judged import JudgedPieces, recall_judged
from .tokens import TokenCounter, add_token_counts
from .unchanged import Before, BucketSize, Unchanged, write_inputs

SAMPLES = "samples.parquet"
"""The file of a result: rows of `Sample`, judged and chosen."""

_JUDGED = ("verdict", "predicted", "span", "answer_part", "rule", "steps", "blind_predicted", "reason", "detail")
"""What judging finds out about a sample."""

_DECIDING = (
    "finish_reason", "hint", "answer_type", "answer", "question", "text", "reasoning", "blind_text", "choices"
)  # fmt: skip
"""What decides it."""

_FINDINGS = pl.Schema([
    ("key", pl.String()),
    *((name, kind) for name, kind in get_schema(Sample).items() if name in {*_JUDGED, "signature"}),
    ("operations", pl.List(pl.String)),
])  # fmt: skip
"""The columns of what is found out about a text."""

_SET_ASIDE = "set aside by the recipe: checking it ended the process that did"


@dataclass(frozen=True, kw_only=True, slots=True)
class PathRules:
    """What decides the judgements and choices of a bucket, besides its rows."""

    verify: Verify
    """How samples are checked."""
    select: Select
    """Which paths are kept."""
    counter: TokenCounter | None = None
    """What counts tokens; None leaves the counts of the server."""
    judged: JudgedPieces = field(default_factory=JudgedPieces)
    """What was judged between rounds of sampling."""

    def describe(self) -> dict[str, Any]:
        """Everything that decides a result, as plain values."""
        return {
            "code": [verify.CODE_VERSION, select.CODE_VERSION],
            "verify": self.verify.model_dump(mode="json"),
            "select": self.select.model_dump(mode="json"),
            "tokens": self.counter and self.counter.describe(),
        }


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
        made.append(sort_rows("samples", selected if known is None else pl.concat([known, selected])))
        files, values = _write_paths(problems, made[0], new, folder)
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
    judged, methods, new = _judge_samples(stages, rules, problems, counted, bucket)
    return _choose_paths(stages, rules, judged, methods, bucket), new


def _recall(memo: Memo | None, keys: pl.Series, find: Callable[[pl.Series], pl.DataFrame]) -> Recalled:
    """Recall the findings about rows, and find those that are missing; all, where nothing is kept."""
    if memo is None:
        needed = keys.unique(maintain_order=True)
        return Recalled(findings=find(needed), new=needed.len(), known=0)
    return recall_or_find(memo, keys, find)


def _open_memo(stages: Path | None, name: str, rules: Any, bucket: BucketSize, rows: int) -> Memo | None:
    if stages is None:
        return None
    folder = stages / name / "memo" / digest(rules)[:16]
    return Memo(folder=folder, bucket=bucket.number, bits=bucket.bits, rows=rows)


def _judge_samples(
    stages: Path | None, rules: PathRules, problems: pl.DataFrame, samples: pl.DataFrame, bucket: BucketSize
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Judge samples. Returns them, the methods of kept ones by sample id, and the number of new judgements."""
    work = verify.select_sampled(problems, samples)
    is_aside = pl.col("sample_id").is_in(list(rules.verify.set_aside))
    aside, work = work.filter(is_aside), work.filter(~is_aside)
    keyed = work.with_columns(key=make_keys(work.select(_DECIDING)))
    policy = rules.verify.model_copy(update={"set_aside": ()})
    deciding = {**rules.describe(), "verify": policy.model_dump(mode="json"), "select": None, "tokens": None}
    owners = keyed.select("sample_id", "key").join(
        samples.select("sample_id", "problem_id"), on="sample_id", how="left"
    )
    find = partial(recall_judged, rules.judged, bucket, owners, partial(_judge_keys, keyed, policy))
    memo = _open_memo(stages, "judge", deciding, bucket, bucket.answers)
    recalled = _recall(memo, keyed["key"], find)
    findings = keyed.select("sample_id", "key").join(recalled.findings, on="key", how="left", maintain_order="left")
    judgements = findings.select("sample_id", *_JUDGED)
    judged = verify.add_judgements(samples, pl.concat([judgements, _set_aside(aside, judgements)]))
    return judged, findings.select("sample_id", "signature", "operations"), recalled.new


def _set_aside(rows: pl.DataFrame, judgements: pl.DataFrame) -> pl.DataFrame:
    """Make the findings about samples that the recipe sets aside: nothing is known of them (law 2)."""
    empty = {name: pl.lit(None, dtype=kind) for name, kind in judgements.schema.items() if name != "sample_id"}
    return rows.select("sample_id").with_columns(**{
        **empty,
        "verdict": pl.lit(str(Verdict.CHECK_FAILED)),
        "reason": pl.lit(str(Reason.CHECK_FAILED)),
        "detail": pl.lit(_SET_ASIDE),
        "steps": pl.lit([], dtype=judgements.schema["steps"]),
    })  # fmt: skip


def _judge_keys(keyed: pl.DataFrame, policy: Verify, keys: pl.Series) -> pl.DataFrame:
    """Judge the first row of each key."""
    rows = keyed.filter(pl.col("key").is_in(keys.implode())).unique("key", keep="first", maintain_order=True)
    return pl.DataFrame(_judge_rows(rows, policy), schema=_FINDINGS, orient="row")


def _judge_rows(rows: pl.DataFrame, policy: Verify) -> Iterator[dict[str, Any]]:
    write = make_writer(verify.Judgement)
    for row in rows.iter_rows(named=True):
        mark_row(row["sample_id"])
        equations = _find_equations(row, policy.max_characters)
        judgement = verify.judge(
            _make_problem(row),
            row["text"],
            reasoning=row["reasoning"],
            finish_reason=row["finish_reason"],
            hint=Hint(row["hint"]),
            blind_text=row["blind_text"],
            policy=policy,
            equations=equations,
        )
        method = None
        if judgement.reason is None and equations is not None:
            found = [equation for part in Part for equation in equations.get(part, ())]
            method = select.read_method(join_parts(row["reasoning"], row["text"]), found)
        yield {
            "key": row["key"],
            **write(judgement),
            "signature": method and method.signature,
            "operations": method and sorted(method.operations),
        }


def _find_equations(row: Mapping[str, Any], most: int) -> dict[Part, list[Equation]] | None:
    """Find the equations of each part of a sample; None where it is too long to be checked."""
    parts = {part: row[part] for part in (Part.REASONING, Part.TEXT) if row[part]}
    if sum(map(len, parts.values())) > most:
        return None
    return {part: find_equations(text) for part, text in parts.items()}


def _make_problem(row: Mapping[str, Any]) -> Problem:
    return Problem(
        problem_id="",
        source="",
        origin="",
        question=row["question"],
        answer=row["answer"],
        answer_type=AnswerType(row["answer_type"]),
        choices=tuple(row["choices"] or ()),
    )


def _choose_paths(
    stages: Path | None, rules: PathRules, judged: pl.DataFrame, methods: pl.DataFrame, bucket: BucketSize
) -> pl.DataFrame:
    """Drop paths by length, then duplicates, then pick those that are kept; only the last step depends on `keep`."""
    correct = select.select_kept(judged).join(methods, on="sample_id", how="left", maintain_order="left")
    outside = select.drop_outside(correct, rules.select)
    kept = correct.join(outside, on="sample_id", how="anti", maintain_order="left")
    keyed = kept.join(_make_choice_keys(kept), on="problem_id", maintain_order="left")
    policy = rules.select.model_copy(update={"lengths": Lengths()})  # they have dropped what they drop
    deciding = {**rules.describe(), "verify": None, "tokens": None, "select": policy.model_dump(mode="json")}
    apart = {**deciding, "select": policy.model_copy(update={"keep": None}).model_dump(mode="json")}
    find = partial(_find_choices, keyed, lambda rows: select.find_duplicates(rows, policy))
    memo = _open_memo(stages, "duplicates", apart, bucket, bucket.problems)
    choices = _recall(memo, keyed["key"], find).findings
    distinct = keyed.join(choices.filter(pl.col("reason").is_null()), on="sample_id", how="semi", maintain_order="left")
    if policy.keep is not None:
        many = distinct.filter(pl.len().over("key") > policy.keep)
        find = partial(_find_choices, many, lambda rows: select.pick_rows(rows, policy))
        memo = _open_memo(stages, "picks", deciding, bucket, bucket.problems)
        picked = _recall(memo, many["key"], find).findings
        choices = pl.concat([choices.join(picked, on="sample_id", how="anti"), picked])
    return select.add_choices(judged, pl.concat([choices.drop("key"), outside]))


def _make_choice_keys(kept: pl.DataFrame) -> pl.DataFrame:
    """Make a key for the paths of each problem: their ids, texts and hints, in order of the ids."""
    paths = kept.sort("sample_id").group_by("problem_id", maintain_order=True).agg("sample_id", "hint", "text")
    return paths.select("problem_id", make_keys(paths))


def _find_choices(keyed: pl.DataFrame, choose: Callable[[pl.DataFrame], pl.DataFrame], keys: pl.Series) -> pl.DataFrame:
    """Choose among the paths of some problems, by key."""
    rows = keyed.filter(pl.col("key").is_in(keys.implode()))
    return rows.select("key", "sample_id").join(choose(rows), on="sample_id", how="left", maintain_order="left")


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
    counts["unchecked"] = kept.filter(pl.col("verdict") == Verdict.UNCHECKED).height
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
    return dict(counts)
