"""The laws, checked on the rows of a bucket as they are: fates, places, splits, demonstrations, verdicts, marks."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from ...schemas.manifest import list_backends
from ...schemas.problem import Split
from ...schemas.reasons import Fate, Reason, Verdict
from ...schemas.recipe import PassRate
from ...schemas.review import ReviewAction
from ...schemas.sample import Hint
from .. import mix, select, sources
from ..store.funnel import CAME_THROUGH, check_table_fates
from ..store.pieces import CELL_BITS
from ..store.tables import SORTED_BY
from .bucket import AuditBucket
from .finding import Fault
from .outline import KEPT, KEPT_FLAG, SIMULATED_FLAG, TRAIN_FLAG


def check_row_fates(bucket: AuditBucket) -> Iterator[Fault]:
    """Law 1: every row has one fate, every drop a stage and a reason, and no id occurs twice.

    What is dropped as a duplicate names what it repeats; a sample repeats one of its problem that is none itself.
    Whether the problem that a question repeats is there, the whole version knows.
    """
    for name, frame in bucket.tables.items():
        try:
            check_table_fates(name, frame)
        except RuntimeError as error:
            yield Fault(message=str(error))
    problems = bucket.tables.get("problems")
    if problems is not None:
        is_duplicate = pl.col("reason").eq_missing(pl.lit(str(Reason.DUPLICATE_PROBLEM)))
        unnamed = problems.filter(is_duplicate != pl.col("duplicate_of").is_not_null())
        message = "are dropped as duplicates and name no other, or name one and are not"
        yield from describe_rows(unnamed, message, "problems", "problem_id")
    samples = bucket.tables.get("samples")
    if samples is not None:
        leaders = samples.filter(pl.col("cluster") == pl.col("sample_id")).select("problem_id", "cluster")
        lost = samples.drop_nulls("cluster").join(leaders, on=["problem_id", "cluster"], how="anti")
        yield from describe_rows(lost, "repeat a sample that is missing, or a duplicate", "samples", "sample_id")


def check_places(bucket: AuditBucket) -> Iterator[Fault]:
    """Every row lies in the bucket and at the place that follow from its ids, and what the mixture decides fits."""
    problems, samples, texts, mixture = (bucket.files[name] for name in ("problems", "samples", "examples", "mixture"))
    yield from _describe_misplaced(bucket, problems["problem_id"], "problems")
    yield from _describe_misplaced(bucket, samples["problem_id"], "samples")
    yield from _describe_misplaced(bucket, texts["problem_id"], "examples")
    for name, frame in bucket.files.items():
        keys = frame.select(SORTED_BY[name])
        if not keys.equals(keys.sort(SORTED_BY[name])):
            yield Fault(message=f"{{0}} files of {name} do not have their rows in order", counts=(1,))
    yield from _check_mixture(texts, mixture)


def _describe_misplaced(bucket: AuditBucket, ids: pl.Series, unit: str) -> Iterator[Fault]:
    """Find rows that belong into another bucket."""
    bits = bucket.manifest.bucket_bits
    if not bits:
        return
    cells = ids.fill_null("p_0000").str.slice(2, CELL_BITS // 4).str.to_integer(base=16, strict=False)
    is_here = (cells // (1 << (CELL_BITS - bits)) == bucket.number).fill_null(value=False)
    misplaced = ids.filter(~is_here)
    if misplaced.len():
        message = f"{{0}} {unit} lie in another bucket than their problem, such as those of {{names}}"
        names = (str(misplaced.sort(nulls_last=True)[0] or "no problem"),)
        yield Fault(message=message, counts=(misplaced.len(),), names=names)


def _check_mixture(texts: pl.DataFrame, mixture: pl.DataFrame) -> Iterator[Fault]:
    lost = mixture.join(texts, left_on="text_id", right_on="example_id", how="anti")
    yield from describe_rows(lost, "are in the mixture, and have no text")
    decided = texts.join(mixture.select("text_id"), left_on="example_id", right_on="text_id", how="semi")
    is_training = (KEPT & (pl.col("split") != Split.TEST)).fill_null(value=False)
    undecided = texts.filter(is_training).join(decided.select("example_id"), on="example_id", how="anti")
    yield from describe_rows(undecided, "are for training, and the mixture does not decide about them")
    yield from describe_rows(decided.filter(~is_training), "are in the mixture, and are not for training")


def check_splits(bucket: AuditBucket) -> Iterator[Fault]:
    """Law 6: no example of the test split is for training, or states another split than its problem."""
    problems = bucket.tables["problems"].filter(KEPT)
    splits = problems.select("problem_id", pl.col("split").alias("side"))
    kept = bucket.tables["examples"].filter(KEPT).select("example_id", "problem_id", "split", "mixture_stage")
    rows = kept.join(splits, on="problem_id", how="left", maintain_order="left")
    yield from describe_rows(
        rows.filter(pl.col("side").is_null()), "train on a problem that was not kept, or is for evaluation"
    )
    moved = rows.filter(pl.col("side").is_not_null() & (pl.col("side") != pl.col("split")))
    yield from describe_rows(moved, "state another split than their problem")
    trained = pl.col("mixture_stage").is_not_null()
    yield from describe_rows(
        rows.filter(trained & (pl.col("side") == Split.TEST)), "train on a problem of the test split"
    )


def check_demonstrations(bucket: AuditBucket) -> Iterator[Fault]:
    """Law 6: demonstrations come from the training split and from other clusters, and were kept."""
    if bucket.index is None:
        return
    group = pl.coalesce("cluster", "group", "problem_id").hash(seed=0)
    problems = bucket.tables["problems"].filter(KEPT).select("problem_id", own=group)
    rows = (
        bucket.tables["examples"]
        .filter(KEPT & (pl.col("other_sample_ids").list.len() > 0))
        .select("example_id", "problem_id", "other_sample_ids")
        .explode("other_sample_ids")
        .join(problems, on="problem_id", how="left", maintain_order="left")
    )
    groups, flags = bucket.index.find(rows["other_sample_ids"])
    rows = rows.with_columns(shown=pl.Series(groups), flags=pl.Series(flags))
    is_kept, is_train = (pl.lit(pl.Series(flags & flag > 0)) for flag in (KEPT_FLAG, TRAIN_FLAG))
    yield from describe_rows(rows.filter(~is_kept), "show a sample that is missing or was dropped")
    yield from describe_rows(rows.filter(is_kept & ~is_train), "show a problem that is not in the training split")
    is_own = is_kept & (pl.col("shown") == pl.col("own"))
    yield from describe_rows(rows.filter(is_own), "show a problem of their own cluster")


def check_verdicts(bucket: AuditBucket) -> Iterator[Fault]:
    """Laws 2 and 6: kept samples were judged correct, or are finished responses of a reference source.

    Where the recipe asks for no check of the answers, none is correct, and kept ones are unchecked. Without a gold
    answer none is correct, and kept ones are agreed, by as many samples as the recipe asks for.
    """
    columns = ("sample_id", "problem_id", "verdict", "fate", "consensus", "review")
    kept = bucket.tables["samples"].select(columns).filter(KEPT)
    policy = bucket.manifest.recipe.get("verify", {})
    is_checked = policy.get("answer", "in_response") != "unchecked"
    agreed = [str(Verdict.AGREED)] if policy.get("consensus") else []
    right = [str(Verdict.PROVIDED), str(Verdict.CORRECT if is_checked else Verdict.UNCHECKED), *agreed]
    read = pl.col("review").struct.field("action") == ReviewAction.ACCEPT
    is_right = pl.col("verdict").is_in(right) | ((pl.col("verdict") == Verdict.ACCEPTED) & read)
    wrong = kept.filter(~is_right.fill_null(value=False))
    yield from describe_rows(wrong, "were kept, but not judged correct", "samples", "sample_id")
    yield from _check_agreed(bucket, policy.get("consensus"))
    yield from _check_pass_rates(bucket)
    problems = bucket.tables["problems"].filter(KEPT).select("problem_id", "source")
    sources = kept.join(problems, on="problem_id", how="left", maintain_order="left")
    yield from describe_rows(
        sources.filter(pl.col("source").is_null()), "were kept, but their problem was not", "samples", "sample_id"
    )
    reference = [one["name"] for one in bucket.manifest.recipe["sources"] if one.get("role") == "reference"]
    provided = (pl.col("verdict") == Verdict.PROVIDED) & pl.col("source").is_not_null()
    yield from describe_rows(
        sources.filter(provided & ~pl.col("source").is_in(reference)),
        "have the verdict `provided`, but their source does not have the role `reference`",
        "samples",
        "sample_id",
    )
    examples = bucket.tables["examples"].select("example_id", "sample_id", "problem_id", "fate").filter(KEPT)
    made = examples.join(kept, on=["sample_id", "problem_id"], how="anti")
    yield from describe_rows(made, "were kept, but their sample was not")


def _check_pass_rates(bucket: AuditBucket) -> Iterator[Fault]:
    """The pass rate of a problem is that of its samples."""
    problems = bucket.tables["problems"]
    rated = select.apply_pass_rates(problems, bucket.tables["samples"], PassRate())
    other = problems.filter(rated["pass_rate"].ne_missing(problems["pass_rate"]))
    yield from describe_rows(other, "have a pass rate that their samples do not have", "problems", "problem_id")


def _check_agreed(bucket: AuditBucket, rule: Mapping[str, Any] | None) -> Iterator[Fault]:
    """Without a gold answer nothing is correct or wrong, and nothing is agreed that too few samples say."""
    golds = bucket.tables["problems"].filter(CAME_THROUGH).select("problem_id", has_gold=pl.col("answer").is_not_null())
    samples = bucket.tables["samples"].select("sample_id", "problem_id", "verdict", "consensus")
    rows = samples.join(golds, on="problem_id", maintain_order="left")
    is_compared = pl.col("verdict").is_in([str(Verdict.CORRECT), str(Verdict.WRONG)])
    compared = rows.filter(is_compared & ~pl.col("has_gold"))
    yield from describe_rows(compared, "were compared with a gold answer that there is not", "samples", "sample_id")
    agreed = rows.filter(pl.col("verdict") == Verdict.AGREED)
    yield from describe_rows(
        agreed.filter("has_gold"), "are agreed, and their problem has a gold answer", "samples", "sample_id"
    )
    found = pl.col("consensus").struct
    is_enough = (found.field("agreeing") >= (rule or {}).get("least", 0)) & found.field("answer").is_not_null()
    lonely = agreed.filter(~is_enough.fill_null(value=False))
    yield from describe_rows(lonely, "are agreed, and too few samples say so", "samples", "sample_id")


def check_simulated(bucket: AuditBucket) -> Iterator[Fault]:
    """Every row with text of the simulated teacher is marked as simulated."""
    samples, examples = bucket.tables["samples"], bucket.tables["examples"]
    if list_backends(bucket.manifest) == {"simulated"}:
        sampled = pl.col("verdict").ne_missing(pl.lit(str(Verdict.PROVIDED))) & pl.col("text").is_not_null()
        unmarked = samples.filter(sampled & ~pl.col("simulated"))
        yield from describe_rows(unmarked, "were simulated, but are not marked", "samples", "sample_id")
    if bucket.index is None or not np.any(bucket.index.flags & SIMULATED_FLAG):
        return
    unmarked = examples.filter(~pl.col("simulated"))
    shown = unmarked.select("example_id", sample=pl.concat_list("sample_id", "other_sample_ids"))
    rows = shown.explode("sample").drop_nulls("sample")
    _, flags = bucket.index.find(rows["sample"])
    yield from describe_rows(
        rows.filter(pl.Series(flags & SIMULATED_FLAG > 0)), "contain simulated text, but are not marked"
    )


def describe_rows(rows: pl.DataFrame, message: str, unit: str = "examples", key: str = "example_id") -> Iterator[Fault]:
    """A fault that counts the rows and names one of them; nothing where there is none."""
    ids = rows[key].unique().sort()
    if ids.len():
        yield Fault(message=f"{{0}} {unit} {message}, such as {{names}}", counts=(ids.len(),), names=(str(ids[0]),))


def count_rows(bucket: AuditBucket) -> dict[str, int]:
    """Count what the manifest says of the rows of a bucket; the counts of buckets add up."""
    problems, samples, examples = (bucket.tables[name] for name in ("problems", "samples", "examples"))
    leaders = samples.filter(pl.col("cluster") == pl.col("sample_id"))
    kept, sided = samples.filter(KEPT), problems.filter(KEPT & pl.col("split").is_not_null())
    agreed = kept.filter(pl.col("verdict") == Verdict.AGREED).height
    trained = (pl.col("fate") == Fate.KEPT) & pl.col("mixture_stage").is_not_null()
    paths = sided.select("problem_id").join(leaders.group_by("problem_id").len("paths"), on="problem_id", how="left")
    answered = samples.filter(pl.col("problem_id").is_not_null())
    return {
        **{f"counts:{name}": frame.height for name, frame in bucket.tables.items()},
        **{f"counts:{name}_kept": frame.filter(KEPT).height for name, frame in bucket.tables.items()},
        "counts:problems_with_path": kept["problem_id"].n_unique(),
        "counts:distinct_paths": leaders.height,
        **({"counts:samples_agreed": agreed} if agreed else {}),
        "counts:training_examples": examples.filter(trained).height,
        "simulated": int(samples["simulated"].sum()),
        **sources.count_repeated(problems),
        **mix.count_mixed(_list_taken(examples.filter(trained), samples)),
        **_count_values("splits", sided["split"]),
        **_count_values("paths_per_problem", paths["paths"].fill_null(0)),
        **_count_values("teachers", answered["teacher"]),
    }


def _list_taken(trained: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """List the rows that stages took, with what the mixture counts of them."""
    hinted = samples.filter(pl.col("hint") == Hint.HINTED)["sample_id"]
    columns = ("mixture_stage", "repeat", "source", "prompt_tokens", "loss_tokens")
    return trained.select(*columns, is_hinted=pl.col("sample_id").is_in(hinted.implode()).fill_null(value=False))


def _count_values(key: str, values: pl.Series) -> dict[str, int]:
    return {f"{key}:{value}": rows for value, rows in values.value_counts().iter_rows()}
