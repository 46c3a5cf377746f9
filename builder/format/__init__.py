"""Format: write each kept path as training rows, one for each format of the recipe.

Law 6: demonstrations come from the training split and from other groups only.
Law 9: demonstrations are taken in the order of keyed hashes, so that a new problem changes few rows.
"""

from .examples import check_formats, format_examples
from .templates import AS_IS, FORMATS

__all__ = ["AS_IS", "CODE_VERSION", "FORMATS", "check_formats", "format_examples"]

CODE_VERSION = 3
"""Rises when the same path gives another row."""
