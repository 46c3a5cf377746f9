"""Generate answers in batches, and compute the log-likelihood of given answers.

The generation loop is our own rather than `model.generate`: finished rows leave the batch, so that one long answer does
not hold up short ones.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from ....schemas.ids import rank
from ...progress import show_bar
from .batching import (
    IGNORE_INDEX,
    ModelInputs,
    make_batch,
    pad_rows,
    unwrap_model,
    use_inference_mode,
)
from .student import Student

TokenPicker = Callable[[torch.Tensor], torch.Tensor]
"""Picks a token id for each row, shape (rows,), from logits of shape (rows, vocabulary)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Generation:
    """A student's answer to one prompt."""

    text: str
    """The text, without special tokens."""
    tokens: int
    """Number of generated tokens, without the end token."""
    truncated: bool
    """Whether it ended at a limit: `max_tokens`, or the student's window. A prompt that fills the window gets an empty
    answer."""


@dataclass(frozen=True, slots=True)
class _EncodedPrompt:
    ids: list[int]
    """Token ids of the prompt."""
    max_new_tokens: int
    """Maximum tokens of the answer; 0 or fewer where the prompt fills the window."""


def encode_prompt(tokenizer: Any, text: str) -> list[int]:
    """Tokenize a prompt as training does.

    A chat template writes the special tokens itself; without one, the tokenizer adds those that it always adds.
    """
    ids: list[int] = tokenizer(text, add_special_tokens=not tokenizer.chat_template)["input_ids"]
    return ids


def generate(
    student: Student,
    prompts: Sequence[str],
    *,
    max_tokens: int,
    batch_size: int,
    temperature: float | None = None,
    seed: int = 0,
) -> list[Generation]:
    """Generate an answer to each prompt, the longest prompts first.

    Args:
        student: the student.
        prompts: texts that end where the answer begins. A prompt given several times is answered several times.
        max_tokens: maximum tokens of an answer.
        batch_size: prompts in one batch.
        temperature: sampling temperature; None decodes greedily.
        seed: seed of sampling. The seed of a batch is derived from this and the batch's prompts, so that the order of
            the prompts does not matter; another batch size samples other answers.

    Returns:
        The generations, in the order of the prompts.
    """
    rows = [_limit_prompt(student, encode_prompt(student.tokenizer, text), max_tokens) for text in prompts]
    generations = [Generation(text="", tokens=0, truncated=True)] * len(prompts)
    fitting = [index for index, row in enumerate(rows) if row.max_new_tokens > 0]
    order = sorted(fitting, key=lambda index: (-len(rows[index].ids), prompts[index]))
    with use_inference_mode(student), show_bar("generating answers", len(order)) as advance:
        for batch in _split_batches(order, batch_size):
            batch_seed = rank(f"said:{seed}", "\x1e".join(prompts[index] for index in batch))
            picker = _make_picker(student, temperature, batch_seed)
            answers = _generate_batch(student, [rows[index] for index in batch], picker)
            for index, ids in zip(batch, answers, strict=True):
                generations[index] = _decode_generation(student, ids)
            advance(len(batch))
    return generations


def compute_log_likelihood(
    student: Student, prompts: Sequence[str], answers: Sequence[str], *, batch_size: int
) -> list[float | None]:
    """Compute the log-likelihood of an answer to each prompt, the longest rows first.

    Args:
        student: the student.
        prompts: texts that end where the answer begins.
        answers: one for each prompt.
        batch_size: rows in one batch.

    Returns:
        For each answer the sum of the log probabilities of its tokens and of the end token, in nats, in the order of
        the prompts; null where prompt and answer do not fit the student's window.
    """
    prompt_ids = [encode_prompt(student.tokenizer, text) for text in prompts]
    answer_ids = [_encode_answer(student.tokenizer, text) for text in answers]
    lengths = [len(prompt) + len(answer) for prompt, answer in zip(prompt_ids, answer_ids, strict=True)]
    fitting = [index for index, length in enumerate(lengths) if _count_free_tokens(student, length) >= 0]
    order = sorted(fitting, key=lambda index: (-lengths[index], prompts[index], answers[index]))
    logprobs: list[float | None] = [None] * len(prompts)
    with use_inference_mode(student), show_bar("scoring gold answers", len(order)) as advance:
        for batch in _split_batches(order, batch_size):
            sums = _sum_log_probs(
                student, [prompt_ids[index] for index in batch], [answer_ids[index] for index in batch]
            )
            for index, value in zip(batch, sums, strict=True):
                logprobs[index] = value
            advance(len(batch))
    return logprobs


def _limit_prompt(student: Student, ids: list[int], max_tokens: int) -> _EncodedPrompt:
    free = _count_free_tokens(student, len(ids)) if student.window else max_tokens
    return _EncodedPrompt(ids, min(max_tokens, free))


def _count_free_tokens(student: Student, length: int) -> int:
    """Tokens of the window that are left after `length` tokens and the soft prompt; 0 where there is no limit."""
    return student.window - student.prompt_tokens - length if student.window else 0


def _encode_answer(tokenizer: Any, text: str) -> list[int]:
    return [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]


