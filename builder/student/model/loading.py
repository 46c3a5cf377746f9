"""Models: a student from scratch by its measures, or a checkpoint; whole, with LoRA, or with a soft prompt."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from cotloom.builder.errors import InputError
from cotloom.builder.student.model.student import Student
from cotloom.builder.student.model.tokenizer import with_newline
from cotloom.schemas.student import CheckpointModel, Lora, TinyModel
from peft import LoraConfig, PeftConfig, PeftModel, PromptTuningConfig, PromptTuningInit, TaskType, get_peft_model
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
    made.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]  # transformers leaves it without types
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
    config: Any = T5Config  # its types leave out what every configuration takes
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
    """Give a model as many embeddings as its tokenizer has tokens.

    The new ones are drawn as wide as the old ones stand, so that no two are alike.
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


def with_lora(student: Student, lora: Lora) -> Student:
    """Freeze the weights and put small matrices beside every linear layer (Hu et al. 2021)."""
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        task_type=_task(student),
    )
    return replace(student, model=_peft(student.model, config))


def _peft(model: Any, config: PeftConfig) -> Any:
    """The model behind what peft puts before or beside it."""
    with _by_an_old_name():
        return get_peft_model(model, config)


@contextmanager
def _by_an_old_name() -> Iterator[None]:
    """Peft asks whether activations are recomputed by a name that transformers warns of."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        yield


def with_soft_prompt(student: Student, tokens: int, seed: int) -> Student:
    """Freeze the weights and put a soft prompt before the input, drawn from the embeddings of words.

    ProMoT (Wang et al. 2024, section 3.2), first stage.

    Raises:
        InputError: the student has LoRA.
    """
    if isinstance(student.model, PeftModel):
        raise InputError(
            "a soft prompt can't be tuned for a student with LoRA",
            hint="leave model.lora out, or the stage with parameters: prompt",
            keys=("model.lora", "stages.parameters"),
        )
    config = PromptTuningConfig(
        task_type=_task(student),
        num_virtual_tokens=tokens,
        prompt_tuning_init=PromptTuningInit.RANDOM,
        num_transformer_submodules=1,
    )
    prompted = _peft(student.model, config)
    weights = student.model.get_input_embeddings().weight
    rows = torch.randint(len(weights), (tokens,), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        prompted.prompt_encoder["default"].embedding.weight.copy_(weights[rows.to(weights.device)])
    return replace(student, model=prompted, prompt_tokens=tokens)


def freeze_prompt(student: Student) -> Student:
    """Freeze the soft prompt and thaw the model behind it: ProMoT's second stage."""
    return _tuned(student, prompt=False)


def thaw_prompt(student: Student) -> Student:
    """Freeze the model and thaw the soft prompt before it again."""
    return _tuned(student, prompt=True)


def _tuned(student: Student, *, prompt: bool) -> Student:
    for parameter in student.model.parameters():
        parameter.requires_grad_(requires_grad=not prompt)
    for parameter in student.model.prompt_encoder.parameters():
        parameter.requires_grad_(requires_grad=prompt)
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
    with _by_an_old_name():
        prompted: Any = PeftModel.from_pretrained(student.model, folder / "prompt")
    tokens = int(prompted.peft_config["default"].num_virtual_tokens)
    return replace(student, model=prompted.to(student.device), prompt_tokens=tokens)


def _task(student: Student) -> TaskType:
    return TaskType.SEQ_2_SEQ_LM if student.has_encoder else TaskType.CAUSAL_LM
