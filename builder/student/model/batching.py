"""What a student reads, as tensors: rows of tokens side by side, each behind its soft prompt."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from cotloom.builder.student.model.student import Student

SOFT = -1
"""Stands for a token of the soft prompt in a row of token ids."""

Inputs = dict[str, torch.Tensor]
"""What the model reads next, by the name of its argument; rows first in each."""


@contextmanager
def asking(student: Student) -> Iterator[None]:
    """No dropout and no gradients, and on a card bfloat16; afterwards the model is as it was."""
    training = student.model.training
    student.model.eval()
    try:
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16, enabled=student.device == "cuda"):
            yield
    finally:
        student.model.train(training)


def reader(student: Student) -> Any:
    """The model that reads embeddings; a soft prompt is put before them by `laid_out`, behind the padding.

    Peft puts it before the padding, which moves the prompt away from it.
    """
    return student.model.get_base_model() if student.prompt_tokens else student.model


def laid_out(student: Student, rows: Sequence[Sequence[int]]) -> Inputs:
    """Rows of tokens side by side, each behind its soft prompt.

    Returns:
        `input_ids` or `inputs_embeds`, and `attention_mask`, of shape (rows, tokens, ...), padded on the right for an
        encoder. Without one they are padded on the left, and `position_ids` count from each row's first token.
    """
    whole = [[SOFT] * student.prompt_tokens + list(row) for row in rows]
    left = not student.has_encoder
    ids = padded(whole, student.tokenizer.pad_token_id, left=left).to(student.device)
    mask = padded([[1] * len(row) for row in whole], 0, left=left).to(student.device)
    inputs = {"attention_mask": mask, **_embedded(student, ids)}
    return {**inputs, "position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0)} if left else inputs


def padded(rows: Sequence[Sequence[int]], fill: int, *, left: bool) -> torch.Tensor:
    """Rows of numbers as one tensor of shape (rows, longest row), filled up on one side."""
    longest = max(map(len, rows))
    gaps = [[fill] * (longest - len(row)) for row in rows]
    return torch.tensor([[*gap, *row] if left else [*row, *gap] for row, gap in zip(rows, gaps, strict=True)])


def _embedded(student: Student, ids: torch.Tensor) -> Inputs:
    """The tokens, or their embeddings where some are of the soft prompt."""
    if not student.prompt_tokens:
        return {"input_ids": ids}
    embeddings = reader(student).get_input_embeddings()(ids.clamp(min=0))
    soft = student.model.get_prompt(batch_size=len(ids)).to(embeddings.dtype)
    return {"inputs_embeds": embeddings.masked_scatter((ids == SOFT)[..., None], soft)}
