"""The configs of a published version: split the rows of a bucket into configs, and rebuild tables from them.

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
from ....schemas.manifest import list_teachers
from ....schemas.problem import Problem
from ....schemas.reasons import Fate, Verdict
from ....schemas.sample import Sample
from ...store import Version
from ...store.tables import fill_answers, has_consensus
from .lineage import INTRODUCED, Introductions

SPLITS = ("train", "test", "evaluation", "dropped")
"""The splits: training, test, evaluation sets (never trained on), and dropped problems."""

DEFAULT, CANDIDATES, PROBLEMS, LOGPROBS, DROPPED = "default", "candidates", "problems", "logprobs", "dropped_examples"

_CONSTANT = ("stage", "fate", "reason", "detail", "reasoning", "reasoning_tokens", "response_tokens")
"""Columns that are often the same for all kept rows: their fate, reasoning where no format keeps it apart, and lengths
where none is known."""

# The candidates have verdicts and texts in one file, short columns first. Parquet stores each column of a row group in
# separate bytes. So new verdicts over the same texts change only the short columns, and a reader of verdicts downloads
# no texts. Two files would cost every reader a join. docs/benchmark-publish.md has the figures.
_TEXTS = ("steps", "text", "reasoning", "blind_text", "grades")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigPart:
    """The rows of one bucket that belong to one split of a config and were introduced by one version."""

    folder: str
    """Their folder below `data/`: `problems`, `default/zero_shot_cot`."""
    split: str
    """One of `SPLITS`."""
    generation: int
    """The index of the version that introduced them."""
    frame: pl.DataFrame
    """The rows, sorted by (problem, id)."""


def find_constants(version: Version) -> tuple[str, ...]:
    """Find the columns of the config `default` that have the same value for every kept row: they are left out."""
    filled: set[str] = set()
    for frame in version.iterate_table("examples", _CONSTANT):
        kept = frame.filter(pl.col("fate") == Fate.KEPT)
        filled |= {name for name in _CONSTANT if name != "fate" and kept[name].null_count() < kept.height}
    return tuple(name for name in _CONSTANT if name not in filled)


def order_folders(folders: Sequence[str]) -> list[str]:
    """Put folders in their order: the formats, then the other configs."""
    others = [CANDIDATES, PROBLEMS, LOGPROBS, DROPPED]
    formats = [folder for folder in folders if folder not in others]
    return [*sorted(formats), *(folder for folder in others if folder in folders)]


def split_configs(
    version: Version, tables: Mapping[str, pl.DataFrame], introductions: Introductions, constants: Sequence[str]
) -> Iterator[ConfigPart]:
    """Split the tables of a bucket into configs and splits.

    Args:
        version: the version.
        tables: the rows of a bucket: `problems`, `samples` and `examples`.
        introductions: which earlier version introduced which rows; theirs come first.
        constants: columns that `default` leaves out.
    """
    ordered = {name: introductions.sort(name, frame) for name, frame in tables.items()}
    problems, samples, examples = ordered["problems"], ordered["samples"], ordered["examples"]
    splits = _assign_splits(problems)
    kept = examples["fate"] == Fate.KEPT
    default = _build_default(examples.filter(kept), problems, samples).drop(constants)
    if has_consensus(version.manifest):
        default = _add_verdicts(default, samples)
    for name in default["format"].unique().sort():
        yield from _split_frame(f"{DEFAULT}/{name}", default.filter(pl.col("format") == name), pl.col("split"))
    yield from _split_frame(CANDIDATES, *_join_splits(_build_candidates(samples, version), splits))
    yield from _split_frame(PROBLEMS, problems, _SPLIT)
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


def _split_frame(folder: str, frame: pl.DataFrame, split_expression: pl.Expr) -> Iterator[ConfigPart]:
    """Yield the rows of each split and version that has rows."""
    frame = frame.with_columns(split_expression.alias("_split"))
    parts = frame.partition_by("_split", INTRODUCED, maintain_order=True, include_key=False, as_dict=True)
    for (split, generation), rows in parts.items():
        yield ConfigPart(folder=folder, split=split, generation=generation, frame=rows)


def _build_default(examples: pl.DataFrame, problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Build the config `default`: kept examples, with columns of their problem and sample."""
    answers = problems.filter(pl.col("fate") == Fate.KEPT).unique("problem_id", keep="first", maintain_order=True)
    answers = answers.select("problem_id", "answer", "pass_rate")
    columns = samples.select("sample_id", "hint", "cluster")
    rows = examples.join(answers, on="problem_id", how="left", maintain_order="left").join(
        columns, on="sample_id", how="left", maintain_order="left"
    )
    first = ["messages", "answer", "source", "problem_id", "cluster", "pass_rate", "teacher", "hint"]
    return rows.select(*first, *(name for name in examples.columns if name not in first))


