"""Models: a student from scratch by its measures, or a checkpoint; whole, with LoRA, or with a soft prompt."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, PromptTuningConfig, PromptTuningInit, TaskType, get_peft_model
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
    set_seed,
)

from builder.errors import InputError
from builder.student.student import Student
from builder.student.tokens import with_newline
from schemas.student import CheckpointModel, Lora, TinyModel


def device_here() -> str:
    """`cuda` where there is a card, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def make_tiny(model: TinyModel, tokenizer: Any, seed: int) -> Student:
    """Make an untrained student.

    Raises:
        InputError: the heads do not divide the width.
    """
    if model.width % (2 * model.heads):
        raise InputError(
            f"{model.heads} heads can't share a width of {model.width} evenly",
            hint="take a width that is a multiple of twice the number of heads",
            keys=("model.width", "model.heads"),
        )
    set_seed(seed)
    made = _llama(model, tokenizer) if model.architecture == "llama" else _t5(model, tokenizer)
    made.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.pad_token_id if model.architecture == "t5" else None,
    )
    return Student(model=made.to(device_here()), tokenizer=tokenizer, device=device_here())


def _llama(model: TinyModel, tokenizer: Any) -> Any:
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


def _t5(model: TinyModel, tokenizer: Any) -> Any:
    return T5ForConditionalGeneration(
        T5Config(
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
    """Load a pretrained checkpoint in single precision; on a card, training and asking go through bfloat16.

    Raises:
        InputError: it can't be loaded.
    """
    try:
        config = AutoConfig.from_pretrained(model.path, revision=model.revision or "main")
        kind: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        tokenizer = AutoTokenizer.from_pretrained(model.path, revision=model.revision or "main")
        loaded = kind.from_pretrained(model.path, revision=model.revision or "main", dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the checkpoint {model.path} can't be loaded: {str(error).splitlines()[0]}",
            hint="model.path is a folder with a model and its tokenizer, or a name on the Hub",
            keys=("model.path",),
        ) from error
    if not tokenizer.is_fast:
        raise InputError(
            f"the tokenizer of {model.path} says nothing about the characters of its tokens",
            hint="take a checkpoint with a fast tokenizer (a tokenizer.json)",
            keys=("model.path",),
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if with_newline(tokenizer):
        widen(loaded, len(tokenizer))
    return Student(model=loaded.to(device_here()), tokenizer=tokenizer, device=device_here())


def widen(model: Any, size: int, seed: int = 0) -> None:
    """Give a model as many embeddings as its tokenizer has tokens; the new ones are drawn about the mean of the old."""
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
            noise = torch.randn(size - before, old.shape[1], device=old.device) * old.std() * 0.5
            layer.weight[before:] = old.mean(dim=0) + noise


def with_lora(student: Student, lora: Lora) -> Student:
    """Freeze the weights and put small matrices beside every linear layer (Hu et al. 2021)."""
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        task_type=_task(student),
    )
    return replace(student, model=get_peft_model(student.model, config))


def with_soft_prompt(student: Student, tokens: int, seed: int) -> Student:
    """Freeze the weights and put a soft prompt before the input, drawn from the embeddings of words.

    ProMoT (Wang et al. 2024, section 3.2), first stage.
    """
    config = PromptTuningConfig(
        task_type=_task(student),
        num_virtual_tokens=tokens,
        prompt_tuning_init=PromptTuningInit.RANDOM,
        num_transformer_submodules=1,
    )
    prompted = get_peft_model(student.model, config)
    weights = student.model.get_input_embeddings().weight
    rows = torch.randint(len(weights), (tokens,), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        prompted.prompt_encoder["default"].embedding.weight.copy_(weights[rows.to(weights.device)])
    return replace(student, model=prompted, prompt_tokens=tokens)


def freeze_prompt(student: Student) -> Student:
    """Freeze the soft prompt and thaw the model behind it: ProMoT's second stage."""
    for parameter in student.model.parameters():
        parameter.requires_grad_(True)
    for parameter in student.model.prompt_encoder.parameters():
        parameter.requires_grad_(False)
    return student


def without_prompt(student: Student) -> Student:
    """The student without its soft prompt, for everything that it was not trained for."""
    if not student.prompt_tokens:
        return student
    return replace(student, model=student.model.get_base_model(), prompt_tokens=0)


def merged(student: Student) -> Student:
    """An ordinary model: LoRA's matrices added to the weights."""
    if isinstance(student.model, PeftModel) and not student.prompt_tokens:
        return replace(student, model=student.model.merge_and_unload())
    return student


def save(student: Student, folder: Path) -> None:
    """Write a checkpoint that transformers loads; a soft prompt goes into `prompt/` beside it."""
    merged(without_prompt(student)).model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)
    if student.prompt_tokens:
        student.model.save_pretrained(folder / "prompt")


def load(folder: Path) -> Student:
    """Read back what `save` wrote."""
    student = load_checkpoint(CheckpointModel(kind="checkpoint", path=str(folder)))
    if not (folder / "prompt").is_dir():
        return student
    prompted = PeftModel.from_pretrained(student.model, folder / "prompt")
    tokens = int(prompted.peft_config["default"].num_virtual_tokens)
    return replace(student, model=prompted.to(student.device), prompt_tokens=tokens)


def _task(student: Student) -> TaskType:
    return TaskType.SEQ_2_SEQ_LM if student.has_encoder else TaskType.CAUSAL_LM
