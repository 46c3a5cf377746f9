"""Distillation: align the teacher's top-k log probabilities with the student's tokens, as soft targets."""
