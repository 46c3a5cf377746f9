"""Between rounds of sampling: how many correct and distinct paths a problem has by now. Each sample is judged once."""

from .counter import PathCounter
from .judged import JudgedPieces, list_judged, recall_judged

__all__ = ["JudgedPieces", "PathCounter", "list_judged", "recall_judged"]