def _split_batches(order: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (order[start : start + size] for start in range(0, len(order), size))


def _make_picker(student: Student, temperature: float | None, seed: int) -> TokenPicker:
    if temperature is None:
        return lambda logits: logits.argmax(dim=-1)
    generator = torch.Generator(student.device).manual_seed(seed % 2**63)
    return lambda logits: torch.multinomial((logits / temperature).softmax(dim=-1), 1, generator=generator)[:, 0]


def _decode_generation(student: Student, ids: list[int]) -> Generation:
    is_ended = ids[-1] in _list_stop_tokens(student)
    answer = ids[:-1] if is_ended else ids
    text = student.tokenizer.decode(answer, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return Generation(text=text, tokens=len(answer), truncated=not is_ended)


def _list_stop_tokens(student: Student) -> frozenset[int]:
    """Token ids that end an answer."""
    configured = student.model.generation_config.eos_token_id
    ends = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in (*ends, student.tokenizer.eos_token_id) if token is not None)


def _sum_log_probs(student: Student, prompts: Sequence[list[int]], answers: Sequence[list[int]]) -> list[float]:
    """Log-likelihood of each answer."""
    labels = pad_rows(answers, IGNORE_INDEX, left=not student.has_encoder).to(student.device)
    if student.has_encoder:
        logits = unwrap_model(student)(**make_batch(student, prompts), labels=labels).logits
    else:  # all answers end at the right edge, so that no logits of prompts are computed
        inputs = make_batch(student, [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)])
        logits = unwrap_model(student)(**inputs, logits_to_keep=labels.shape[1] + 1).logits[:, :-1]
    logprobs = logits.float().log_softmax(dim=-1).gather(2, labels.clamp(min=0)[..., None])[..., 0]
    sums: list[float] = logprobs.masked_fill(labels == IGNORE_INDEX, 0.0).sum(dim=1).tolist()
    return sums


# Token by token


def _generate_batch(student: Student, rows: Sequence[_EncodedPrompt], picker: TokenPicker) -> list[list[int]]:
    """Generate until each row has ended or is at its limit.

    Finished rows leave the batch as soon as they are half of it: moving the others takes time too.
    """
    stops, answers = _list_stop_tokens(student), [list[int]() for _ in rows]
    inputs, cache = _prepare_inputs(student, [row.ids for row in rows]), _make_cache(student)
    in_batch = list(range(len(rows)))  # rows that are still in the batch
    active = set(in_batch)  # those of them that are still being generated
    while True:
        tokens = picker(_compute_next_logits(student, inputs, cache))
        for row, token in zip(in_batch, tokens.tolist(), strict=True):
            if row in active:
                answers[row].append(token)
                if token in stops or len(answers[row]) >= rows[row].max_new_tokens:
                    active.remove(row)
        if not active:
            return answers
        if 2 * len(active) <= len(in_batch) and _has_removable_rows(cache):
            keep = torch.tensor([index for index, row in enumerate(in_batch) if row in active], device=student.device)
            cache.batch_select_indices(keep)
            inputs, tokens = {name: value[keep] for name, value in inputs.items()}, tokens[keep]
            in_batch = [row for row in in_batch if row in active]
        inputs = _prepare_next_inputs(inputs, tokens)


def _make_cache(student: Student) -> Any:
    cache = DynamicCache(config=student.model.config)
    return EncoderDecoderCache(cache, DynamicCache(config=student.model.config)) if student.has_encoder else cache


def _has_removable_rows(cache: Any) -> bool:
    """Whether rows can be removed from a cache; the states of linear attention do not support it."""
    layers = cache.layers if isinstance(cache, DynamicCache) else cache.self_attention_cache.layers
    return all(hasattr(layer, "batch_select_indices") for layer in layers)


def _prepare_inputs(student: Student, rows: Sequence[Sequence[int]]) -> ModelInputs:
    """Inputs of the first step: the prompts, or the encoder's hidden states of them."""
    inputs = make_batch(student, rows)
    if not student.has_encoder:
        return inputs
    states = unwrap_model(student).get_encoder()(**inputs).last_hidden_state
    start = torch.full((len(rows), 1), _get_start_token(student), device=student.device)
    return {"states": states, "attention_mask": inputs["attention_mask"], "decoder_input_ids": start}


def _get_start_token(student: Student) -> int:
    """The token id that a decoder begins with."""
    configured = student.model.generation_config.decoder_start_token_id
    return int(student.model.config.decoder_start_token_id if configured is None else configured)


def _prepare_next_inputs(inputs: ModelInputs, tokens: torch.Tensor) -> ModelInputs:
    """Inputs of the next step, after the tokens that were picked last, shape (rows,)."""
    if "states" in inputs:
        return {**inputs, "decoder_input_ids": tokens[:, None]}
    mask = inputs["attention_mask"]
    return {
        "input_ids": tokens[:, None],
        "attention_mask": torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1),
        "position_ids": inputs["position_ids"][:, -1:] + 1,
    }


def _compute_next_logits(student: Student, inputs: ModelInputs, cache: Any) -> torch.Tensor:
    """Logits of the next token, shape (rows, vocabulary)."""
    arguments: dict[str, Any] = dict(inputs)
    if student.has_encoder:
        arguments["encoder_outputs"] = BaseModelOutput(last_hidden_state=arguments.pop("states"))
    else:
        arguments["logits_to_keep"] = 1
    logits: torch.Tensor = unwrap_model(student)(**arguments, past_key_values=cache, use_cache=True).logits[:, -1]
    return logits.float()
