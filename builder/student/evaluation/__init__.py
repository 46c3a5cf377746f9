"""Evaluation: the sets of problems, the prompts, and the verdict on each of the student's answers."""
