"""Load and save students: from scratch or from a checkpoint; all weights, with LoRA, or with a soft prompt."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftConfig, PeftModel, PromptTuningConfig, PromptTuningInit, TaskType, get_peft_model
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import (
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
    set_seed,
)

from ....schemas.student import CheckpointModel, Lora, Model, TinyModel
from ...errors import InputError
from ...teacher.checkpoint import get_device, load_pretrained
from ...teacher.checkpoint.files import check_adapter
from ...teacher.checkpoint.provenance import read_provenance
from .student import Student
from .tokenizer import add_newline_token

PROMPTS = "prompts.safetensors"
"""The file of a saved student with the soft prompt of each task."""


def make_tiny(model: TinyModel, tokenizer: Any, seed: int) -> Student:
    """Make an untrained student from scratch.

    Raises:
        InputError: the width is not a multiple of twice the number of heads.
    """
    if model.width % (2 * model.heads):
        raise InputError(
            f"the width {model.width} can't be divided among {model.heads} attention heads",
            hint="take a width that is a multiple of twice the number of heads",
            keys=("model.width", "model.heads"),
        )
    set_seed(seed)
    made = _make_llama(model, tokenizer) if model.architecture == "llama" else _make_t5(model, tokenizer)
    made.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]  # untyped in transformers
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.pad_token_id if model.architecture == "t5" else None,
    )
    return Student(model=made.to(get_device()), tokenizer=tokenizer, device=get_device())


def _make_llama(model: TinyModel, tokenizer: Any) -> Any:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=model.width,
            intermediate_size=2 * model.width,
            num_hidden_layers=model.layers,
            num_attention_heads=model.heads,
            num_key_value_heads=model.heads,
            max_position_embeddings=model.window,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def _make_t5(model: TinyModel, tokenizer: Any) -> Any:
    config: Any = T5Config  # its type stub lacks the arguments that every configuration takes
    return T5ForConditionalGeneration(
        config(
            vocab_size=len(tokenizer),
            d_model=model.width,
            d_kv=model.width // model.heads,
            d_ff=2 * model.width,
            num_layers=model.layers,
            num_heads=model.heads,
            dropout_rate=0.0,
            tie_word_embeddings=False,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
        )
    )


def load_checkpoint(model: CheckpointModel) -> Student:
    """Load a pretrained checkpoint in float32; on a GPU, training and generation autocast to bfloat16.

    Raises:
        InputError: it can't be loaded.
    """
    checkpoint = load_pretrained(model.path, key="model.path", dtype="float32", revision=model.revision)
    loaded, tokenizer = checkpoint.model, checkpoint.tokenizer
    if not tokenizer.is_fast:
        raise InputError(
            f"the tokenizer of {model.path} has no offset mapping: it is not a fast tokenizer",
            hint="take a checkpoint with a fast tokenizer (a tokenizer.json)",
            keys=("model.path",),
        )
    if add_newline_token(tokenizer):
        resize_embeddings(loaded, len(tokenizer))
    return Student(model=loaded.to(get_device()), tokenizer=tokenizer, device=get_device())


def is_trained_on_simulated(model: Model) -> bool:
    """Whether the initial checkpoint of a student was trained on simulated text.

    Raises:
        InputError: the checkpoint is another student, and its provenance can't be read.
    """
    began = read_provenance(model.path) if isinstance(model, CheckpointModel) else None
    return began is not None and began.simulated


def resize_embeddings(model: Any, size: int, seed: int = 0) -> None:
    """Resize the embeddings of a model to its tokenizer's size.

    New rows are sampled with the standard deviation of the old ones, so that no two are alike.
    """
    set_seed(seed)
    before = int(model.get_input_embeddings().weight.shape[0])
    if size <= before:
        return
    model.resize_token_embeddings(size, mean_resizing=False)
    with torch.no_grad():
        for layer in {
            id(part): part for part in (model.get_input_embeddings(), model.get_output_embeddings())
        }.values():
            old = layer.weight[:before]
            layer.weight[before:] = torch.randn(size - before, old.shape[1], device=old.device) * old.std()


def add_lora(student: Student, lora: Lora) -> Student:
    """Freeze the weights and add low-rank matrices to every linear layer (Hu et al. 2021)."""
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        task_type=_get_task_type(student),
    )
    return replace(student, model=_wrap_with_peft(student.model, config))


def _wrap_with_peft(model: Any, config: PeftConfig) -> Any:
    """Wrap a model with a peft adapter."""
    with _ignore_peft_warning():
        return get_peft_model(model, config)


@contextmanager
def _ignore_peft_warning() -> Iterator[None]:
    """Ignore the warning about an attribute that peft reads and transformers deprecates."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        yield