def _add_verdicts(rows: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Add the answers that samples agree on, and verdicts that tell them from gold answers."""
    filled = fill_answers(rows, samples)
    place = rows.columns.index("hint") + 1
    return filled.select(*rows.columns[:place], "verdict", *rows.columns[place:])


def _build_candidates(samples: pl.DataFrame, version: Version) -> pl.DataFrame:
    """Build the config `candidates`: all samples, with the sampling parameters of those of a teacher."""
    is_sampled = (pl.col("request_digests").list.len() > 0) & (
        pl.col("verdict").ne_missing(pl.lit(str(Verdict.PROVIDED)))
    )
    described = list_teachers(version.manifest)
    columns = [
        pl.when(is_sampled).then(_choose_value(described, name)).cast(kind).alias(name) for name, kind in _PARAMETERS
    ]
    short = [name for name in samples.columns if name not in {*_TEXTS, "token_logprobs"}]
    return samples.with_columns(columns).select(*short, *(name for name, _ in _PARAMETERS), *_TEXTS)


_PARAMETERS = (
    ("temperature", pl.Float64),
    ("top_p", pl.Float64),
    ("max_tokens", pl.Int64),
    ("top_logprobs", pl.Int64),
    ("prompt_template", pl.String),
)


def _choose_value(teachers: Sequence[Mapping[str, Any]], name: str) -> pl.Expr:
    """Choose a sampling parameter by the teacher of a sample; null if unknown, or if teachers of one name differ."""
    values: dict[str | None, set[Any]] = {}
    for teacher in teachers:
        prompt, sampling = teacher.get("prompt") or {}, teacher.get("sampling") or {}
        value = prompt.get("template") if name == "prompt_template" else sampling.get(name)
        values.setdefault(teacher.get("model") if len(teachers) > 1 else None, set()).add(value)
    known = {model: next(iter(each)) for model, each in values.items() if len(each) == 1}
    if None in known:
        return pl.lit(known[None])
    chosen = pl.lit(None)
    for model, value in known.items():
        chosen = pl.when(pl.col("teacher") == model).then(pl.lit(value)).otherwise(chosen)
    return chosen


RAW: Mapping[str, pl.Schema] = {
    "problems": get_schema(Problem),
    "samples": pl.Schema({name: kind for name, kind in get_schema(Sample).items() if name != "token_logprobs"}),
    "logprobs": pl.Schema({
        name: kind for name, kind in get_schema(Sample).items() if name in {"sample_id", "problem_id", "token_logprobs"}
    }),
    "examples": get_schema(Example),
}  # fmt: skip
"""What a published version holds of its tables, and the columns of each."""


def name_raw(folder: str) -> str:
    """Name what a config's folder holds rows of: a key of `RAW`.

    Raises:
        KeyError: there is no such config.
    """
    is_default = folder.startswith(f"{DEFAULT}/")
    return "examples" if is_default else {
        PROBLEMS: "problems", CANDIDATES: "samples", LOGPROBS: "logprobs", DROPPED: "examples",
    }[folder]  # fmt: skip


def restore_rows(folder: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Restore rows of the tables from rows of a config.

    Raises:
        TypeError: the columns are not those of the records.
    """
    name = name_raw(folder)
    rows = _restore_constants(frame) if folder.startswith(f"{DEFAULT}/") else frame
    rows = rows.select(RAW[name].names())
    if rows.schema != RAW[name]:
        message = f"the columns of {folder} are not those of its records"
        raise TypeError(message)
    return rows


def join_logprobs(samples: pl.DataFrame, logprobs: pl.DataFrame) -> pl.DataFrame:
    """Join samples with the log probabilities of their tokens."""
    rows = logprobs.select("sample_id", "token_logprobs")
    joined = samples.join(rows, on="sample_id", how="left", maintain_order="left")
    return check_frame(joined.select(get_schema(Sample).names()), Sample)


def _restore_constants(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that `default` leaves out, with their values for kept rows."""
    constant = {"fate": pl.lit(str(Fate.KEPT))}
    missing = [name for name in _CONSTANT if name not in frame.columns]
    return frame.with_columns(
        constant.get(name, pl.lit(None, dtype=get_schema(Example)[name])).alias(name) for name in missing
    )
