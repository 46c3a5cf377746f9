"""Resume an interrupted training, with the same result as an uninterrupted one."""

import math
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import get_last_checkpoint

from ...store.atomic import Access, replace_file

STAGE_END = "ended.pt"
"""File with the weights at the end of a stage, and its loss curve."""

RNG_STATE = "order.pt"
"""File in a checkpoint from the middle of an epoch: the random state that its order of rows was sampled from."""


class ResumableSampler(LengthGroupedSampler):
    """Samples the order of rows, and records the random state before it does.

    Transformers samples the order of a resumed epoch anew, so that some rows would come twice and others never.
    """

    epoch_state: torch.Tensor | None = None
    """Random state that this epoch's order was sampled from."""
    next_state: torch.Tensor | None = None
    """Random state for the next epoch's order; null for the current state of torch."""

    def __iter__(self) -> Iterator[int]:
        if self.next_state is not None:
            torch.set_rng_state(self.next_state)
            self.next_state = None
        self.epoch_state = torch.get_rng_state()
        order: Iterator[int] = super().__iter__()  # type: ignore[no-untyped-call]  # untyped in transformers
        return order

    def save_state(self, checkpoint: Path, step: int) -> None:
        """Save the random state of this epoch's order, where a checkpoint is in the middle of an epoch."""
        if step % math.ceil(len(self) / self.batch_size):
            torch.save(self.epoch_state, checkpoint / RNG_STATE)

    def load_state(self, checkpoint: Path) -> None:
        """Sample the next order from the random state of a checkpoint."""
        if (checkpoint / RNG_STATE).exists():
            self.next_state = torch.load(checkpoint / RNG_STATE, weights_only=True)


def find_last_checkpoint(folder: Path) -> str | None:
    """Find the checkpoint that an interrupted stage resumes from."""
    last: str | None = get_last_checkpoint(str(folder)) if folder.is_dir() else None  # type: ignore[no-untyped-call]
    return last


def save_stage_end(model: Any, curve: Mapping[str, Any], folder: Path) -> None:
    """Replace the checkpoints of a stage by its final weights: with early stopping the last checkpoint is not the best.

    Raises:
        Stopped: it can't be written.
    """
    with replace_file(folder / STAGE_END, name="the student", access=Access.PRIVATE) as temporary:
        torch.save({"facts": dict(curve), "weights": model.state_dict()}, temporary)
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)


def load_stage_end(model: Any, folder: Path, device: str) -> Mapping[str, Any] | None:
    """Load the final weights of a stage into a model, and return its loss curve; null where it has not ended yet."""
    if not (folder / STAGE_END).exists():
        return None
    saved = torch.load(folder / STAGE_END, map_location=device, weights_only=True)
    model.load_state_dict(saved["weights"])
    curve: Mapping[str, Any] = saved["facts"]
    return curve
