"""Mix: assign examples to the stages of training, in the shares of the recipe.

Law 1: an example that no stage takes is dropped with a reason. The test split is never mixed into training.
Law 9: quotas and caps take the examples of lowest keyed hash, made from sample and format: one more example displaces
at most one other, whatever demonstrations it shows. (Shares between sources look at all of their sources.)
"""

from .counts import count_mixed, describe_lengths, describe_stages, measure_lengths, read_lengths, read_taken
from .formats import decide_weights, rank_weighted
from .mixture import decide_stages, mix_bucket, rank_stages
from .rules import (
    CANDIDATE_COLUMNS,
    DEFAULT_STAGE,
    FACT_COLUMNS,
    MixtureRules,
    Shares,
    check_mixture,
    parse_shares,
)
from .stages import is_ranked

__all__ = [
    "CANDIDATE_COLUMNS",
    "CODE_VERSION",
    "DEFAULT_STAGE",
    "FACT_COLUMNS",
    "MixtureRules",
    "Shares",
    "check_mixture",
    "count_mixed",
    "decide_stages",
    "decide_weights",
    "describe_lengths",
    "describe_stages",
    "is_ranked",
    "measure_lengths",
    "mix_bucket",
    "parse_shares",
    "rank_stages",
    "rank_weighted",
    "read_lengths",
    "read_taken",
]

CODE_VERSION = 5
"""Rises when the same examples give another mixture."""
