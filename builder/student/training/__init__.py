"""Training: rows to batches, losses, the trainer, and checkpoints to resume from."""
