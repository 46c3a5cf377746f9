"""Tiny students for tests: a Llama, a GPT-2 and a T5 of two layers, with their own tokenizer."""

import string
import warnings
from functools import cache

import torch
from peft import PromptTuningConfig, PromptTuningInit, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
    set_seed,
)

from cotloom.builder.student.model.chat import CHAT_TEMPLATE, END, PAD, SPECIAL, render_prompt
from cotloom.builder.student.model.student import Student

WIDTH = 48
WINDOW = 512

TAUGHT = {
    "What is 3 + 4?": "3 + 4 = 7. The answer is 7.",
    "What is 3 + 4? Give the answer only.": "The answer is 7.",
    "How many pens are 2 boxes of 6 pens?": "2 * 6 = 12.\nEach box has 6 pens. The answer is 12.",
    "Ann has 9 eggs. She eats 2 of them and sells the others. How many does she sell?": "9 - 2 = 7. The answer is 7.",
    "Say it.": "It",
    "What is 20 / 5, and then 4 * 3, and then 12 - 1?": "20 / 5 = 4. 4 * 3 = 12. 12 - 1 = 11. The answer is 11.",
}
"""Questions and answers that a trained student has memorized."""

PACE = {"llama": (120, 5e-3), "t5": (150, 1e-2)}
"""Steps and learning rate; training takes a second or two."""


def make_tokenizer(chat_template: str | None = CHAT_TEMPLATE) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer whose every token is whole text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = [*string.ascii_letters, *string.digits, *string.punctuation, "Ġ", "Ċ"]
    trainer = trainers.BpeTrainer(
        vocab_size=220, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([*TAUGHT, *TAUGHT.values()], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=PAD)
    fast.chat_template = chat_template
    return fast


def make_student(kind: str = "llama", *, window: int = WINDOW, seed: int = 0) -> Student:
    """An untrained student: it says nonsense, and seldom comes to an end."""
    tokenizer = make_tokenizer()
    set_seed(seed)
    model = {"llama": _make_llama, "gpt2": _make_gpt2, "t5": _make_t5}[kind](tokenizer, window)
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.pad_token_id if kind == "t5" else None,
    )
    return Student(model=model.eval(), tokenizer=tokenizer, device="cpu")


def _make_llama(tokenizer: PreTrainedTokenizerFast, window: int) -> LlamaForCausalLM:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=window,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def _make_gpt2(tokenizer: PreTrainedTokenizerFast, window: int) -> GPT2LMHeadModel:
    """A model that learns a vector for each position: it tells whether positions are counted right."""
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=WIDTH,
        n_layer=2,
        n_head=2,
        n_positions=window,
        initializer_range=0.2,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    return GPT2LMHeadModel(config)


def _make_t5(tokenizer: PreTrainedTokenizerFast, _window: int) -> T5ForConditionalGeneration:
    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer),
            d_model=WIDTH,
            d_kv=WIDTH // 2,
            d_ff=2 * WIDTH,
            num_layers=2,
            num_heads=2,
            dropout_rate=0.0,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
        )
    )


def add_soft_prompt(student: Student, tokens: int = 4) -> Student:
    """Add a random soft prompt, which changes the student's answers."""
    task = "SEQ_2_SEQ_LM" if student.has_encoder else "CAUSAL_LM"
    config = PromptTuningConfig(
        task_type=task,
        num_virtual_tokens=tokens,
        prompt_tuning_init=PromptTuningInit.RANDOM,
        num_transformer_submodules=1,
    )
    set_seed(1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*gradient_checkpointing.*")  # peft reads a deprecated attribute
        model = get_peft_model(student.model, config)
    return Student(model=model, tokenizer=student.tokenizer, device=student.device, prompt_tokens=tokens)


def make_prompt(student: Student, question: str) -> str:
    """The prompt of a question."""
    return render_prompt(student.tokenizer, [{"role": "user", "content": question}])


def make_trained_student(kind: str = "llama") -> Student:
    """A student that has memorized the answers of `TAUGHT`; a T5 most of them."""
    student = make_student(kind)
    student.model.load_state_dict(_train_weights(kind))
    return student


@cache
def _train_weights(kind: str) -> dict[str, torch.Tensor]:
    student, steps, rate = make_student(kind), *PACE[kind]
    batch = _make_batch(student)
    optimizer = torch.optim.AdamW(student.model.parameters(), lr=rate, weight_decay=0.0)
    student.model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        student.model(**batch).loss.backward()
        optimizer.step()
    return student.model.state_dict()


def _make_batch(student: Student) -> dict[str, torch.Tensor]:
    """All questions and answers as one batch, padded on the right."""
    tokenizer = student.tokenizer
    prompts = [tokenizer(make_prompt(student, question), add_special_tokens=False)["input_ids"] for question in TAUGHT]
    answers = [
        [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id] for text in TAUGHT.values()
    ]
    if student.has_encoder:
        rows, labels = prompts, answers
    else:
        rows = [ids + answer for ids, answer in zip(prompts, answers, strict=True)]
        labels = [[-100] * len(ids) + answer for ids, answer in zip(prompts, answers, strict=True)]
    return {
        "input_ids": _pad_right(rows, tokenizer.pad_token_id),
        "attention_mask": _pad_right([[1] * len(row) for row in rows], 0),
        "labels": _pad_right(labels, -100),
    }


def _pad_right(rows: list[list[int]], fill: int) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])
