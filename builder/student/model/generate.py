"""Ask a student: many prompts at once, and how likely it holds an answer that it is given.

Answers are written by a loop of our own rather than `model.generate`: rows that are done leave the batch, so that one
long answer does not hold up short ones.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from cotloom.builder.progress import bar
from cotloom.builder.student.model.batching import Inputs, asking, laid_out, padded, reader
from cotloom.builder.student.model.student import Student
from cotloom.builder.student.training.losses import IGNORED
from cotloom.schemas.ids import rank
from transformers import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

Pick = Callable[[torch.Tensor], torch.Tensor]
"""Chooses a token for each row, shape (rows,), by scores of shape (rows, vocabulary)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a student said to one prompt."""

    text: str
    """The text, without special tokens."""
    tokens: int
    """Its tokens, without the one that ends it."""
    truncated: bool
    """Whether it ended at a limit: of the answer, or of the student's window. A prompt that fills the window gets
    an empty answer."""


@dataclass(frozen=True, slots=True)
class _Row:
    ids: list[int]
    """The prompt."""
    limit: int
    """Tokens that the answer may have; none or fewer where the prompt fills the window."""


def encode_prompt(tokenizer: Any, text: str) -> list[int]:
    """Turn a prompt into tokens, as training does.

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
) -> list[Said]:
    """Let a student answer, the longest prompts first.

    Args:
        student: the student.
        prompts: texts that end where the answer begins. One that is there several times is answered several times.
        max_tokens: the longest answer.
        batch_size: prompts that are answered together.
        temperature: of sampling; None takes the likeliest token.
        seed: key of the chance. That of a batch is drawn from this and the prompts in it, so that the order of the
            prompts takes no part; another batch size draws other answers.

    Returns:
        The answers, in the order of the prompts.
    """
    rows = [_row(student, encode_prompt(student.tokenizer, text), max_tokens) for text in prompts]
    said = [Said(text="", tokens=0, truncated=True)] * len(prompts)
    fitting = [place for place, row in enumerate(rows) if row.limit > 0]
    order = sorted(fitting, key=lambda place: (-len(rows[place].ids), prompts[place]))
    with asking(student), bar("asking the student", len(order)) as advance:
        for batch in _batches(order, batch_size):
            pick = _picker(student, temperature, rank(f"said:{seed}", "\x1e".join(prompts[place] for place in batch)))
            for place, ids in zip(batch, _written(student, [rows[place] for place in batch], pick), strict=True):
                said[place] = _said(student, ids)
            advance(len(batch))
    return said


def log_likelihood(
    student: Student, prompts: Sequence[str], answers: Sequence[str], *, batch_size: int
) -> list[float | None]:
    """How likely a student holds answers, the longest first.

    Args:
        student: the student.
        prompts: texts that end where the answer begins.
        answers: one for each prompt.
        batch_size: rows that are read together.

    Returns:
        For each answer the sum of the log probabilities of its tokens and of the one that ends it, in nats, in the
        order of the prompts; null where prompt and answer are longer than the student's window.
    """
    asked = [encode_prompt(student.tokenizer, text) for text in prompts]
    ended = [_answer(student.tokenizer, text) for text in answers]
    lengths = [len(ids) + len(said) for ids, said in zip(asked, ended, strict=True)]
    fitting = [place for place, length in enumerate(lengths) if _room(student, length) >= 0]
    order = sorted(fitting, key=lambda place: (-lengths[place], prompts[place], answers[place]))
    found: list[float | None] = [None] * len(prompts)
    with asking(student), bar("weighing the gold answers", len(order)) as advance:
        for batch in _batches(order, batch_size):
            sums = _sums(student, [asked[place] for place in batch], [ended[place] for place in batch])
            for place, value in zip(batch, sums, strict=True):
                found[place] = value
            advance(len(batch))
    return found


def _row(student: Student, ids: list[int], max_tokens: int) -> _Row:
    return _Row(ids, min(max_tokens, _room(student, len(ids)) if student.window else max_tokens))


def _room(student: Student, length: int) -> int:
    """Tokens of the window that are left beside so many and the soft prompt; 0 where there is no limit."""
    return student.window - student.prompt_tokens - length if student.window else 0


def _answer(tokenizer: Any, text: str) -> list[int]:
    return [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]


