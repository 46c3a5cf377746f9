"""Export problems as verifiable prompts, for reinforcement learning: TRL's GRPO with `cotloom.rewards.answer`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ...schemas.example import Role
from ...schemas.problem import JUDGED_OUTSIDE, AnswerType
from ...schemas.reasons import Fate
from ..errors import InputError
from ..format import FORMATS, SolvedProblem
from ..store import Version
from .lines import SplitRow, write_split_lines
from .parts import Export, read_tables

REWARD = "cotloom.rewards.answer"
"""The reward function that understands the columns of a row."""

_UNREWARDED = [str(kind) for kind in (*JUDGED_OUTSIDE, AnswerType.REASONING_GYM)]
"""Answer types that no comparison of two texts settles."""


def count_prompts(version: Version) -> Export:
    """Describe the problems of a version; they are counted while they are written."""
    return Export(
        version=version, parts=(), simulated=version.manifest.simulated, buckets=lambda: read_problems(version)
    )


def read_problems(version: Version) -> Iterator[pl.DataFrame]:
    """Read the problems of each bucket whose answers can be compared with a gold answer.

    Raises:
        InputError: a file is damaged.
    """
    has_gold = pl.col("answer").is_not_null() & ~pl.col("answer_type").is_in(_UNREWARDED)
    for (problems,) in read_tables(version, "problems"):
        yield problems.filter((pl.col("fate") == Fate.KEPT) & pl.col("split").is_not_null() & has_gold)


def write_prompts(export: Export, folder: Path) -> dict[str, int]:
    """Write `train.jsonl` and `test.jsonl`, a row for each problem.

    Raises:
        InputError: no problem has a gold answer that can be compared.
    """
    counts = write_split_lines(export, folder, _make_rows)
    if not counts:
        raise InputError(
            f"{export.version.ref} has no problem whose answers a comparison settles",
            hint="rewards need gold answers of a type that is compared: number, choice, boolean ...",
        )
    return counts


def _make_rows(rows: pl.DataFrame) -> Iterator[SplitRow]:
    return ((row["split"], make_prompt_row(row)) for row in rows.iter_rows(named=True))


def make_prompt_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Make the row of a problem: the prompt that `zero_shot_cot` trains on, and what its reward is decided by."""
    return {
        "prompt": make_prompt(row),
        "answer": row["answer"],
        "answer_type": row["answer_type"],
        "choices": list(row["choices"] or ()),
        "reward": REWARD,
        "problem_id": row["problem_id"],
    }


def make_prompt(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Make the chat that asks a problem as the format `zero_shot_cot` does."""
    problem = SolvedProblem(
        question=row["question"] or "",
        answer=row["answer"],
        text="",
        answer_start=None,
        answer_type=AnswerType(row["answer_type"]),
        choices=tuple(row["choices"] or ()),
        language=row["language"],
    )
    return [{"role": str(Role.USER), "content": FORMATS["zero_shot_cot"].format_prompt(problem)}]
