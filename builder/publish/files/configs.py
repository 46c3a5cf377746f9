"""The configs of a published version: split its tables into configs, and rebuild the tables from them.

    default             kept training and held-out examples of all formats; one folder for each format
    candidates          all samples, with their verdicts
    problems            all problems
    logprobs            token log probabilities of the samples, if the teacher returned them
    dropped_examples    examples that the mixture dropped

The splits `train`, `test`, `evaluation` and `dropped` follow the problem, never a verdict: a better verifier moves no
row of `candidates` to another split.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ....schemas.example import Example
from ....schemas.frames import check_frame, get_schema
from ....schemas.problem import Problem
from ....schemas.reasons import Fate, Verdict
from ....schemas.sample import Hint, Sample
from ...store import Version
from .lineage import INTRODUCED, sort_by_introduction

SPLITS = ("train", "test", "evaluation", "dropped")
"""The splits: training, test, evaluation sets (never trained on), and dropped problems."""

DEFAULT, CANDIDATES, PROBLEMS, LOGPROBS, DROPPED = "default", "candidates", "problems", "logprobs", "dropped_examples"

_FATE = ("stage", "fate", "reason", "detail")
"""Columns that are constant for kept rows."""

# The candidates have verdicts and texts in one file, short columns first. Parquet stores each column of a row group in
# separate bytes. So new verdicts over the same texts change only the short columns, and a reader of verdicts downloads
# no texts. Two files would cost every reader a join. docs/benchmark-publish.md has the figures.
_TEXTS = ("steps", "text", "reasoning")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigSplit:
    """The rows of one split of a config, or of one format of the config `default`."""

    folder: str
    """Their folder below `data/`: `problems`, `default/zero_shot_cot`."""
    split: str
    """One of `SPLITS`."""
    frame: pl.DataFrame
    """The rows, sorted by (version that introduced them, id)."""
    generations: tuple[int, ...]
    """Number of rows that each version introduced, oldest first; versions without rows are left out."""


def split_configs(
    version: Version, tables: Mapping[str, pl.DataFrame], ancestors: Sequence[Version]
) -> Iterator[ConfigSplit]:
    """Split the tables of a version into configs and splits.

    Args:
        version: the version.
        tables: its tables `problems`, `samples` and `examples`.
        ancestors: the earlier versions, oldest first; their rows come first.
    """
    ordered = {name: sort_by_introduction(frame, name, ancestors) for name, frame in tables.items()}
    problems, samples, examples = ordered["problems"], ordered["samples"], ordered["examples"]
    rates = compute_pass_rates(samples)
    splits = _assign_splits(problems)
    kept = examples["fate"] == Fate.KEPT
    default = _build_default(examples.filter(kept), problems, samples, rates)
    for name in default["format"].unique().sort():
        yield from _split_frame(f"{DEFAULT}/{name}", default.filter(pl.col("format") == name), pl.col("split"))
    yield from _split_frame(CANDIDATES, *_join_splits(_build_candidates(samples, version), splits))
    yield from _split_frame(PROBLEMS, problems.join(rates, on="problem_id", how="left", maintain_order="left"), _SPLIT)
    logprobs = samples.filter(pl.col("token_logprobs").is_not_null())
    logprobs = logprobs.select("sample_id", "problem_id", "token_logprobs", INTRODUCED)
    yield from _split_frame(LOGPROBS, *_join_splits(logprobs, splits))
    yield from _split_frame(DROPPED, examples.filter(~kept), pl.col("split"))


_SPLIT = (
    pl.when(pl.col("fate") == Fate.DROPPED).then(pl.lit("dropped")).otherwise(pl.col("split").fill_null("evaluation"))
)
"""The split of a problem."""


def _assign_splits(problems: pl.DataFrame) -> pl.DataFrame:
    """Assign a split to each problem: columns problem_id, _split. Of duplicates, the kept row decides."""
    splits = problems.select("problem_id", _SPLIT.alias("_split"))
    order = pl.col("_split").replace_strict(dict(zip(SPLITS, range(len(SPLITS)), strict=True)))
    return splits.sort(order, maintain_order=True).unique("problem_id", keep="first", maintain_order=True)


def _join_splits(samples: pl.DataFrame, splits: pl.DataFrame) -> tuple[pl.DataFrame, pl.Expr]:
    joined = samples.join(splits, on="problem_id", how="left", maintain_order="left")
    return joined, pl.col("_split").fill_null("dropped")


def _split_frame(folder: str, frame: pl.DataFrame, split_expression: pl.Expr) -> Iterator[ConfigSplit]:
    """Yield the rows of each split that has rows."""
    frame = frame.with_columns(split_expression.alias("_split"))
    for split in SPLITS:
        rows = frame.filter(pl.col("_split") == split).drop("_split")
        if rows.height:
            generations = tuple(rows[INTRODUCED].rle().struct.field("len"))
            yield ConfigSplit(folder=folder, split=split, frame=rows.drop(INTRODUCED), generations=generations)


def compute_pass_rates(samples: pl.DataFrame) -> pl.DataFrame:
    """Compute pass rates: the share of correct samples among the unhinted samples of a problem that have a verdict.

    Args:
        samples: rows of `Sample`.

    Returns:
        Columns problem_id, pass_rate. Problems without such samples are left out.
    """
    verdicts = [Verdict.CORRECT, Verdict.WRONG, Verdict.NO_ANSWER, Verdict.TRUNCATED]
    unhinted = samples.filter((pl.col("hint") == Hint.NONE) & pl.col("verdict").is_in(list(map(str, verdicts))))
    is_correct = pl.col("verdict") == Verdict.CORRECT
    return unhinted.group_by("problem_id", maintain_order=True).agg(pass_rate=is_correct.mean())


def _build_default(
    examples: pl.DataFrame, problems: pl.DataFrame, samples: pl.DataFrame, rates: pl.DataFrame
) -> pl.DataFrame:
    """Build the config `default`: kept examples, with columns of their problem and sample."""
    answers = problems.filter(pl.col("fate") == Fate.KEPT).unique("problem_id", keep="first", maintain_order=True)
    columns = samples.select("sample_id", "teacher", "hint", "cluster")
    rows = (
        examples.join(answers.select("problem_id", "answer"), on="problem_id", how="left", maintain_order="left")
        .join(columns, on="sample_id", how="left", maintain_order="left")
        .join(rates, on="problem_id", how="left", maintain_order="left")
    )
    first = ["messages", "answer", "source", "problem_id", "cluster", "pass_rate", "teacher", "hint"]
    rest = [name for name in examples.columns if name not in first and not _is_constant(rows, name)]
    return rows.select(*first, *rest)


def _is_constant(rows: pl.DataFrame, name: str) -> bool:
    """Whether a column has the value that it has for every kept row."""
    return name in _FATE and (name == "fate" or rows[name].null_count() == rows.height)


def _build_candidates(samples: pl.DataFrame, version: Version) -> pl.DataFrame:
    """Build the config `candidates`: all samples, with the sampling parameters of those of a teacher."""
    is_sampled = (pl.col("request_digests").list.len() > 0) & (
        pl.col("verdict").ne_missing(pl.lit(str(Verdict.PROVIDED)))
    )
    parameters = _list_sampling_parameters(version.manifest.recipe.get("teacher", {}))
    columns = [pl.when(is_sampled).then(pl.lit(value, dtype=kind)).alias(name) for name, value, kind in parameters]
    short = [name for name in samples.columns if name not in {*_TEXTS, "token_logprobs"}]
    return samples.with_columns(columns).select(*short, *(name for name, *_ in parameters), *_TEXTS)


def _list_sampling_parameters(teacher: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """List name, value and type of each sampling parameter; null if unknown or left to the server."""
    sampling = teacher.get("sampling") or {}
    return [
        ("temperature", sampling.get("temperature"), pl.Float64),
        ("top_p", sampling.get("top_p"), pl.Float64),
        ("max_tokens", sampling.get("max_tokens"), pl.Int64),
        ("top_logprobs", sampling.get("top_logprobs"), pl.Int64),
        ("prompt_template", (teacher.get("prompt") or {}).get("template"), pl.String),
    ]


def rebuild_tables(frames: Mapping[str, Sequence[pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    """Rebuild the tables of a version from its configs.

    Args:
        frames: the frames of each folder: `problems`, `default/zero_shot_cot`, ...

    Returns:
        The tables `problems`, `samples` and `examples` of the version.

    Raises:
        TypeError: the columns are not those of the records.
    """
    default = [frame for folder, own in frames.items() if folder.startswith(f"{DEFAULT}/") for frame in own]
    problems = _concat_frames(frames.get(PROBLEMS, ()), Problem)
    samples = _concat_frames(frames.get(CANDIDATES, ()), Sample, without=("token_logprobs",))
    examples = _concat_frames([*map(_restore_constants, default), *frames.get(DROPPED, ())], Example)
    return {
        "problems": problems.sort("problem_id", "source", "origin", maintain_order=True),
        "samples": _join_logprobs(samples, frames.get(LOGPROBS, ())).sort("sample_id"),
        "examples": examples.sort("example_id"),
    }


def _restore_constants(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that `default` leaves out, with their values for kept rows."""
    constant = {"fate": pl.lit(str(Fate.KEPT))}
    missing = [name for name in _FATE if name not in frame.columns]
    return frame.with_columns(
        constant.get(name, pl.lit(None, dtype=get_schema(Example)[name])).alias(name) for name in missing
    )


def _concat_frames(frames: Sequence[pl.DataFrame], record: type, without: Sequence[str] = ()) -> pl.DataFrame:
    schema = pl.Schema({name: kind for name, kind in get_schema(record).items() if name not in without})
    return pl.concat([pl.DataFrame(schema=schema), *(frame.select(schema.names()) for frame in frames)])


def _join_logprobs(samples: pl.DataFrame, logprobs: Sequence[pl.DataFrame]) -> pl.DataFrame:
    kind = get_schema(Sample)["token_logprobs"]
    empty = pl.DataFrame(schema={"sample_id": pl.String, "token_logprobs": kind})
    rows = pl.concat([empty, *(frame.select(empty.columns) for frame in logprobs)])
    joined = samples.join(rows, on="sample_id", how="left", maintain_order="left")
    return check_frame(joined.select(get_schema(Sample).names()), Sample)
