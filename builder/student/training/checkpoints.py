"""Resume: what an interrupted training goes on from, so that it ends as if nothing had happened."""

import math
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from transformers.trainer_pt_utils import LengthGroupedSampler
from transformers.trainer_utils import get_last_checkpoint

ENDED = "ended.pt"
"""The weights at the end of a stage, and how its loss went."""

ORDER = "order.pt"
"""In a checkpoint from the middle of an epoch: what the order of its rows was drawn from."""


class Order(LengthGroupedSampler):
    """The order of rows, with the state of chance that it was drawn from.

    Transformers draws the order of a resumed epoch anew, so that some rows would come twice and others never.
    """

    drawn_from: torch.Tensor | None = None
    """Of the order of this epoch."""
    draw_from: torch.Tensor | None = None
    """For the order of the next epoch; null takes the state that there is."""

    def __iter__(self) -> Iterator[int]:
        if self.draw_from is not None:
            torch.set_rng_state(self.draw_from)
            self.draw_from = None
        self.drawn_from = torch.get_rng_state()
        drawn: Iterator[int] = super().__iter__()  # type: ignore[no-untyped-call]  # transformers leaves it without types
        return drawn

    def write(self, checkpoint: Path, step: int) -> None:
        """Write down what the order was drawn from, where a checkpoint is in the middle of an epoch."""
        if step % math.ceil(len(self) / self.batch_size):
            torch.save(self.drawn_from, checkpoint / ORDER)

    def read(self, checkpoint: Path) -> None:
        """Draw the next order from what a checkpoint says."""
        if (checkpoint / ORDER).exists():
            self.draw_from = torch.load(checkpoint / ORDER, weights_only=True)


def last_checkpoint(folder: Path) -> str | None:
    """Where an interrupted stage goes on."""
    last: str | None = get_last_checkpoint(str(folder)) if folder.is_dir() else None  # type: ignore[no-untyped-call]
    return last


def keep_end(model: Any, facts: Mapping[str, Any], folder: Path) -> None:
    """Write down how a stage ended, in place of its checkpoints: with early stopping the last is not the best.

    Raises:
        OSError: it can't be written.
    """
    side = folder / f".{ENDED}"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"facts": dict(facts), "weights": model.state_dict()}, side)
    side.replace(folder / ENDED)
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)


def read_end(model: Any, folder: Path, device: str) -> Mapping[str, Any] | None:
    """Give a model the weights at the end of a stage, and say how it went; null where it has not ended yet."""
    if not (folder / ENDED).exists():
        return None
    kept = torch.load(folder / ENDED, map_location=device, weights_only=True)
    model.load_state_dict(kept["weights"])
    facts: Mapping[str, Any] = kept["facts"]
    return facts