def add_soft_prompt(student: Student, tokens: int, seed: int) -> Student:
    """Freeze the weights and add a soft prompt before the input, sampled from the token embeddings.

    This is the first stage of ProMoT (Wang et al. 2024, section 3.2).

    Raises:
        InputError: the student has LoRA.
    """
    if isinstance(student.model, PeftModel):
        raise InputError(
            "a soft prompt can't be combined with LoRA",
            hint="remove model.lora, or the stage with parameters: prompt",
            keys=("model.lora", "stages.parameters"),
        )
    config = PromptTuningConfig(
        task_type=_get_task_type(student),
        num_virtual_tokens=tokens,
        prompt_tuning_init=PromptTuningInit.RANDOM,
        num_transformer_submodules=1,
    )
    prompted = _wrap_with_peft(student.model, config)
    weights = student.model.get_input_embeddings().weight
    rows = torch.randint(len(weights), (tokens,), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        prompted.prompt_encoder["default"].embedding.weight.copy_(weights[rows.to(weights.device)])
    return replace(student, model=prompted, prompt_tokens=tokens)


def freeze_soft_prompt(student: Student) -> Student:
    """Freeze the soft prompt and unfreeze the model: ProMoT's second stage."""
    return _set_trainable(student, prompt=False)


def unfreeze_soft_prompt(student: Student) -> Student:
    """Unfreeze the soft prompt and freeze the model: ProMoT's first stage."""
    return _set_trainable(student, prompt=True)


def _set_trainable(student: Student, *, prompt: bool) -> Student:
    for parameter in student.model.parameters():
        parameter.requires_grad_(requires_grad=not prompt)
    for parameter in student.model.prompt_encoder.parameters():
        parameter.requires_grad_(requires_grad=prompt)
    return student


def remove_soft_prompt(student: Student) -> Student:
    """Remove the soft prompt, for tasks that it was not trained on."""
    if not student.prompt_tokens:
        return student
    return replace(student, model=student.model.get_base_model(), prompt_tokens=0)


def merge_lora(student: Student) -> Student:
    """Merge LoRA's matrices into the weights; other students are returned unchanged."""
    if isinstance(student.model, PeftModel) and not student.prompt_tokens:
        return replace(student, model=student.model.merge_and_unload())
    return student


def save_student(student: Student, folder: Path) -> None:
    """Save a checkpoint that transformers loads; soft prompts go beside it: to `prompt/`, or to one file for tasks."""
    merge_lora(remove_soft_prompt(student)).model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)
    if student.prompt_tokens:
        student.model.save_pretrained(folder / "prompt")
    _save_prompts(student, folder)


def load_saved_student(folder: Path) -> Student:
    """Load a student that `save_student` saved.

    Raises:
        InputError: a file of it is damaged, or not one that `save_student` writes.
    """
    student = load_checkpoint(CheckpointModel(kind="checkpoint", path=str(folder)))
    student = _load_prompts(student, folder)
    if not (folder / "prompt").is_dir():
        return student
    check_adapter(folder / "prompt")
    with _ignore_peft_warning():
        prompted: Any = PeftModel.from_pretrained(student.model, folder / "prompt", use_safetensors=True)
    tokens = int(prompted.peft_config["default"].num_virtual_tokens)
    return replace(student, model=prompted.to(student.device), prompt_tokens=tokens)


def _save_prompts(student: Student, folder: Path) -> None:
    """Save the soft prompts of a student's tasks beside its checkpoint."""
    if student.prompts:
        tensors = {task: prompt.cpu().contiguous() for task, prompt in student.prompts.items()}
        save_file(tensors, folder / PROMPTS)


def _load_prompts(student: Student, folder: Path) -> Student:
    """Load the soft prompts that `save_student` saved; a student without them is returned unchanged.

    Raises:
        InputError: the file is damaged.
    """
    if not (folder / PROMPTS).is_file():
        return student
    try:
        prompts: dict[str, Any] = load_file(folder / PROMPTS)
    except SafetensorError as error:
        raise InputError(f"{folder / PROMPTS} can't be read: {error}", hint="save the student once more") from error
    return replace(student, prompts={task: prompts[task].to(student.device) for task in sorted(prompts)})


def _get_task_type(student: Student) -> TaskType:
    return TaskType.SEQ_2_SEQ_LM if student.has_encoder else TaskType.CAUSAL_LM
