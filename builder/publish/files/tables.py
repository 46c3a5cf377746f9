"""What of a version lies on the Hub, table by table, and the way back.

    default             kept rows to train on (and the held-out ones), of all formats; a folder for each format
    candidates          every sample with what became of it
    problems            every problem
    logprobs            the token log probabilities of samples, where they were asked for
    dropped_examples    rows that the mixture left out, so that nothing vanishes

Each is parted into `train`, `test` and `dropped` by what became of the problem, never by a verdict: a better verifier
moves no row of the candidates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from cotloom.builder.publish.files.lineage import AGE, aged
from cotloom.builder.store import Version
from cotloom.schemas.example import Example
from cotloom.schemas.frames import checked, schema_of
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Fate, Verdict
from cotloom.schemas.sample import Hint, Sample

SPLITS = ("train", "test", "evaluation", "dropped")
"""The splits: both sides; sets kept for evaluation, which no student may see; and what was dropped before."""

DEFAULT, CANDIDATES, PROBLEMS, LOGPROBS, DROPPED = "default", "candidates", "problems", "logprobs", "dropped_examples"

_FATE = ("stage", "fate", "reason", "detail")
"""Columns that say nothing of a row that was kept."""

# Verdicts and texts of the candidates stand in one file, the short columns first. Parquet keeps each column of a row
# group in bytes of its own, so that other verdicts over the same texts change the short columns alone, and whoever
# reads verdicts fetches no texts. Two files would cost every reader a join. docs/benchmark-publish.md measures it.
_TEXTS = ("steps", "text", "reasoning")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Rows that lie together: a config, or a format of it, on one side of the split."""

    folder: str
    """Where below `data/`: `problems`, `default/zero_shot_cot`."""
    split: str
    """One of `SPLITS`."""
    frame: pl.DataFrame
    """The rows, in the order of (version introduced, id)."""
    generations: tuple[int, ...]
    """How many rows each version of the line introduced, oldest first; versions without any are left out."""


def parts_of(version: Version, tables: Mapping[str, pl.DataFrame], before: Sequence[Version]) -> Iterator[Part]:
    """Lay the tables of a version out as they lie on the Hub.

    Args:
        version: the version.
        tables: its tables.
        before: the versions before it, oldest first: rows that they had come first.
    """
    ordered = {name: aged(frame, name, before) for name, frame in tables.items()}
    problems, samples, examples = ordered["problems"], ordered["samples"], ordered["examples"]
    rates = pass_rates(samples)
    sides = _sides(problems)
    kept = examples["fate"] == Fate.KEPT
    train_ready = _train_ready(examples.filter(kept), problems, samples, rates)
    for name in train_ready["format"].unique().sort():
        yield from _parted(f"{DEFAULT}/{name}", train_ready.filter(pl.col("format") == name), pl.col("split"))
    yield from _parted(CANDIDATES, *_with_side(_candidates(samples, version), sides))
    yield from _parted(PROBLEMS, problems.join(rates, on="problem_id", how="left", maintain_order="left"), _SIDE)
    scored = samples.filter(pl.col("token_logprobs").is_not_null())
    yield from _parted(LOGPROBS, *_with_side(scored.select("sample_id", "problem_id", "token_logprobs", AGE), sides))
    yield from _parted(DROPPED, examples.filter(~kept), pl.col("split"))


_SIDE = (
    pl.when(pl.col("fate") == Fate.DROPPED).then(pl.lit("dropped")).otherwise(pl.col("split").fill_null("evaluation"))
)
"""Where a problem lies."""


def _sides(problems: pl.DataFrame) -> pl.DataFrame:
    """Columns problem_id, side: of the row that was kept, where the same problem stands several times."""
    sides = problems.select("problem_id", _SIDE.alias("side"))
    order = pl.col("side").replace_strict(dict(zip(SPLITS, range(len(SPLITS)), strict=True)))
    return sides.sort(order, maintain_order=True).unique("problem_id", keep="first", maintain_order=True)


