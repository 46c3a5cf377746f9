"""Training: encode rows, compute losses, run transformers' Trainer, and resume from checkpoints.

For a new loss, read `losses.py`, `trainer.py`, `collate.py` and the objectives in `schemas/student.py`.
"""
