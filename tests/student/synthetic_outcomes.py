"""Synthetic outcomes of students with known accuracies."""

import numpy as np
import polars as pl

from cotloom.schemas.frames import to_frame
from cotloom.schemas.outcome import Decoding, Outcome, SetKind
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.validation import EvalSetting

SETTING = EvalSetting(set="held_out", format="zero_shot_cot")


def make_outcomes(condition: str, is_correct: np.ndarray, *, group_size: int = 1, **keys) -> list[Outcome]:
    """Make the outcomes of a condition.

    Args:
        condition: name of the condition.
        right: which answers are right, shape (seeds, problems).
        group_size: number of neighbouring problems that share a group.
        keys: other fields of `Outcome`.
    """
    fields = {"set": "held_out", "kind": SetKind.TARGET, "format": "zero_shot_cot", "decoding": Decoding.GREEDY, **keys}
    return [
        Outcome(
            condition=condition,
            seed=seed,
            problem_id=f"p_{problem:04}",
            group=f"g_{problem // group_size:04}",
            verdict=Verdict.CORRECT if is_right else Verdict.WRONG,
            correct=bool(is_right),
            **fields,
        )
        for seed, student in enumerate(is_correct)
        for problem, is_right in enumerate(student)
    ]


def make_outcome_table(*conditions: list[Outcome]) -> pl.DataFrame:
    return to_frame([row for arm in conditions for row in arm], Outcome)


def sample_correct(share: float, problems: int = 200, seeds: int = 3, seed: int = 0) -> np.ndarray:
    """Sample which answers are correct, independently. Shape (seeds, problems)."""
    return np.random.default_rng(seed).random((seeds, problems)) < share


def repeat_correct(share: float, problems: int = 200, seeds: int = 3, seed: int = 0) -> np.ndarray:
    """Sample which answers are correct, the same for all seeds of the student. Shape (seeds, problems)."""
    return np.tile(sample_correct(share, problems, 1, seed), (seeds, 1))
