"""Formatting and mixing of a version's kept samples in plain polars: four formats, two stages, written as Parquet.

It writes as many rows of as much text as the build, with demonstrations drawn by keyed hash. It does without what a
build does besides: demonstrations of other groups only, ids from content, fates, and digests.
"""

import json
import sys
from pathlib import Path

import polars as pl
from phases import Phases, measure_phase

MOST_SHOTS = 4
RESTORE = 1 / 256


def main() -> None:
    """Format and mix the version in a folder, and print what each phase took."""
    source, target = map(Path, sys.argv[1:3])
    phases: Phases = {}
    with measure_phase(phases, "read"):
        samples = read_kept(source)
    with measure_phase(phases, "format"):
        examples = format_rows(samples)
    with measure_phase(phases, "mix"):
        mixed = mix_rows(examples)
    with measure_phase(phases, "write"):
        mixed.write_parquet(target.with_suffix(".parquet"))
    print(json.dumps({**phases, "rows": {"samples": samples.height, "examples": mixed.height}}))


def read_kept(folder: Path) -> pl.DataFrame:
    """Read the kept samples with question and gold answer, in the order of their ids."""
    kept = pl.col("fate") == "kept"
    samples = pl.scan_parquet(folder / "samples*.parquet").filter(kept).select("sample_id", "problem_id", "text")
    problems = pl.scan_parquet(folder / "problems*.parquet").filter(kept)
    columns = problems.select("problem_id", "source", "split", "question", "answer", "choices")
    return samples.join(columns, on="problem_id").sort("sample_id").collect()


def format_rows(samples: pl.DataFrame) -> pl.DataFrame:
    """Write four rows of each sample."""
    options = pl.col("choices").list.join("\n")
    question = pl.when(pl.col("choices").list.len() > 0).then(pl.col("question") + "\n" + options)
    prompts = samples.with_columns(prompt=question.otherwise(pl.col("question")))
    parts = []
    for name, cue, target in (
        ("cot", "\n\nReason step by step, then give the answer.", pl.col("text")),
        ("answer", "\n\nGive the answer only.", pl.col("answer")),
    ):
        turns = prompts.select(
            "sample_id", "problem_id", "source", "split",
            user=_make_turn("user", pl.col("prompt") + cue), assistant=_make_turn("assistant", target),
        )  # fmt: skip
        parts.append(_finish(turns, f"zero_shot_{name}", pl.concat_list("user", "assistant")))
        parts.append(_finish(_add_shots(turns), f"in_context_{name}", pl.concat_list("shots", "user", "assistant")))
    return pl.concat(parts)


def _make_turn(role: str, content: pl.Expr) -> pl.Expr:
    return pl.struct(role=pl.lit(role), content=content)


def _add_shots(turns: pl.DataFrame) -> pl.DataFrame:
    """Add the turns of one to four other rows."""
    count = pl.col("sample_id").hash(1) % MOST_SHOTS + 1
    drawn = [(pl.col("sample_id").hash(seed + 2) % turns.height).cast(pl.UInt32) for seed in range(MOST_SHOTS)]
    pairs = turns.select(pair=pl.concat_list("user", "assistant"))["pair"]
    places = turns.select(count.alias("count"), *[place.alias(str(seed)) for seed, place in enumerate(drawn)])
    columns = [
        pl.when(places["count"] > seed).then(pairs.gather(places[str(seed)])).otherwise(pl.lit([], dtype=pairs.dtype))
        for seed in range(MOST_SHOTS)
    ]
    return turns.with_columns(shots=pl.concat_list(columns))


def _finish(turns: pl.DataFrame, name: str, messages: pl.Expr) -> pl.DataFrame:
    identity = pl.concat_str("sample_id", pl.lit(name)).hash()
    return turns.select(
        identity.alias("example_id"), "sample_id", "problem_id", "source", "split",
        format=pl.lit(name), messages=messages,
        characters=messages.list.eval(pl.element().struct.field("content").str.len_chars()).list.sum(),
    )  # fmt: skip


def mix_rows(examples: pl.DataFrame) -> pl.DataFrame:
    """Take all training rows for one stage, and of each source the lowest by keyed hash for another."""
    train = examples.filter(pl.col("split") == "train")
    place = pl.col("example_id").hash(9).rank("ordinal").over("source")
    restored = train.filter(place <= (pl.len().over("source") * RESTORE).ceil())
    stages = [train.with_columns(stage=pl.lit("specialise")), restored.with_columns(stage=pl.lit("restore"))]
    return pl.concat(stages).sort("example_id", "stage")
