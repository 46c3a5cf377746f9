"""Answers to problems of reasoning-gym, scored by its own scorers in a process where nothing can be executed."""

from .scorer import score_answer, stop_scorer

__all__ = ["score_answer", "stop_scorer"]
