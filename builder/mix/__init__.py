"""Mix: assign examples to the stages of training, in the shares of the recipe.

Law 1: an example that no stage takes is dropped with a reason. The test split is never mixed into training.
Law 9: quotas and caps take the examples of lowest keyed hash, made from sample and format: one more example displaces
at most one other, whatever demonstrations it shows.
"""

from .mixture import DEFAULT_STAGE, check_mixture, mix_examples

__all__ = ["CODE_VERSION", "DEFAULT_STAGE", "check_mixture", "mix_examples"]

CODE_VERSION = 3
"""Rises when the same examples give another mixture."""
