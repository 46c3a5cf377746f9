"""Batches: pad rows of token ids into tensors, with the soft prompt in front of each row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from .student import Student

IGNORE_INDEX = -100
"""The label of a position without loss."""

SOFT_PROMPT_ID = -1
"""Stands for a token of the soft prompt in a row of token ids."""

ModelInputs = dict[str, torch.Tensor]
"""Arguments of the model's next forward pass by name; the first dimension of each is the rows."""


@contextmanager
def use_inference_mode(student: Student) -> Iterator[None]:
    """Disable dropout and gradients, and on a GPU autocast to bfloat16; on exit the model's mode is restored."""
    training = student.model.training
    student.model.eval()
    try:
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16, enabled=student.device == "cuda"):
            yield
    finally:
        student.model.train(training)


def unwrap_model(student: Student) -> Any:
    """The model without peft's soft prompt, which `make_batch` puts in front of each row, after the padding.

    Peft would put it before the padding, apart from the prompt.
    """
    return student.model.get_base_model() if student.prompt_tokens else student.model


def make_batch(student: Student, rows: Sequence[Sequence[int]]) -> ModelInputs:
    """Pad rows of token ids, each after its soft prompt.

    Returns:
        `input_ids` or `inputs_embeds`, and `attention_mask`, of shape (rows, tokens, ...). Padded on the right for an
        encoder-decoder; for a decoder-only model padded on the left, with `position_ids` counted from each row's first
        token.
    """
    prompted = [[SOFT_PROMPT_ID] * student.prompt_tokens + list(row) for row in rows]
    left = not student.has_encoder
    ids = pad_rows(prompted, student.tokenizer.pad_token_id, left=left).to(student.device)
    mask = pad_rows([[1] * len(row) for row in prompted], 0, left=left).to(student.device)
    inputs = {"attention_mask": mask, **_embed_tokens(student, ids)}
    return {**inputs, "position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0)} if left else inputs


def pad_rows(rows: Sequence[Sequence[int]], fill: int, *, left: bool) -> torch.Tensor:
    """Pad rows of numbers to a tensor of shape (rows, longest row), on the left or on the right."""
    longest = max(map(len, rows))
    gaps = [[fill] * (longest - len(row)) for row in rows]
    return torch.tensor([[*gap, *row] if left else [*row, *gap] for row, gap in zip(rows, gaps, strict=True)])


def _embed_tokens(student: Student, ids: torch.Tensor) -> ModelInputs:
    """The token ids, or their embeddings where there is a soft prompt."""
    if not student.prompt_tokens:
        return {"input_ids": ids}
    embeddings = unwrap_model(student).get_input_embeddings()(ids.clamp(min=0))
    soft = student.model.get_prompt(batch_size=len(ids)).to(embeddings.dtype)
    return {"inputs_embeds": embeddings.masked_scatter((ids == SOFT_PROMPT_ID)[..., None], soft)}
