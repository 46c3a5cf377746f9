"""Demonstrations of the prompts of an evaluation: of the version, chosen as those of its examples."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ....schemas.ids import rank
from ....schemas.problem import Problem, Split
from ....schemas.reasons import Fate, Verdict
from ...errors import InputError
from ...format import RING_COLUMNS, build_rings, name_ring, rank_demonstrations
from ...format.demonstrations import Ring, sample_demonstrations
from ...store import Version

Row = Mapping[str, Any]
"""A kept sample with its problem."""

_SOLVED = ("sample_id", "problem_id", "text", "span", "answer_part", "consensus", "fate", "verdict")
_ASKED = ("problem_id", "question", "answer", "answer_type", "choices", "language", "group", "cluster", "split", "fate")
"""The columns of samples and problems that demonstrations need."""


def select_demonstrations(version: Version) -> pl.DataFrame:
    """Select kept samples of the training split with their problems (law 6), without finished responses."""
    parts = [
        _join_solved(problems, samples)
        for problems, samples in zip(
            version.iterate_table("problems", _ASKED), version.iterate_table("samples", _SOLVED), strict=True
        )
    ]
    return pl.concat(parts).sort("sample_id")


def _join_solved(problems: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    is_kept = pl.col("fate") == Fate.KEPT
    training = problems.filter(is_kept & (pl.col("split") == Split.TRAIN)).drop("fate")
    solved = samples.filter(is_kept & (pl.col("verdict") != Verdict.PROVIDED)).drop("fate", "verdict")
    return solved.join(training, on="problem_id").with_columns(group=pl.coalesce("cluster", "group", "problem_id"))


def show_demonstrations(
    name: str, candidates: pl.DataFrame, problems: Sequence[Problem], shots: int, seed: int
) -> list[list[Row]]:
    """Sample the demonstrations of each problem.

    Args:
        name: the evaluation set.
        candidates: the table from `select_demonstrations`.
        problems: the problems.
        shots: how many each gets.
        seed: key of the sampling.

    Raises:
        InputError: there are too few for one.
    """
    rings: dict[str, Ring] = {}
    if not candidates.is_empty():
        ranked = rank_demonstrations(candidates.with_columns(is_provided=pl.lit(value=False)), seed)
        rings = build_rings(ranked.rename({"row": "address"}).select(RING_COLUMNS))
    return [list(candidates[_find_rows(name, rings, problem, shots, seed)].to_dicts()) for problem in problems]


def _find_rows(name: str, rings: Mapping[str, Ring], problem: Problem, shots: int, seed: int) -> list[int]:
    """Find the rows of the demonstrations of a problem; an address is the number of a row."""
    own_group = rank(f"demonstrations:{seed}", problem.cluster or problem.group or problem.problem_id)
    shown = sample_demonstrations(
        rings.get(name_ring(problem.answer_type, problem.language)),
        np.array([rank(f"shown:{seed}", problem.problem_id)], dtype=np.uint64),
        np.array([shots], dtype=np.int64),
        np.array([own_group], dtype=np.uint64),
    )
    available = len(shown.addresses)
    if available < shots:
        raise InputError(
            f"{name}: {shots} demonstrations are needed, and {available} solved problems of other groups are available",
            hint="lower evaluation.shots, or leave the in-context formats out of evaluation.formats",
            keys=("evaluation.shots",),
        )
    return list(map(int, shown.addresses))