def _batches(order: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (order[start : start + size] for start in range(0, len(order), size))


def _picker(student: Student, temperature: float | None, seed: int) -> Pick:
    if temperature is None:
        return lambda scores: scores.argmax(dim=-1)
    chance = torch.Generator(student.device).manual_seed(seed % 2**63)
    return lambda scores: torch.multinomial((scores / temperature).softmax(dim=-1), 1, generator=chance)[:, 0]


def _said(student: Student, ids: list[int]) -> Said:
    ended = ids[-1] in _stops(student)
    kept = ids[:-1] if ended else ids
    text = student.tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return Said(text=text, tokens=len(kept), truncated=not ended)


def _stops(student: Student) -> frozenset[int]:
    """Tokens that end an answer."""
    given = student.model.generation_config.eos_token_id
    ends = given if isinstance(given, list) else [given]
    return frozenset(token for token in (*ends, student.tokenizer.eos_token_id) if token is not None)


def _sums(student: Student, asked: Sequence[list[int]], said: Sequence[list[int]]) -> list[float]:
    """Log-likelihood of each answer."""
    labels = padded(said, IGNORED, left=not student.has_encoder).to(student.device)
    if student.has_encoder:
        logits = reader(student)(**laid_out(student, asked), labels=labels).logits
    else:  # all answers end at the right edge, so that no scores of prompts are worked out
        read = laid_out(student, [ids + answer for ids, answer in zip(asked, said, strict=True)])
        logits = reader(student)(**read, logits_to_keep=labels.shape[1] + 1).logits[:, :-1]
    chosen = logits.float().log_softmax(dim=-1).gather(2, labels.clamp(min=0)[..., None])[..., 0]
    sums: list[float] = chosen.masked_fill(labels == IGNORED, 0.0).sum(dim=1).tolist()
    return sums


# Writing, token by token


def _written(student: Student, rows: Sequence[_Row], pick: Pick) -> list[list[int]]:
    """Let a student write until each row has ended or is at its limit.

    Rows that are done leave the batch as soon as they are half of it: moving the others costs time too.
    """
    stops, said = _stops(student), [list[int]() for _ in rows]
    inputs, cache = _start(student, [row.ids for row in rows]), _cache(student)
    here = list(range(len(rows)))  # the rows still in the batch, and those of them still being written
    live = set(here)
    while True:
        tokens = pick(_scores(student, inputs, cache))
        for row, token in zip(here, tokens.tolist(), strict=True):
            if row in live:
                said[row].append(token)
                if token in stops or len(said[row]) >= rows[row].limit:
                    live.remove(row)
        if not live:
            return said
        if 2 * len(live) <= len(here) and _can_drop(cache):
            keep = torch.tensor([place for place, row in enumerate(here) if row in live], device=student.device)
            cache.batch_select_indices(keep)
            inputs, tokens = {name: value[keep] for name, value in inputs.items()}, tokens[keep]
            here = [row for row in here if row in live]
        inputs = _next(inputs, tokens)


def _cache(student: Student) -> Any:
    own = DynamicCache(config=student.model.config)
    return EncoderDecoderCache(own, DynamicCache(config=student.model.config)) if student.has_encoder else own


def _can_drop(cache: Any) -> bool:
    """Whether rows can be taken out of a cache; the states of linear attention stay whole."""
    layers = cache.layers if isinstance(cache, DynamicCache) else cache.self_attention_cache.layers
    return all(hasattr(layer, "batch_select_indices") for layer in layers)


def _start(student: Student, rows: Sequence[Sequence[int]]) -> Inputs:
    """What the model reads first: the prompts, or, where it has an encoder, what that makes of them."""
    read = laid_out(student, rows)
    if not student.has_encoder:
        return read
    states = reader(student).get_encoder()(**read).last_hidden_state
    first = torch.full((len(rows), 1), _first_token(student), device=student.device)
    return {"states": states, "attention_mask": read["attention_mask"], "decoder_input_ids": first}


def _first_token(student: Student) -> int:
    """The token that a decoder begins with."""
    given = student.model.generation_config.decoder_start_token_id
    return int(student.model.config.decoder_start_token_id if given is None else given)


def _next(inputs: Inputs, tokens: torch.Tensor) -> Inputs:
    """What the model reads after the tokens that it wrote last, shape (rows,)."""
    if "states" in inputs:
        return {**inputs, "decoder_input_ids": tokens[:, None]}
    mask = inputs["attention_mask"]
    return {
        "input_ids": tokens[:, None],
        "attention_mask": torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1),
        "position_ids": inputs["position_ids"][:, -1:] + 1,
    }


def _scores(student: Student, inputs: Inputs, cache: Any) -> torch.Tensor:
    """Scores of the next token, shape (rows, vocabulary)."""
    arguments: dict[str, Any] = dict(inputs)
    if student.has_encoder:
        arguments["encoder_outputs"] = BaseModelOutput(last_hidden_state=arguments.pop("states"))
    else:
        arguments["logits_to_keep"] = 1
    scores: torch.Tensor = reader(student)(**arguments, past_key_values=cache, use_cache=True).logits[:, -1]
    return scores.float()
