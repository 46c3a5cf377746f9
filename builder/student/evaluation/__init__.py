"""Evaluation: build evaluation sets and prompts, generate answers, and judge them.

`sets.py` selects problems and formats their prompts; `evaluate.py` generates and judges. A failed check never counts as
an answer (law 2), and demonstrations come from the training split and other groups only (law 6).
"""
