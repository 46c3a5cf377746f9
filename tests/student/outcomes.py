"""Outcomes made by rule: students whose accuracies are known."""

import numpy as np
import polars as pl
from cotloom.schemas.frames import to_frame
from cotloom.schemas.outcome import Decoding, Outcome, SetKind
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.validation import Asked

ASKED = Asked(set="held_out", format="zero_shot_cot")


def rows_of(arm: str, right: np.ndarray, *, group_size: int = 1, **keys) -> list[Outcome]:
    """Outcomes of an arm.

    Args:
        arm: the arm.
        right: which answers are right, shape (seeds, problems).
        group_size: neighbours that share a group.
        keys: other fields.
    """
    fields = {"set": "held_out", "kind": SetKind.TARGET, "format": "zero_shot_cot", "decoding": Decoding.GREEDY, **keys}
    return [
        Outcome(
            arm=arm,
            seed=seed,
            problem_id=f"p_{problem:04}",
            group=f"g_{problem // group_size:04}",
            verdict=Verdict.CORRECT if is_right else Verdict.WRONG,
            correct=bool(is_right),
            **fields,
        )
        for seed, student in enumerate(right)
        for problem, is_right in enumerate(student)
    ]


def table(*arms: list[Outcome]) -> pl.DataFrame:
    return to_frame([row for arm in arms for row in arm], Outcome)


def right(share: float, problems: int = 200, seeds: int = 3, seed: int = 0) -> np.ndarray:
    """Answers that are right with a chance of their own. Shape (seeds, problems)."""
    return np.random.default_rng(seed).random((seeds, problems)) < share


def steady(share: float, problems: int = 200, seeds: int = 3, seed: int = 0) -> np.ndarray:
    """Answers that are the same whatever the seed of the student. Shape (seeds, problems)."""
    return np.tile(right(share, problems, 1, seed), (seeds, 1))
