"""One soft prompt for each task, trained apart and kept beside the model (ProMoT, Wang et al. 2024, section 3.2)."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from .batching import ModelInputs
from .loading import add_soft_prompt, remove_soft_prompt
from .student import Student


def select_prompt(student: Student, task: str) -> Student:
    """Put the soft prompt of a task before the input.

    Args:
        student: the student; its model is shared.
        task: a task that has a prompt.
    """
    prompt = student.prompts[task]
    prompted = add_soft_prompt(replace(student, prompts={}), len(prompt), 0)
    return _write_prompt(prompted, prompt)


def start_prompt(student: Student, task: str, tokens: int, seed: int) -> Student:
    """Freeze the model and put a soft prompt before the input: the one of the task, or one sampled from the embeddings.

    Args:
        student: the student.
        task: the task.
        tokens: the length of a new prompt.
        seed: seed of a new prompt, which does not depend on the other tasks.

    Raises:
        InputError: the student has LoRA.
    """
    prompted = add_soft_prompt(student, len(student.prompts[task]) if task in student.prompts else tokens, seed)
    return _write_prompt(prompted, student.prompts[task]) if task in student.prompts else prompted


def _write_prompt(student: Student, prompt: torch.Tensor) -> Student:
    weight = student.model.prompt_encoder["default"].embedding.weight
    with torch.no_grad():
        weight.copy_(prompt.to(weight.device))
    return student


def keep_prompt(student: Student, task: str) -> Student:
    """Take the soft prompt away from the input, keep it for its task, and let the model be trained again."""
    prompt = student.model.prompt_encoder["default"].embedding.weight.detach().clone()
    bare = remove_soft_prompt(student)
    for parameter in bare.model.parameters():
        parameter.requires_grad_(requires_grad=True)
    return replace(bare, prompts={**student.prompts, task: prompt})


def embed_prompts(student: Student, inputs: ModelInputs, tasks: Sequence[str | None]) -> ModelInputs:
    """Embed padded rows behind the soft prompts of their tasks; a row whose task has none begins with masked positions.

    Args:
        student: the student.
        inputs: `input_ids` and `attention_mask`, each of shape (rows, tokens).
        tasks: the task of each row.

    Returns:
        `inputs_embeds` of shape (rows, prompt + tokens, width) and `attention_mask`; for a decoder-only model also
        `position_ids`, counted from the first position that is not masked.
    """
    embeddings = student.model.get_input_embeddings()(inputs["input_ids"])
    length = max(len(prompt) for prompt in student.prompts.values())
    soft = embeddings.new_zeros(len(tasks), length, embeddings.shape[-1])
    shown = inputs["attention_mask"].new_zeros(len(tasks), length)
    for row, task in enumerate(tasks):
        if task is not None and task in student.prompts:
            prompt = student.prompts[task]
            soft[row, length - len(prompt) :] = prompt.to(soft)
            shown[row, length - len(prompt) :] = 1
    mask = torch.cat([shown, inputs["attention_mask"]], dim=1)
    embedded = {"inputs_embeds": torch.cat([soft, embeddings], dim=1), "attention_mask": mask}
    return embedded if student.has_encoder else {**embedded, "position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0)}