def _with_side(samples: pl.DataFrame, sides: pl.DataFrame) -> tuple[pl.DataFrame, pl.Expr]:
    joined = samples.join(sides, on="problem_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("side").fill_null("dropped")), pl.col("side")


def _parted(folder: str, frame: pl.DataFrame, side: pl.Expr) -> Iterator[Part]:
    """A part for each split that has rows."""
    marked = frame.with_columns(side.alias("_side"))
    for split in SPLITS:
        rows = marked.filter(pl.col("_side") == split).drop("_side", "side", strict=False)
        if rows.height:
            generations = tuple(rows[AGE].rle().struct.field("len"))
            yield Part(folder=folder, split=split, frame=rows.drop(AGE), generations=generations)


def pass_rates(samples: pl.DataFrame) -> pl.DataFrame:
    """How often a problem is solved: the share of right answers among those that could be judged and saw no hint.

    Args:
        samples: rows of `Sample`.

    Returns:
        Columns problem_id, pass_rate. Problems without such an answer are left out.
    """
    judged = [Verdict.CORRECT, Verdict.WRONG, Verdict.NO_ANSWER, Verdict.TRUNCATED]
    unhinted = samples.filter((pl.col("hint") == Hint.NONE) & pl.col("verdict").is_in([str(one) for one in judged]))
    right = pl.col("verdict") == Verdict.CORRECT
    return unhinted.group_by("problem_id", maintain_order=True).agg(pass_rate=right.mean())


def _train_ready(
    examples: pl.DataFrame, problems: pl.DataFrame, samples: pl.DataFrame, rates: pl.DataFrame
) -> pl.DataFrame:
    """Kept examples, with what a trainer may want to know of problem and sample."""
    asked = problems.filter(pl.col("fate") == Fate.KEPT).unique("problem_id", keep="first", maintain_order=True)
    told = samples.select("sample_id", "teacher", "hint", "cluster")
    whole = (
        examples.join(asked.select("problem_id", "answer"), on="problem_id", how="left", maintain_order="left")
        .join(told, on="sample_id", how="left", maintain_order="left")
        .join(rates, on="problem_id", how="left", maintain_order="left")
    )
    first = ["messages", "answer", "source", "problem_id", "cluster", "pass_rate", "teacher", "hint"]
    rest = [name for name in examples.columns if name not in first and not _is_constant(whole, name)]
    return whole.select(*first, *rest)


def _is_constant(kept: pl.DataFrame, name: str) -> bool:
    """Whether a column says what is said of every row that was kept."""
    return name in _FATE and (name == "fate" or kept[name].null_count() == kept.height)


def _candidates(samples: pl.DataFrame, version: Version) -> pl.DataFrame:
    """Every sample, with the sampling parameters of those that a teacher was asked for."""
    asked = (pl.col("request_digests").list.len() > 0) & (pl.col("verdict").ne_missing(pl.lit(str(Verdict.PROVIDED))))
    settings = _sampling(version.manifest.recipe.get("teacher", {}))
    columns = [pl.when(asked).then(pl.lit(value, dtype=kind)).alias(name) for name, value, kind in settings]
    short = [name for name in samples.columns if name not in {*_TEXTS, "token_logprobs"}]
    return samples.with_columns(columns).select(*short, *(name for name, *_ in settings), *_TEXTS)


def _sampling(teacher: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Name, value and type of each sampling parameter; null where it was left to the server or is not known."""
    sampling = teacher.get("sampling") or {}
    return [
        ("temperature", sampling.get("temperature"), pl.Float64),
        ("top_p", sampling.get("top_p"), pl.Float64),
        ("max_tokens", sampling.get("max_tokens"), pl.Int64),
        ("top_logprobs", sampling.get("top_logprobs"), pl.Int64),
        ("prompt_template", (teacher.get("prompt") or {}).get("template"), pl.String),
    ]


def tables_of(parts: Mapping[str, Sequence[pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    """Rebuild the tables of a version from its parts.

    Args:
        parts: the rows that lie in each folder: `problems`, `default/zero_shot_cot`, ...

    Returns:
        `problems`, `samples` and `examples`, as they were.

    Raises:
        TypeError: the columns are not those of the records.
    """
    formats = [frame for folder, frames in parts.items() if folder.startswith(f"{DEFAULT}/") for frame in frames]
    problems = _stacked(parts.get(PROBLEMS, ()), Problem)
    samples = _stacked(parts.get(CANDIDATES, ()), Sample, without=("token_logprobs",))
    examples = _stacked([*map(_kept, formats), *parts.get(DROPPED, ())], Example)
    return {
        "problems": problems.sort("problem_id", "source", "origin", maintain_order=True),
        "samples": _with_logprobs(samples, parts.get(LOGPROBS, ())).sort("sample_id"),
        "examples": examples.sort("example_id"),
    }


def _kept(frame: pl.DataFrame) -> pl.DataFrame:
    """Say again what holds for every row that was kept."""
    constant = {"fate": pl.lit(str(Fate.KEPT))}
    missing = [name for name in _FATE if name not in frame.columns]
    return frame.with_columns(
        constant.get(name, pl.lit(None, dtype=schema_of(Example)[name])).alias(name) for name in missing
    )


def _stacked(frames: Sequence[pl.DataFrame], record: type, without: Sequence[str] = ()) -> pl.DataFrame:
    schema = pl.Schema({name: kind for name, kind in schema_of(record).items() if name not in without})
    return pl.concat([pl.DataFrame(schema=schema), *(frame.select(schema.names()) for frame in frames)])


def _with_logprobs(samples: pl.DataFrame, scored: Sequence[pl.DataFrame]) -> pl.DataFrame:
    kind = schema_of(Sample)["token_logprobs"]
    empty = pl.DataFrame(schema={"sample_id": pl.String, "token_logprobs": kind})
    known = pl.concat([empty, *(frame.select(empty.columns) for frame in scored)])
    joined = samples.join(known, on="sample_id", how="left", maintain_order="left")
    return checked(joined.select(schema_of(Sample).names()), Sample)
