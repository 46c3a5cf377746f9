"""Resume an interrupted training, with the same result as an uninterrupted one."""

import json
import math
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import get_last_checkpoint, rotate_checkpoints

from ...files import digest_file
from ...progress import warn
from ...store.atomic import Access, atomic_write, replace_file

STAGE_END = "ended.pt"
"""File with the weights at the end of a stage, and its loss curve."""

RNG_STATE = "order.pt"
"""File in a checkpoint from the middle of an epoch: the random state that its order of rows was sampled from."""


SEAL = "digests.json"
"""File of a finished checkpoint: the sha256 of each other file."""


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


def seal_checkpoint(checkpoint: Path) -> None:
    """Write the digest of every file of a finished checkpoint; one without them was being written when it was killed.

    Raises:
        Stopped: it can't be written.
    """
    digests = _digest_files(checkpoint)
    atomic_write(checkpoint / SEAL, json.dumps(digests, indent=1, sort_keys=True), access=Access.PRIVATE)


def remove_old_checkpoints(folder: str, best: str | None) -> None:
    """Remove all checkpoints but that of the last step and the best one. Transformers would go by their times."""
    rotate_checkpoints(folder, save_total_limit=1, best_model_checkpoint=best, use_mtime=False)


def _digest_files(checkpoint: Path) -> dict[str, str]:
    files = (path for path in checkpoint.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(checkpoint)): digest_file(path)[0] for path in files if path.name != SEAL}


def find_last_checkpoint(folder: Path) -> str | None:
    """Find the checkpoint that an interrupted stage resumes from; what is half written or damaged is removed."""
    while folder.is_dir() and (last := get_last_checkpoint(str(folder))):  # type: ignore[no-untyped-call]
        if _is_sealed(Path(last)):
            return str(last)
        shutil.rmtree(last)
    return None


def _is_sealed(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end, and is as it was written."""
    seal = checkpoint / SEAL
    if not seal.is_file():
        return False
    with suppress(ValueError):
        if json.loads(seal.read_bytes()) == _digest_files(checkpoint):
            return True
    warn(f"a checkpoint is damaged and is not used: {checkpoint}")
    return False


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
