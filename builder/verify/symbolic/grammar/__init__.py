"""The grammar of symbolic answers: from characters to tokens to a tree."""

from .answers import ORDERS, is_condition
from .reading import ReadAnswer, read_symbolic

__all__ = ["ORDERS", "ReadAnswer", "is_condition", "read_symbolic"]
