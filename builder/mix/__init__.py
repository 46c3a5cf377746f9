"""Mix: assign examples to the stages of training, in the shares of the recipe.

Law 1: an example that no stage takes is dropped with a reason. The test split is never mixed into training.
Law 9: quotas and caps take the examples of lowest keyed hash, made from sample and format: one more example displaces
at most one other, whatever demonstrations it shows.
"""

from .mixture import (
    CANDIDATE_COLUMNS,
    DEFAULT_STAGE,
    MixtureRules,
    Shares,
    check_mixture,
    decide_takes,
    decide_weights,
    mix_bucket,
    mix_examples,
    rank_takes,
    rank_weighted,
)

__all__ = [
    "CANDIDATE_COLUMNS",
    "CODE_VERSION",
    "DEFAULT_STAGE",
    "MixtureRules",
    "Shares",
    "check_mixture",
    "decide_takes",
    "decide_weights",
    "mix_bucket",
    "mix_examples",
    "rank_takes",
    "rank_weighted",
]

CODE_VERSION = 4
"""Rises when the same examples give another mixture."""
