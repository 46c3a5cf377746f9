"""Distillation: the teacher's top-k log probabilities, aligned to the student's tokens as soft targets."""
